// What people do with their own accounts: sessions, e-mail address, password, deletion; and what is left to be done
// after one was deleted. Worker threads; see users.h for the rules of this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct Session {
  std::int64_t id = 0;
  std::string created_at;
  std::string last_seen_at;  // to the minute
  std::string expires_at;
  std::string address;
  std::string user_agent;  // empty: it did not say
  bool is_current = false;
};
// Newest first, at most a hundred. secret_hash: of the one that asks; empty: of none.
Result<std::vector<Session>> list_sessions(Database&, std::int64_t user, std::string_view secret_hash);
// Returns its secret_hash. not_found: it is not one of this user's.
Result<std::string> end_session(Database&, std::int64_t user, std::int64_t session);

// email empty: none; nullopt: it stays, and only the revision that is expected is looked at.
Result<void> change_email(Database&, std::int64_t user, std::optional<std::string> const& email);
// Ends all sessions but the kept one; returns their secret_hash.
Result<std::vector<std::string>> change_password(Database&, std::int64_t user, std::string_view password_hash,
                                                 std::string_view kept_secret_hash);

// A link to set a new password, to whoever has this name or this e-mail address; the other is empty.
Result<void> create_password_reset(Database&, std::string_view name, std::string_view email);
// Counts a try; returns when it was made, in UNIX ms. not_found: it holds no more.
Result<std::int64_t> find_password_reset(Database&, std::int64_t reset);
// Once; returns the secret_hash of the sessions that ended.
Result<std::vector<std::string>> use_password_reset(Database&, std::int64_t reset, std::string_view password_hash);

struct DeletedUser {
  std::vector<std::int64_t> slaves;   // that are to be sent away
  std::vector<std::string> sessions;  // secret_hash of those that ended
};
// secret_hash: of a session that is younger than five minutes, else denied. conflict: the last administrator.
Result<DeletedUser> delete_user(Database&, std::int64_t user, std::string_view secret_hash);
// Jobs of deleted accounts, in the order in which they can be cancelled and deleted.
Result<std::vector<std::int64_t>> list_gone_jobs(Database&, bool unfinished, int limit);
// Projects of deleted accounts that have no jobs left.
Result<void> clear_gone_projects(Database&);

}  // namespace distren::store

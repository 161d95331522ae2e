// Users, sessions, API tokens. One function per stored procedure, whose comment names the rules and the errors.
// Called on a worker thread with that worker's own Database. Secrets arrive here already hashed (common/base/digest.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

enum class Role { user, moderator, administrator };

struct User {
  std::int64_t id = 0;
  std::string name;
  Role role = Role::user;
};

// Of a row: id, name, role.
User read_user(SqlRow const& row);

struct Credentials {
  User user;
  std::string password_hash;       // as common/base/digest.h's hash_password made it
  std::int64_t locked_for_ms = 0;  // > 0: too many wrong passwords, refuse until then
};

struct Token {
  std::int64_t id = 0;
  std::string name;
  std::string scopes;        // space-separated names
  std::string created_at;    // UTC, ISO 8601
  std::string last_used_at;  // empty: never
  std::string expires_at;    // empty: never
};

// conflict: the name is taken. The first user of a grid becomes administrator; others get role user.
Result<User> create_user(Database&, std::string_view name, std::string_view email, std::string_view password_hash);
Result<Credentials> find_credentials(Database&, std::string_view name);
// Counts a wrong password and returns the growing lock in milliseconds; a right one (ok) clears the count.
Result<std::int64_t> record_login(Database&, std::int64_t user, bool ok);

// secret_hash: 32 bytes SHA-256 of the random secret that the person holds.
Result<void> create_session(Database&, std::int64_t user, std::string_view secret_hash, std::int64_t lifetime_s,
                            std::string_view address, std::string_view user_agent);
// not_found when unknown or expired.
Result<User> find_session(Database&, std::string_view secret_hash);
Result<void> delete_session(Database&, std::string_view secret_hash);

struct TokenOwner {
  User user;
  std::string scopes;
  std::string expired_at;                  // empty: it has not expired; otherwise it opens nothing
  std::optional<std::int64_t> expires_ms;  // UNIX time; of one that expires
};
Result<std::int64_t> create_token(Database&, std::int64_t user, std::string_view name, std::string_view scopes,
                                  std::string_view secret_hash, std::optional<std::int64_t> expires_ms = {});
Result<TokenOwner> find_token(Database&, std::string_view secret_hash);
Result<std::vector<Token>> list_tokens(Database&, std::int64_t user);
Result<void> delete_token(Database&, std::int64_t user, std::int64_t token);

Result<void> change_setting(Database&, std::string_view name, std::string_view value);

}  // namespace distren::store

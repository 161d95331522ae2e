#include "server/store/accounts.h"

namespace distren::store {

Result<std::vector<Session>> list_sessions(Database& database, std::int64_t user, std::string_view secret_hash) {
  std::vector<Session> sessions;
  auto const listed = database.call("session_list", {user, secret_hash}, [&](SqlRow const& row) {
    sessions.push_back({.id = row.integer(0),
                        .created_at = row.text(1),
                        .last_seen_at = row.text(2),
                        .expires_at = row.text(3),
                        .address = row.text(4),
                        .user_agent = row.text(5),
                        .is_current = row.integer(6) != 0});
  });
  if (!listed) return listed.error();
  return sessions;
}

Result<std::string> end_session(Database& database, std::int64_t user, std::int64_t session) {
  std::string secret_hash;
  auto const ended =
      database.call("session_end", {user, session}, [&](SqlRow const& row) { secret_hash = row.text(0); });
  if (!ended) return ended.error();
  return secret_hash;
}

Result<void> change_email(Database& database, std::int64_t user, std::optional<std::string> const& email) {
  return database.call("user_email_change", {user, email ? SqlValue(std::string_view(*email)) : SqlValue(nullptr)});
}

Result<std::vector<std::string>> change_password(Database& database, std::int64_t user, std::string_view password_hash,
                                                 std::string_view kept_secret_hash) {
  std::vector<std::string> sessions;
  auto const changed = database.call("user_password_change", {user, password_hash, kept_secret_hash},
                                     [&](SqlRow const& row) { sessions.push_back(row.text(0)); });
  if (!changed) return changed.error();
  return sessions;
}

Result<void> create_password_reset(Database& database, std::string_view name, std::string_view email) {
  return database.call("password_reset_create", {name, email});
}

Result<std::int64_t> find_password_reset(Database& database, std::int64_t reset) {
  std::int64_t created_ms = 0;
  auto const found =
      database.call("password_reset_find", {reset}, [&](SqlRow const& row) { created_ms = row.integer(0); });
  if (!found) return found.error();
  return created_ms;
}

Result<std::vector<std::string>> use_password_reset(Database& database, std::int64_t reset,
                                                    std::string_view password_hash) {
  std::vector<std::string> sessions;
  auto const used = database.call("password_reset_use", {reset, password_hash},
                                  [&](SqlRow const& row) { sessions.push_back(row.text(0)); });
  if (!used) return used.error();
  return sessions;
}

Result<DeletedUser> delete_user(Database& database, std::int64_t user, std::string_view secret_hash) {
  DeletedUser deleted;
  auto const done = database.call("user_delete", {user, secret_hash}, [&](SqlRow const& row) {
    if (row.integer(0) == 1)
      deleted.slaves.push_back(row.integer(1));
    else
      deleted.sessions.push_back(row.text(2));
  });
  if (!done) return done.error();
  return deleted;
}

Result<std::vector<std::int64_t>> list_gone_jobs(Database& database, bool unfinished, int limit) {
  std::vector<std::int64_t> jobs;
  auto const listed = database.call("user_gone_jobs", {std::int64_t{unfinished}, std::int64_t{limit}},
                                    [&](SqlRow const& row) { jobs.push_back(row.integer(0)); });
  if (!listed) return listed.error();
  return jobs;
}

Result<void> clear_gone_projects(Database& database) {
  return database.call("user_gone_clear", {});
}

}  // namespace distren::store

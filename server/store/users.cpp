#include "server/store/users.h"

namespace distren::store {

namespace {

Role parse_role(std::string_view name) {
  if (name == "administrator") return Role::administrator;
  return name == "moderator" ? Role::moderator : Role::user;
}

}  // namespace

User read_user(SqlRow const& row) {
  return {row.integer(0), row.text(1), parse_role(row.text(2))};
}

Result<User> create_user(Database& database, std::string_view name, std::string_view email,
                         std::string_view password_hash) {
  User user;
  auto const created =
      database.call("user_create", {name, email, password_hash}, [&](SqlRow const& row) { user = read_user(row); });
  if (!created) return created.error();
  return user;
}

Result<Credentials> find_credentials(Database& database, std::string_view name) {
  Credentials credentials;
  auto const found = database.call("user_credentials", {name}, [&](SqlRow const& row) {
    credentials = {read_user(row), row.text(3), row.integer(4)};
  });
  if (!found) return found.error();
  return credentials;
}

Result<std::int64_t> record_login(Database& database, std::int64_t user, bool ok) {
  std::int64_t locked_for_ms = 0;
  auto const recorded = database.call("login_record", {user, std::int64_t{ok}},
                                      [&](SqlRow const& row) { locked_for_ms = row.integer(0); });
  if (!recorded) return recorded.error();
  return locked_for_ms;
}

Result<void> create_session(Database& database, std::int64_t user, std::string_view secret_hash,
                            std::int64_t lifetime_s, std::string_view address, std::string_view user_agent) {
  return database.call("session_create", {user, secret_hash, lifetime_s, address, user_agent});
}

Result<User> find_session(Database& database, std::string_view secret_hash) {
  User user;
  auto const found = database.call("session_find", {secret_hash}, [&](SqlRow const& row) { user = read_user(row); });
  if (!found) return found.error();
  return user;
}

Result<void> delete_session(Database& database, std::string_view secret_hash) {
  return database.call("session_delete", {secret_hash});
}

Result<std::int64_t> create_token(Database& database, std::int64_t user, std::string_view name, std::string_view scopes,
                                  std::string_view secret_hash, std::optional<std::int64_t> expires_ms) {
  std::int64_t id = 0;
  auto const created = database.call(
      "token_create", {user, name, scopes, secret_hash, expires_ms ? SqlValue(*expires_ms) : SqlValue(nullptr)},
      [&](SqlRow const& row) { id = row.integer(0); });
  if (!created) return created.error();
  return id;
}

Result<TokenOwner> find_token(Database& database, std::string_view secret_hash) {
  TokenOwner owner;
  auto const found = database.call("token_find", {secret_hash}, [&](SqlRow const& row) {
    owner = {read_user(row), row.text(3), row.text(4), {}};
    if (!row.is_null(5)) owner.expires_ms = row.integer(5);
  });
  if (!found) return found.error();
  return owner;
}

Result<std::vector<Token>> list_tokens(Database& database, std::int64_t user) {
  std::vector<Token> tokens;
  auto const listed = database.call("token_list", {user}, [&](SqlRow const& row) {
    tokens.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)});
  });
  if (!listed) return listed.error();
  return tokens;
}

Result<void> delete_token(Database& database, std::int64_t user, std::int64_t token) {
  return database.call("token_delete", {user, token});
}

Result<void> change_setting(Database& database, std::string_view name, std::string_view value) {
  return database.call("setting_change", {name, value});
}

}  // namespace distren::store

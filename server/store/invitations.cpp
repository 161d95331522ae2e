#include "server/store/invitations.h"

#include <fmt/format.h>

namespace distren::store {

namespace {

Invitation read_invitation(SqlRow const& row) {
  return {.id = row.integer(0),
          .user = row.integer(1),
          .user_name = row.text(2),
          .note = row.text(3),
          .created_at = row.text(4),
          .expires_at = row.text(5),
          .used_at = row.text(6),
          .used_by = row.integer(7),
          .used_by_name = row.text(8)};
}

}  // namespace

Result<std::int64_t> create_invitation(Database& database, std::int64_t user, std::string_view note,
                                       std::int64_t valid_ms, std::string_view secret_hash) {
  std::int64_t id = 0;
  auto const created = database.call("invitation_create", {user, note, valid_ms, secret_hash},
                                     [&](SqlRow const& row) { id = row.integer(0); });
  if (!created) return created.error();
  return id;
}

Result<std::vector<Invitation>> list_invitations(Database& database, std::int64_t user, std::int64_t before,
                                                 int limit) {
  std::vector<Invitation> invitations;
  auto const listed = database.call("invitation_list", {user, std::int64_t{0}, before, std::int64_t{limit}},
                                    [&](SqlRow const& row) { invitations.push_back(read_invitation(row)); });
  if (!listed) return listed.error();
  return invitations;
}

Result<Invitation> show_invitation(Database& database, std::int64_t invitation) {
  Invitation found;
  auto const shown = database.call("invitation_list", {std::int64_t{0}, invitation, std::int64_t{0}, std::int64_t{1}},
                                   [&](SqlRow const& row) { found = read_invitation(row); });
  if (!shown) return shown.error();
  if (found.id == 0) return fail(Errc::not_found, fmt::format("there is no invitation {}", invitation));
  return found;
}

Result<void> delete_invitation(Database& database, std::int64_t invitation) {
  return database.call("invitation_delete", {invitation});
}

Result<User> create_invited_user(Database& database, std::string_view name, std::string_view email,
                                 std::string_view password_hash, std::string_view secret_hash) {
  User user;
  auto const created = database.call("user_create_invited", {name, email, password_hash, secret_hash},
                                     [&](SqlRow const& row) { user = read_user(row); });
  if (!created) return created.error();
  return user;
}

}  // namespace distren::store

// Invitations, by which accounts are made while registration is closed. Worker threads; see users.h for the rules of
// this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"
#include "server/store/users.h"

namespace distren::store {

struct Invitation {
  std::int64_t id = 0;
  std::int64_t user = 0;  // who made it
  std::string user_name;
  std::string note;
  std::string created_at;
  std::string expires_at;
  std::string used_at;       // empty: open, or expired
  std::int64_t used_by = 0;  // 0: nobody
  std::string used_by_name;
};
// denied: neither moderator nor administrator. secret_hash: 32 bytes SHA-256.
Result<std::int64_t> create_invitation(Database&, std::int64_t user, std::string_view note, std::int64_t valid_ms,
                                       std::string_view secret_hash);
// user 0: everybody's; ids below `before` (0: from the newest).
Result<std::vector<Invitation>> list_invitations(Database&, std::int64_t user, std::int64_t before, int limit);
// not_found: there is none.
Result<Invitation> show_invitation(Database&, std::int64_t invitation);
Result<void> delete_invitation(Database&, std::int64_t invitation);
// Like create_user; denied: the invitation was used, has expired or never was.
Result<User> create_invited_user(Database&, std::string_view name, std::string_view email,
                                 std::string_view password_hash, std::string_view secret_hash);

}  // namespace distren::store

// What people prove and say about themselves: passwords and e-mail addresses. Wrong passwords lock an account for a
// growing while, wherever they are tried. Worker threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/json_body.h"
#include "server/api/router.h"
#include "server/store/users.h"

namespace distren {

// Reads a new one; one that is too short is a problem of the member.
void read_new_password(JsonBody& body, char const* member, std::string& password);
inline constexpr std::size_t max_password_length = 1000;
// One that is no address is a problem of the member "email".
void check_email(JsonBody& body, std::string const& email);

// The user of this name, if the password is right; else why not, in which unknown names read like wrong passwords.
struct PasswordCheck {
  std::optional<store::User> user{};
  std::optional<Reply> refusal{};
};
PasswordCheck check_password(Context const& context, std::string_view name, std::string_view password);

}  // namespace distren

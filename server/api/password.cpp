#include "server/api/password.h"

#include <fmt/format.h>

#include "common/base/digest.h"
#include "common/base/text.h"
#include "server/api/services.h"
#include "server/config/mail_address.h"

namespace distren {

namespace {

constexpr std::size_t min_password_length = 8;
constexpr std::string_view wrong_login = "name or password is wrong";

}  // namespace

void read_new_password(JsonBody& body, char const* member, std::string& password) {
  if (body.read(member, JsonBody::required, password, max_password_length) && password.size() < min_password_length)
    body.problem(member, "bad_format", fmt::format("{}: it has fewer than {} characters", member, min_password_length));
}

void check_email(JsonBody& body, std::string const& email) {
  if (!is_mail_address(email))
    body.problem("email", "bad_format", fmt::format("email: '{}' is not an e-mail address", printable(email, 60)));
}

PasswordCheck check_password(Context const& context, std::string_view name, std::string_view password) {
  auto credentials = store::find_credentials(context.database(), name);
  if (!credentials && credentials.error().code != Errc::not_found) return {.refusal = error_reply(credentials.error())};
  if (credentials && credentials->locked_for_ms > 0) {
    return {.refusal = busy_reply("sign_in_throttled", "too many wrong passwords for this account; wait a moment",
                                  credentials->locked_for_ms)};
  }
  // Unknown names cost the same time as known ones.
  static std::string const nobody = hash_password(random_secret());
  bool const right = verify_password(password, credentials ? credentials->password_hash : nobody) && credentials;
  if (!credentials) return {.refusal = error_reply("wrong_credentials", wrong_login)};
  auto recorded = store::record_login(context.database(), credentials->user.id, right);
  if (!recorded) return {.refusal = error_reply(recorded.error())};
  if (!right) return {.refusal = error_reply("wrong_credentials", wrong_login)};
  return {.user = std::move(credentials->user)};
}

}  // namespace distren

// A new password for whoever has lost the old one, by a link to the confirmed e-mail address. Whether there is somebody
// of a name, no answer tells.
#include <fmt/format.h>

#include "common/base/digest.h"
#include "server/api/handlers.h"
#include "server/api/password.h"
#include "server/api/services.h"
#include "server/notify/reset_link.h"
#include "server/store/accounts.h"

namespace distren {

namespace {

constexpr std::int64_t holds_ms = 3'600'000;  // as the procedure has it

Reply no_link() {
  return error_reply("link_invalid", "this link is not valid any more; ask for another one");
}

}  // namespace

Reply handle_create_password_reset(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name, email;
  int const given =
      int{body->read("name", JsonBody::optional, name, 64)} + int{body->read("email", JsonBody::optional, email, 254)};
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (given != 1 || (name.empty() && email.empty()))
    return error_reply(400, R"(say one of {"name":NAME} and {"email":ADDRESS})");
  auto const& config = context.services.config;
  if (config.mail.server.empty() || config.public_url.empty())
    return error_reply(409, "this grid sends no e-mail; ask its administrator for help");
  if (auto const done = store::create_password_reset(context.database(), name, email); !done)
    return error_reply(done.error());
  if (context.services.wake_notifier) context.services.wake_notifier();
  return json_reply(202, {{"valid_for_ms", holds_ms}});
}

Reply handle_confirm_password_reset(Request const& request, Context& context) {
  auto const reset = context.id();
  if (!reset) return error_reply(reset.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string token, password;
  body->read("token", JsonBody::required, token, 200);
  read_new_password(*body, "new_password", password);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const created = store::find_password_reset(context.database(), *reset);
  if (!created) return created.error().code == Errc::not_found ? no_link() : error_reply(created.error());
  if (!equal_in_constant_time(token, reset_token(context.services.signer, *reset, *created))) return no_link();
  auto const ended = store::use_password_reset(context.database(), *reset, hash_password(password));
  if (!ended) return ended.error().code == Errc::not_found ? no_link() : error_reply(ended.error());
  for (auto const& session : *ended) context.services.live.end_session(session);
  return empty_reply(204);
}

}  // namespace distren

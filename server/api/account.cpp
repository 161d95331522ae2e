// One's own account: what it is, its e-mail address and password, and its end.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/base/digest.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/password.h"
#include "server/api/services.h"
#include "server/dispatch/slave_events.h"
#include "server/store/accounts.h"

namespace distren {

namespace {

// A login alone, which may be a page that was left open, changes nothing by which somebody else could log in. The
// answer is no 401, which would mean that this login is over.
std::optional<Reply> wrong_current_password(Context const& context, std::string_view password) {
  auto checked = check_password(context, context.caller.user.name, password);
  if (checked.user) return std::nullopt;
  if (checked.refusal->status == 401) return error_reply("forbidden", "current_password: it is not your password");
  return std::move(checked.refusal);
}

}  // namespace

Reply handle_show_me(Request const&, Context& context) {
  auto const user = store::show_user(context.database(), context.caller.user.id);
  return user ? json_reply(200, user_to_json(*user)) : error_reply(user.error());
}

Reply handle_change_me(Request const& request, Context& context) {
  auto body = JsonBody::parse_patch(request.body);
  if (!body) return error_reply(body.error());
  std::optional<std::string> email;
  std::string password;
  bool const changes = body->read_or_null("email", email, 254);
  if (email) check_email(*body, *email);
  body->read("current_password", changes ? JsonBody::required : JsonBody::optional, password, max_password_length);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (changes) {
    if (auto refused = wrong_current_password(context, password)) return std::move(*refused);
  }
  // Without a change, too: a client that expects another revision is told.
  auto const done = store::change_email(context.database(), context.caller.user.id,
                                        changes ? std::optional(email.value_or(std::string())) : std::nullopt);
  if (!done) return error_reply(done.error());
  return handle_show_me(request, context);
}

Reply handle_change_password(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string current, password;
  body->read("current_password", JsonBody::required, current, max_password_length);
  read_new_password(*body, "new_password", password);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (auto refused = wrong_current_password(context, current)) return std::move(*refused);
  auto const ended = store::change_password(context.database(), context.caller.user.id, hash_password(password),
                                            context.caller.secret_hash);
  if (!ended) return error_reply(ended.error());
  for (auto const& session : *ended) context.services.live.end_session(session);
  return empty_reply(204);
}

// Jobs stop at once; that they are deleted is left to maintenance, which a kill of the server does not keep from it.
Reply handle_delete_me(Request const&, Context& context) {
  auto& services = context.services;
  auto const deleted = store::delete_user(context.database(), context.caller.user.id, context.caller.secret_hash);
  if (!deleted && deleted.error().code == Errc::denied) return error_reply("login_too_old", deleted.error().message);
  if (!deleted) return error_reply(deleted.error());
  for (auto const slave : deleted->slaves)
    disable_slave(services.dispatcher, slave, "the account of its owner was deleted");
  for (auto const& session : deleted->sessions) services.live.end_session(session);
  services.jobs.cancel_gone(context.database());
  return empty_reply(204);
}

}  // namespace distren

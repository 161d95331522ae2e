#include <fmt/format.h>

#include <algorithm>

#include "common/base/digest.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/password.h"
#include "server/api/services.h"
#include "server/store/invitations.h"

namespace distren {

namespace {

Result<void> check_name(std::string_view name) {
  bool const plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
  if (plain && !name.empty() && name.size() <= 32) return {};
  return fail(Errc::invalid,
              fmt::format("name: '{}' cannot be a name; it has 1 to 32 of A-Z a-z 0-9 . _ -", printable(name, 60)));
}

std::string cookie(Services const& services, Request const& request, std::string_view secret, bool expired) {
  auto const& public_url = services.config.public_url;
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}; Max-Age={}", session_cookie_name(request, public_url),
                     secret, arrives_by_tls(request, public_url) ? "; Secure" : "",
                     expired ? 0 : services.runtime.now().session_s);
}

// How a new session is to be shown: a program sends its token, a browser has a cookie that no page can read.
bool read_kind(JsonBody& body) {
  std::string kind;
  if (body.read("kind", JsonBody::optional, kind, 16) && kind != "bearer" && kind != "cookie")
    body.problem("kind", "bad_format", fmt::format("kind: '{}' is neither bearer nor cookie", printable(kind, 30)));
  return kind == "cookie";
}

// A new session of this user as the answer to login and registration.
Reply session_reply(Request const& request, Context& context, store::User const& user, bool by_cookie) {
  auto& services = context.services;
  auto const secret = std::string(login_prefix) + random_secret();
  auto const hash = secret_hash(secret);
  auto created = store::create_session(context.database(), user.id, hash, services.runtime.now().session_s,
                                       request.address, printable(request.header("user-agent"), 200));
  if (!created) {
    auto error = std::move(created).error();
    if (error.code == Errc::denied) error.problem = "account_blocked";
    return error_reply(error);
  }
  auto const shown = store::show_user(context.database(), user.id);
  if (!shown) return error_reply(shown.error());
  nlohmann::json const none(nullptr);
  auto reply = json_reply(201, {{"kind", by_cookie ? "cookie" : "bearer"},
                                {"user", user_to_json(*shown)},
                                {"token", by_cookie ? none : nlohmann::json(secret)},
                                {"csrf", by_cookie ? nlohmann::json(csrf_token(services, hash)) : none}});
  if (!by_cookie) return reply;
  return std::move(reply).with("Set-Cookie", cookie(services, request, secret, false));
}

}  // namespace

Reply handle_create_user(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  std::string email;
  std::string password;
  std::string invitation;
  body->read("invitation", JsonBody::optional, invitation, 200);
  body->read("name", JsonBody::required, name, 200);
  if (body->read("email", JsonBody::optional, email, 254)) check_email(*body, email);
  read_new_password(*body, "password", password);
  bool const by_cookie = read_kind(*body);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (auto const good = check_name(name); !good) return error_reply(good.error());
  if (invitation.empty() && !context.services.runtime.now().registration)
    return error_reply("registration_closed", "registration is closed; ask the administrator for an invitation");
  auto user = invitation.empty() ? store::create_user(context.database(), name, email, hash_password(password))
                                 : store::create_invited_user(context.database(), name, email, hash_password(password),
                                                              secret_hash(invitation));
  if (!user && user.error().code == Errc::denied) return error_reply("invitation_invalid", user.error().message);
  if (!user) return error_reply(user.error());
  return session_reply(request, context, *user, by_cookie);
}

Reply handle_create_session(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  std::string password;
  body->read("name", JsonBody::required, name, 200);
  body->read("password", JsonBody::required, password, max_password_length);
  bool const by_cookie = read_kind(*body);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto checked = check_password(context, name, password);
  return checked.user ? session_reply(request, context, *checked.user, by_cookie) : std::move(*checked.refusal);
}

Reply handle_delete_current_session(Request const& request, Context& context) {
  if (!context.caller.secret_hash.empty()) {
    auto deleted = store::delete_session(context.database(), context.caller.secret_hash);
    if (!deleted && deleted.error().code != Errc::not_found) return error_reply(deleted.error());
    context.services.live.end_session(context.caller.secret_hash);
  }
  return empty_reply(204).with("Set-Cookie", cookie(context.services, request, "", true));
}

}  // namespace distren

#include <fmt/format.h>

#include <algorithm>

#include "common/base/digest.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"

namespace distren {

namespace {

constexpr std::size_t shortest_password = 8;
constexpr std::size_t longest_password = 1000;
constexpr std::string_view wrong_login = "name or password is wrong";

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

// A new session of this user as the answer to login and registration.
Reply session_reply(int status, Request const& request, Context& context, store::User const& user) {
  auto& services = context.services;
  auto const secret = std::string(login_prefix) + random_secret();
  auto const hash = secret_hash(secret);
  auto created =
      store::create_session(context.database(), user.id, hash, services.runtime.now().session_s, request.address);
  if (!created) {
    auto error = std::move(created).error();
    if (error.code == Errc::denied) error.problem = "account_blocked";
    return error_reply(error);
  }
  auto const shown = store::show_user(context.database(), user.id);
  if (!shown) return error_reply(shown.error());
  return json_reply(status, {{"user", user_to_json(*shown)}, {"token", secret}, {"csrf", csrf_token(services, hash)}})
      .with("Set-Cookie", cookie(services, request, secret, false));
}

}  // namespace

Reply handle_create_user(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  std::string email;
  std::string password;
  body->read("name", JsonBody::required, name, 200);
  body->read("email", JsonBody::optional, email, 254);
  if (body->read("password", JsonBody::required, password, longest_password) && password.size() < shortest_password) {
    body->problem("password", "bad_format",
                  fmt::format("password: it has fewer than {} characters", shortest_password));
  }
  if (!email.empty() && (email.find('@') == std::string::npos || email.find_first_of(" \r\n\t") != std::string::npos)) {
    body->problem("email", "bad_format", fmt::format("email: '{}' is not an e-mail address", printable(email, 60)));
  }
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (auto const good = check_name(name); !good) return error_reply(good.error());
  if (!context.services.runtime.now().registration) {
    return error_reply("registration_closed", "registration is closed; ask the administrator for an account");
  }
  auto user = store::create_user(context.database(), name, email, hash_password(password));
  if (!user) return error_reply(user.error());
  return session_reply(201, request, context, *user);
}

Reply handle_create_session(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  std::string password;
  body->read("name", JsonBody::required, name, 200);
  body->read("password", JsonBody::required, password, longest_password);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());

  auto credentials = store::find_credentials(context.database(), name);
  if (!credentials && credentials.error().code != Errc::not_found) return error_reply(credentials.error());
  if (credentials && credentials->locked_for_ms > 0) {
    return busy_reply("sign_in_throttled", "too many wrong passwords for this account; wait a moment",
                      credentials->locked_for_ms);
  }
  // Unknown names cost the same time as known ones.
  static std::string const nobody = hash_password(random_secret());
  bool const right = verify_password(password, credentials ? credentials->password_hash : nobody) && credentials;
  if (!credentials) return error_reply("wrong_credentials", wrong_login);
  auto recorded = store::record_login(context.database(), credentials->user.id, right);
  if (!recorded) return error_reply(recorded.error());
  if (!right) return error_reply("wrong_credentials", wrong_login);
  return session_reply(201, request, context, credentials->user);
}

Reply handle_delete_current_session(Request const& request, Context& context) {
  if (!context.caller.secret_hash.empty()) {
    auto deleted = store::delete_session(context.database(), context.caller.secret_hash);
    if (!deleted && deleted.error().code != Errc::not_found) return error_reply(deleted.error());
    context.services.live.end_session(context.caller.secret_hash);
  }
  return empty_reply(204).with("Set-Cookie", cookie(context.services, request, "", true));
}

Reply handle_show_me(Request const&, Context& context) {
  context.services.live.note_interest();
  auto const user = store::show_user(context.database(), context.caller.user.id);
  if (!user) return error_reply(user.error());
  // A reloaded page has the cookie, but no longer the token that goes with it.
  auto const& caller = context.caller;
  auto csrf = caller.by_cookie ? nlohmann::json(csrf_token(context.services, caller.secret_hash)) : nlohmann::json();
  return json_reply(200, {{"user", user_to_json(*user)}, {"csrf", std::move(csrf)}});
}

}  // namespace distren

#include "server/api/caller.h"

#include <fmt/format.h>

#include "common/base/digest.h"
#include "common/base/text.h"
#include "server/api/services.h"

namespace distren {

namespace {

std::string_view cookie_of(Request const& request, std::string_view name) {
  auto rest = request.header("cookie");
  while (!rest.empty()) {
    auto const end = rest.find(';');
    auto pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

// What follows the scheme, which is case-insensitive.
std::string_view credentials(Request const& request, std::string_view lower_case_scheme) {
  auto const header = request.header("authorization");
  if (header.size() <= lower_case_scheme.size() || header[lower_case_scheme.size()] != ' ') return {};
  for (std::size_t i = 0; i < lower_case_scheme.size(); ++i) {
    if ((header[i] | 0x20) != lower_case_scheme[i]) return {};
  }
  auto rest = header.substr(lower_case_scheme.size() + 1);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  return rest;
}

Error stale() {
  return fail(Errc::denied, "your session is invalid or has expired; log in again");
}

Error as_denied(Error error) {
  return error.code == Errc::not_found ? stale() : std::move(error);
}

}  // namespace

std::string secret_hash(std::string_view secret) {
  return std::string(as_bytes(sha256(secret)));
}

std::string csrf_token(Services const& services, std::string_view hash) {
  return services.signer.derive("csrf", hash);
}

Result<Caller> find_caller(Request const& request, Services const& services, Database& database) {
  Caller caller;
  auto secret = credentials(request, "bearer");
  if (secret.empty()) {
    secret = cookie_of(request, session_cookie_name(request, services.config.public_url));
    caller.by_cookie = !secret.empty();
  }
  if (secret.empty()) return caller;
  if (secret.size() > 200) return stale();
  auto const hash = secret_hash(secret);
  if (!caller.by_cookie && secret.starts_with(token_prefix)) {
    auto token = store::find_token(database, hash);
    if (!token) return as_denied(std::move(token).error());
    if (!token->expired_at.empty())
      return fail(Errc::denied, fmt::format("this API token expired at {}; create another one", token->expired_at));
    caller.user = std::move(token->user);
    caller.scopes = scopes_of(token->scopes);
    caller.token_hash = hash;
    caller.token_expires_ms = token->expires_ms;
    return caller;
  }
  auto user = store::find_session(database, hash);
  if (!user) return as_denied(std::move(user).error());
  caller.user = std::move(*user);
  caller.scopes = static_cast<unsigned>(Scope::all);
  caller.secret_hash = hash;
  bool const changes = request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
  caller.csrf_missing = caller.by_cookie && changes &&
                        !equal_in_constant_time(request.header("x-csrf-token"), csrf_token(services, hash));
  return caller;
}

std::string_view session_cookie_name(Request const& request, std::string_view public_url) {
  return arrives_by_tls(request, public_url) ? "__Host-distren_session" : "distren_session";
}

bool arrives_by_tls(Request const& request, std::string_view public_url) {
  constexpr std::string_view scheme = "https://";
  if (request.secure) return true;
  if (!public_url.starts_with(scheme)) return false;
  auto const rest = public_url.substr(scheme.size());
  auto const authority = rest.substr(0, rest.find('/'));
  return !authority.empty() && lower_case(request.header("host")) == lower_case(authority);
}

Reply scope_missing(Scope scope) {
  return error_reply("scope_missing",
                     fmt::format("this API token lacks the scope '{}'; create one that has it", scope_name(scope)));
}

std::string_view bearer_token(Request const& request) {
  return credentials(request, "bearer");
}

}  // namespace distren

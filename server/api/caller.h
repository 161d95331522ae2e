// Who asks: a person by session (Bearer or cookie) or API token, or a slave by Basic authentication. Called on a worker
// thread. Failures read alike whatever was wrong with a secret. A cookie changes things only together with its
// X-CSRF-Token: another site can make a browser send the one, never the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "server/api/scope.h"
#include "server/database/connection.h"
#include "server/http/message.h"
#include "server/store/slaves.h"
#include "server/store/users.h"

namespace distren {

struct Services;

struct Caller {
  store::User user;     // id 0: not logged in
  unsigned scopes = 0;  // of Scope
  bool by_cookie = false;
  bool csrf_missing = false;                     // by cookie, a changing request without its token
  std::string secret_hash;                       // of the session; empty for tokens
  std::string token_hash;                        // of the API token; empty for sessions
  std::optional<std::int64_t> token_expires_ms;  // UNIX time; of an API token that expires

  [[nodiscard]] bool known() const { return user.id != 0; }
  [[nodiscard]] bool may(Scope scope) const { return has_scope(scopes, scope); }
  [[nodiscard]] bool moderates() const { return user.role != store::Role::user && may(Scope::grid_admin); }
  [[nodiscard]] bool administers() const { return user.role == store::Role::administrator && moderates(); }
  // May see and change what this user owns.
  [[nodiscard]] bool may_access(std::int64_t owner) const { return known() && (user.id == owner || moderates()); }
};

// A Caller with id 0 when no login came with the request; denied when the one that came is wrong or stale;
// unavailable when the database is unavailable.
Result<Caller> find_caller(Request const& request, Services const& services, Database& database);

// The answer to an API token that lacks this scope.
Reply scope_missing(Scope scope);

// What follows "Bearer " in its header; empty: nothing.
std::string_view bearer_token(Request const& request);

// Did the client send this over TLS: to this server, or to a proxy, which then passes on the host of the public URL.
bool arrives_by_tls(Request const& request, std::string_view public_url);
// The cookie of a login. Over TLS one that no other host and no plain connection can set.
std::string_view session_cookie_name(Request const& request, std::string_view public_url);

// What secrets begin with, so that scanners of published files know them.
inline constexpr std::string_view token_prefix = "dt_";  // API tokens
inline constexpr std::string_view login_prefix = "ds_";  // logins

std::string csrf_token(Services const& services, std::string_view secret_hash);
std::string secret_hash(std::string_view secret);

}  // namespace distren

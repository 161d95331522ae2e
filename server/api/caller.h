// Who asks: a person by session (Bearer or cookie) or API token, or a slave by Basic authentication. Called on a worker
// thread. Failures read alike whatever was wrong with a secret. A cookie changes things only together with its
// X-CSRF-Token: another site can make a browser send the one, never the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "server/database/connection.h"
#include "server/http/message.h"
#include "server/store/slaves.h"
#include "server/store/users.h"

namespace distren {

struct Services;

enum class Scope : unsigned { none = 0, read = 1, submit = 2, slaves = 4, admin = 8, all = 15 };

std::string_view scope_name(Scope scope);
std::optional<Scope> scope_by_name(std::string_view name);

struct Caller {
  store::User user;     // id 0: not logged in
  unsigned scopes = 0;  // of Scope
  bool by_cookie = false;
  bool csrf_missing = false;  // by cookie, a changing request without its token
  std::string secret_hash;    // of the session; empty for tokens
  std::string token_hash;     // of the API token; empty for sessions

  [[nodiscard]] bool known() const { return user.id != 0; }
  [[nodiscard]] bool moderates() const {
    return user.role != store::Role::user && (scopes & static_cast<unsigned>(Scope::admin)) != 0;
  }
  [[nodiscard]] bool administers() const { return user.role == store::Role::administrator && moderates(); }
  // May see and change what this user owns.
  [[nodiscard]] bool may_access(std::int64_t owner) const { return known() && (user.id == owner || moderates()); }
};

// A Caller with id 0 when no login came with the request; denied when the one that came is wrong or stale;
// unavailable when the database is unavailable.
Result<Caller> find_caller(Request const& request, Services const& services, Database& database);

// What follows "Bearer " in its header; empty: nothing.
std::string_view bearer_token(Request const& request);

inline constexpr std::string_view session_cookie = "distren_session";
inline constexpr std::string_view token_prefix = "dt_";  // API tokens begin with it, sessions do not

std::string csrf_token(Services const& services, std::string_view secret_hash);
std::string secret_hash(std::string_view secret);

}  // namespace distren

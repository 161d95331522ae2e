// What an API token may do: each route that needs a login asks for one scope (routes.cpp). A login has all of them.
// grid:admin alone opens nothing: it lets moderators and administrators act on what is not theirs, and does nothing for
// anyone else. Constant; any thread. No errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace distren {

enum class Scope : unsigned {
  none = 0,
  jobs_read = 1,
  jobs_write = 2,
  files_write = 4,
  slaves_read = 8,
  slaves_write = 16,
  points_read = 32,
  points_write = 64,
  account_read = 128,
  account_write = 256,
  grid_admin = 512,
  all = 1023
};

std::string_view scope_name(Scope scope);  // "jobs:read"; empty for none and all
std::optional<Scope> scope_by_name(std::string_view name);

// Sets of scopes, as bits: from names that spaces separate, of which unknown ones are left out; and in the order of
// the documentation, each once.
unsigned scopes_of(std::string_view names);
std::vector<std::string_view> scope_names(unsigned scopes);

constexpr bool has_scope(unsigned scopes, Scope scope) {
  return (scopes & static_cast<unsigned>(scope)) == static_cast<unsigned>(scope);
}

}  // namespace distren

#include "server/api/scope.h"

#include <array>
#include <utility>

namespace distren {

namespace {

constexpr std::array named_scopes{std::pair{Scope::jobs_read, std::string_view("jobs:read")},
                                  std::pair{Scope::jobs_write, std::string_view("jobs:write")},
                                  std::pair{Scope::files_write, std::string_view("files:write")},
                                  std::pair{Scope::slaves_read, std::string_view("slaves:read")},
                                  std::pair{Scope::slaves_write, std::string_view("slaves:write")},
                                  std::pair{Scope::points_read, std::string_view("points:read")},
                                  std::pair{Scope::points_write, std::string_view("points:write")},
                                  std::pair{Scope::account_read, std::string_view("account:read")},
                                  std::pair{Scope::account_write, std::string_view("account:write")},
                                  std::pair{Scope::grid_admin, std::string_view("grid:admin")}};

}  // namespace

std::string_view scope_name(Scope scope) {
  for (auto const& [value, name] : named_scopes) {
    if (value == scope) return name;
  }
  return "";
}

std::optional<Scope> scope_by_name(std::string_view name) {
  for (auto const& [value, known] : named_scopes) {
    if (known == name) return value;
  }
  return std::nullopt;
}

unsigned scopes_of(std::string_view names) {
  unsigned all = 0;
  while (!names.empty()) {
    auto const end = names.find(' ');
    if (auto const scope = scope_by_name(names.substr(0, end))) all |= static_cast<unsigned>(*scope);
    names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
  }
  return all;
}

std::vector<std::string_view> scope_names(unsigned scopes) {
  std::vector<std::string_view> names;
  for (auto const& [value, name] : named_scopes) {
    if (has_scope(scopes, value)) names.push_back(name);
  }
  return names;
}

}  // namespace distren

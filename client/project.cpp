#include "client/project.h"

#include <fmt/format.h>

#include "client/fields.h"
#include "common/base/text.h"

namespace distren::client {

Result<Json> find_project(Session& session, std::string const& wanted) {
  Json id;
  std::string names;
  auto listed = session.each_item("/api/v1/projects", "the projects", [&](Json const& project) {
    if (text_of(project, "name") == wanted || id_of(project) == wanted) id = project["id"];
    names += (names.empty() ? "'" : ", '") + text_of(project, "name") + "'";
    return id.is_null();
  });
  if (!listed) return listed.error();
  if (!id.is_null()) return id;
  return fail(Errc::not_found, fmt::format("there is no project '{}'; {}create it with: distren project create NAME",
                                           printable(wanted, 100), names.empty() ? "" : "you have " + names + ", or "));
}

}  // namespace distren::client

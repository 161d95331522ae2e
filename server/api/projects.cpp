#include <fmt/format.h>

#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/live/publish.h"

namespace distren {

Reply handle_list_projects(Request const& request, Context& context) {
  if (auto const page = ListPage::read(request); !page) return error_reply(page.error());
  auto projects = store::list_projects(context.database(), context.caller.user.id);
  if (!projects) return error_reply(projects.error());
  auto items = nlohmann::json::array();
  for (auto const& project : *projects) {
    items.push_back({{"id", project.id}, {"name", project.name}, {"job_count", project.jobs}});
  }
  return whole_list_reply(std::move(items));
}

Reply handle_create_project(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  body->read("name", JsonBody::required, name, 200);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (name.empty() || printable(name) != name) {
    return error_reply(400, fmt::format("name: '{}' cannot be a project's name; it has 1 to 200 printable characters",
                                        printable(name, 60)));
  }
  auto id = store::create_project(context.database(), context.caller.user.id, name);
  if (!id) return error_reply(id.error());
  publish_project(context.services.live, *id, context.caller.user.id);
  return json_reply(201, {{"id", *id}, {"name", name}, {"job_count", 0}});
}

}  // namespace distren

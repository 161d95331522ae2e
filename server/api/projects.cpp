#include <fmt/format.h>

#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/live/publish.h"

namespace distren {

namespace {

nlohmann::json to_json(store::Project const& project) {
  return {{"id", project.id}, {"revision", project.revision}, {"name", project.name}, {"job_count", project.jobs}};
}

void read_name(JsonBody& body, std::string& name) {
  if (body.read("name", JsonBody::required, name, 800) && (name.empty() || printable(name) != name))
    body.problem("name", "bad_format",
                 fmt::format("name: '{}' cannot be a project's name; it has 1 to 200 printable characters",
                             printable(name, 60)));
}

// After a change of it, which is published to open pages.
Reply project_reply(Context& context, std::int64_t project, int status) {
  auto const shown = store::show_project(context.database(), project);
  if (!shown) return error_reply(shown.error());
  publish_project(context.services.live, project, shown->user);
  return json_reply(status, to_json(*shown));
}

}  // namespace

Reply handle_list_projects(Request const& request, Context& context) {
  if (auto const page = ListPage::read(request); !page) return error_reply(page.error());
  auto projects = store::list_projects(context.database(), context.caller.user.id);
  if (!projects) return error_reply(projects.error());
  auto items = nlohmann::json::array();
  for (auto const& project : *projects) items.push_back(to_json(project));
  return whole_list_reply(std::move(items));
}

Reply handle_create_project(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  read_name(*body, name);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto id = store::create_project(context.database(), context.caller.user.id, name);
  return id ? project_reply(context, *id, 201) : error_reply(id.error());
}

Reply handle_show_project(Request const&, Context& context) {
  auto const project = find_accessible_project(context);
  return project ? json_reply(200, to_json(*project)) : error_reply(project.error());
}

Reply handle_change_project(Request const& request, Context& context) {
  auto const project = find_accessible_project(context);
  if (!project) return error_reply(project.error());
  auto body = JsonBody::parse_patch(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  read_name(*body, name);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const done = store::rename_project(context.database(), project->id, name);
  return done ? project_reply(context, project->id, 200) : error_reply(done.error());
}

Reply handle_delete_project(Request const&, Context& context) {
  auto const project = find_accessible_project(context);
  if (!project) return error_reply(project.error());
  if (auto const done = store::delete_project(context.database(), project->id); !done) return error_reply(done.error());
  publish_project(context.services.live, project->id, project->user);
  return empty_reply(204);
}

}  // namespace distren

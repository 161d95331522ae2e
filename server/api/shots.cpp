// Shots: what artists and their producers call the pieces of a film. They are their project's owner's, like its jobs.
#include <fmt/format.h>

#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/live/publish.h"
#include "server/store/shots.h"

namespace distren {

namespace {

nlohmann::json to_json(store::Shot const& shot) {
  nlohmann::json latest = nullptr, thumbnail = nullptr;
  if (shot.latest_job != 0) {
    latest = {{"id", shot.latest_job},
              {"state", shot.latest_state},
              {"task_count", shot.latest_tasks},
              {"finished_count", shot.latest_accepted}};
  }
  if (shot.thumbnail_job != 0) {
    thumbnail = {{"job_id", shot.thumbnail_job},
                 {"finished_count", shot.thumbnail_accepted},
                 {"output", output_to_json(shot.thumbnail_output)}};
  }
  return {{"id", shot.id},
          {"project", named_or_null(shot.project, shot.project_name)},
          {"sequence", shot.sequence},
          {"name", shot.name},
          {"state", shot.state},
          {"state_is_manual", shot.manual},
          {"job_count", shot.jobs},
          {"latest_job", std::move(latest)},
          {"thumbnail", std::move(thumbnail)},
          {"created_at", shot.created_at},
          {"revision", shot.revision}};
}

// After a change, which is published to open pages.
Reply shot_reply(Context& context, std::int64_t shot, int status = 200) {
  auto const shown = store::show_shot(context.database(), shot);
  if (!shown) return error_reply(shown.error());
  publish_project(context.services.live, shown->project, shown->user);
  return json_reply(status, to_json(*shown));
}

// The length is the procedure's affair.
void check_name(JsonBody& body, std::string_view what, std::string const& name) {
  if (printable(name) == name) return;
  body.problem(what, "bad_format",
               fmt::format("{}: '{}' has characters that cannot be shown", what, printable(name, 60)));
}

}  // namespace

Reply handle_list_shots(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto const project = find_accessible_project(context);
  if (!project) return error_reply(project.error());
  auto shots = store::list_shots(context.database(), project->id, page->position(), page->rows());
  if (!shots) return error_reply(shots.error());
  page->cut(*shots);
  auto items = nlohmann::json::array();
  for (auto const& shot : *shots) items.push_back(to_json(shot));
  return page->reply(std::move(items), shots->empty() ? 0 : shots->back().id);
}

Reply handle_create_shot(Request const& request, Context& context) {
  auto const project = find_accessible_project(context);
  if (!project) return error_reply(project.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string sequence, name;
  if (body->read("sequence", JsonBody::required, sequence, 256)) check_name(*body, "sequence", sequence);
  if (body->read("name", JsonBody::required, name, 256)) check_name(*body, "name", name);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const shot = store::ensure_shot(context.database(), project->id, sequence, name);
  if (!shot) return error_reply(shot.error());
  return shot_reply(context, *shot, 201);
}

Reply handle_show_shot(Request const&, Context& context) {
  auto const shot = find_accessible_shot(context);
  if (!shot) return error_reply(shot.error());
  return json_reply(200, to_json(*shot));
}

Reply handle_change_shot(Request const& request, Context& context) {
  auto const shot = find_accessible_shot(context);
  if (!shot) return error_reply(shot.error());
  auto body = JsonBody::parse_patch(request.body);
  if (!body) return error_reply(body.error());
  std::string sequence, name;
  std::optional<std::string> state;
  std::optional<std::string_view> new_sequence, new_name, new_state;
  if (body->read("sequence", JsonBody::optional, sequence, 256)) {
    check_name(*body, "sequence", sequence);
    new_sequence = sequence;
  }
  if (body->read("name", JsonBody::optional, name, 256)) {
    check_name(*body, "name", name);
    new_name = name;
  }
  if (body->read_or_null("state", state, 16)) new_state = state ? *state : std::string_view();
  if (state && state->empty())
    body->problem("state", "bad_format", "state: it is empty; say waiting, work, review or done, or null");
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const done = store::change_shot(context.database(), shot->id, new_sequence, new_name, new_state);
  if (!done) return error_reply(done.error());
  return shot_reply(context, shot->id);
}

Reply handle_delete_shot(Request const&, Context& context) {
  auto const shot = find_accessible_shot(context);
  if (!shot) return error_reply(shot.error());
  if (auto const done = store::delete_shot(context.database(), shot->id); !done) return error_reply(done.error());
  publish_project(context.services.live, shot->project, shot->user);
  return empty_reply(204);
}

Reply handle_list_shot_jobs(Request const&, Context& context) {
  auto const shot = find_accessible_shot(context);
  if (!shot) return error_reply(shot.error());
  auto const jobs = store::list_shot_jobs(context.database(), shot->id);
  if (!jobs) return error_reply(jobs.error());
  std::vector<store::Job> shown;
  for (auto const id : *jobs) {
    auto job = store::show_job(context.database(), id);
    if (!job && job.error().code != Errc::not_found) return error_reply(job.error());  // deleted meanwhile is fine
    if (job) shown.push_back(std::move(*job));
  }
  return whole_list_reply(to_json(shown, context.services.dispatcher));
}

}  // namespace distren

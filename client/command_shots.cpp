// shots, shot set: a project's shots and their states.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "client/context.h"
#include "client/exit_code.h"
#include "client/fields.h"
#include "client/project.h"
#include "client/table.h"
#include "common/base/text.h"

namespace distren::client {

namespace {

struct ShotRequest {
  std::string project;
  std::string shot;   // SEQUENCE/SHOT
  std::string state;  // to set
};

std::string name_of(Json const& shot) {
  return text_of(shot, "sequence") + "/" + text_of(shot, "name");
}

std::string latest_of(Json const& shot) {
  auto const latest = shot.find("latest_job");
  if (latest == shot.end() || !latest->is_object()) return "-";
  return fmt::format("{}: {} of {}", number_of(*latest, "id"), number_of(*latest, "finished_count"),
                     number_of(*latest, "task_count"));
}

Result<std::vector<Json>> fetch_shots(Session& session, Json const& project) {
  std::vector<Json> shots;
  auto listed =
      session.each_item(fmt::format("/api/v1/projects/{}/shots", project.dump()), "the shots", [&](Json const& shot) {
        shots.push_back(shot);
        return true;
      });
  if (!listed) return listed.error();
  std::ranges::sort(shots, {}, name_of);
  return shots;
}

Result<int> list_shots(Context const& context, ShotRequest const& request) {
  auto session = context.session();
  if (!session) return session.error();
  auto const project = find_project(*session, request.project);
  if (!project) return project.error();
  auto const shots = fetch_shots(*session, *project);
  if (!shots) return shots.error();
  Table table({{"SHOT"}, {"STATE"}, {"JOBS", Align::right}, {"LATEST JOB"}});
  for (auto const& shot : *shots)
    table.add({name_of(shot), text_of(shot, "state"), fmt::to_string(number_of(shot, "job_count")), latest_of(shot)});
  context.print({{"items", *shots}}, table.empty() ? "The project has no shots.\n" : table.text());
  return exit_ok;
}

Result<int> set_shot(Context const& context, ShotRequest const& request) {
  auto session = context.session();
  if (!session) return session.error();
  auto const project = find_project(*session, request.project);
  if (!project) return project.error();
  auto const shots = fetch_shots(*session, *project);
  if (!shots) return shots.error();
  auto const found = std::ranges::find(*shots, request.shot, name_of);
  if (found == shots->end()) {
    return fail(Errc::not_found, fmt::format("the project has no shot '{}'; see: distren shots {}",
                                             printable(request.shot, 100), printable(request.project, 100)));
  }
  auto const path = fmt::format("/api/v1/shots/{}", id_of(*found));
  auto changed = session->send(
      "PATCH", path, Json{{"state", request.state == "auto" ? Json(nullptr) : Json(request.state)}}, "the shot");
  if (!changed) return changed.error();
  context.report(*changed, fmt::format("Shot {}: {}.\n", name_of(*changed), text_of(*changed, "state")));
  return exit_ok;
}

}  // namespace

void add_shot_commands(CLI::App& app, Context& context) {
  auto request =
      std::make_shared<ShotRequest>();  // shared with the callback, which runs after this function has returned
  auto* shots = app.add_subcommand("shots", "List the shots of a project");
  shots->add_option("PROJECT", request->project, "Name or number of the project")->required();
  shots->callback([&context, request] { context.run = [&context, request] { return list_shots(context, *request); }; });

  auto* shot = app.add_subcommand("shot", "Change a shot")->require_subcommand(1);
  auto* set = shot->add_subcommand("set", "Set the state of a shot");
  set->add_option("PROJECT", request->project, "Name or number of the project")->required();
  set->add_option("SHOT", request->shot, "The shot, as SEQUENCE/SHOT")->required();
  set->add_option("STATE", request->state, "waiting, work, review, done, or auto: set by its jobs")
      ->required()
      ->check(CLI::IsMember({"auto", "waiting", "work", "review", "done"}));
  set->callback([&context, request] { context.run = [&context, request] { return set_shot(context, *request); }; });
}

}  // namespace distren::client

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <set>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/job_findings.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/jobs/maintenance.h"
#include "server/live/publish.h"
#include "server/storage/job_folder.h"
#include "server/store/shots.h"
#include "server/submit/plan.h"

namespace distren {

namespace {

// conflict: names some of the files that this user has not uploaded.
Result<void> check_uploaded(Database& database, std::int64_t user, std::vector<store::JobFile> const& files) {
  auto const missing = missing_digests(database, user, files);
  if (!missing) return missing.error();
  if (missing->empty()) return {};
  std::vector<std::string> some;
  std::set<std::string_view> named;
  for (auto const& file : files) {
    if (!missing->contains(file.sha256) || !named.insert(file.sha256).second || some.size() == 3) continue;
    some.push_back(printable(file.path, 200));
  }
  return fail(Errc::conflict, fmt::format("{} of the files {} not uploaded yet: {}{}; upload them first",
                                          missing->size(), missing->size() == 1 ? "is" : "are", fmt::join(some, ", "),
                                          missing->size() > some.size() ? ", ..." : ""));
}

void undo(Context& context, std::int64_t job) {
  auto done = store::cancel_job(context.database(), job, "its files could not be put in place");
  if (done) done = store::delete_job(context.database(), job);
  if (!done) spdlog::error("job {} could not be taken back: {}", job, done.error().message);
  if (auto const removed = remove_job_folder(context.services.config.stor, job); !removed) {
    spdlog::error("{}", removed.error().message);
  }
}

// The shot of the request, made where it is not there; 0: it names none.
Result<std::int64_t> shot_of(Context& context, JobRequest const& wanted) {
  if (wanted.shot.empty()) return 0;
  auto const project = store::show_project(context.database(), wanted.job.project);
  if (!project && project.error().code != Errc::not_found) return project.error();
  if (!project || project->user != context.caller.user.id) {
    return fail(Errc::not_found, fmt::format("you have no project {}", wanted.job.project));
  }
  return store::ensure_shot(context.database(), wanted.job.project, wanted.sequence, wanted.shot);
}

// All of the plan or nothing: an answer when it failed. made: numbers in the plan's order.
std::optional<Reply> make_jobs(Context& context, std::vector<PlannedJob>& plan, std::int64_t shot,
                               std::vector<std::int64_t>& made) {
  auto& services = context.services;
  auto const undo_all = [&] {
    for (auto job = made.rbegin(); job != made.rend(); ++job) undo(context, *job);
  };
  for (auto& [job, after, result, folder] : plan) {
    if (after >= 0) job.after = made[static_cast<std::size_t>(after)];
    if (!made.empty()) job.submission = made.front();
    auto const id = store::create_job(context.database(), job);
    if (!id) {
      undo_all();
      return error_reply(id.error());
    }
    made.push_back(*id);
    if (auto const held = job.held ? store::hold_job(context.database(), *id) : Result<void>(); !held) {
      undo_all();
      return error_reply(held.error());
    }
    if (auto const added = shot != 0 ? store::add_job_to_shot(context.database(), shot, *id) : Result<void>(); !added) {
      undo_all();
      return error_reply(added.error());
    }
    // Its number names its folder, so the row comes first. A kill in between is mended at the next start from the
    // blobs, which are durable (restore_job_folders); nothing of the job is given out before its folder is there.
    if (auto const placed = place_job_files(services.config.stor, *id, services.blobs, job.files); !placed) {
      spdlog::error("job {}: {}", *id, placed.error().message);
      undo_all();
      return error_reply(507, "the server cannot store the job's files now, its disk may be full; try again later");
    }
  }
  return std::nullopt;
}

// Two submissions at once may exceed it once; the next is refused.
Result<void> leaves_room(Context& context, std::vector<PlannedJob> const& plan) {
  auto const have = store::count_tasks(context.database(), context.caller.user.id);
  if (!have) return have.error();
  std::int64_t more = 0;
  for (auto const& each : plan) more += static_cast<std::int64_t>(each.job.frames.size()) * each.job.tiles;
  auto const most = context.services.config.limits.frames_per_person;
  if (*have + more <= most) return {};
  return fail(Errc::conflict,
              fmt::format("your jobs have {} frames and this one has {} more, but at most {} are kept for "
                          "one account; delete jobs that you no longer need",
                          grouped(static_cast<std::uint64_t>(*have)), grouped(static_cast<std::uint64_t>(more)),
                          grouped(static_cast<std::uint64_t>(most))));
}

}  // namespace

Reply handle_create_job(Request const& request, Context& context) {
  auto& services = context.services;
  auto const turn = turn_to_look(services, context.caller.user.id);
  if (!turn) return many_scenes();
  auto wanted = read_job_request(request.body, services.methods, limits_of(services));
  if (!wanted) return error_reply(wanted.error());
  wanted->job.user = context.caller.user.id;
  if (auto const uploaded = check_uploaded(context.database(), wanted->job.user, wanted->job.files); !uploaded) {
    return error_reply(uploaded.error());
  }
  auto variations = variations_of(*wanted);
  if (auto const looked = add_findings(services, variations, {}); !looked) return error_reply(looked.error());
  auto plan = plan_submission(variations, services.methods, services.dispatcher.grid_live().slots);
  if (!plan) return error_reply(plan.error());

  if (auto const room = leaves_room(context, *plan); !room) return error_reply(room.error());
  auto const shot = shot_of(context, *wanted);
  if (!shot) return error_reply(shot.error());

  std::vector<std::int64_t> made;
  if (auto failed = make_jobs(context, *plan, *shot, made)) return std::move(*failed);
  // The later ones first: when the one that they wait for is finished, the dispatcher knows them.
  for (auto id = made.rbegin(); id != made.rend(); ++id) {
    if (auto const loaded = hand_to_dispatcher(services, context.database(), *id); !loaded)
      spdlog::warn("job {} could not be handed to the dispatcher yet: {}", *id, loaded.error().message);
    tell_job_made(services.live, *id, context.caller.user.id);
  }
  auto const first = store::show_job(context.database(), made.front());
  if (!first) return error_reply(first.error());
  auto answer = job_shape(*first, services.dispatcher);
  answer["jobs"] = nlohmann::json::array();
  for (std::size_t i = 0; i < plan->size(); ++i) {
    auto const& [job, after, result, folder] = (*plan)[i];
    answer["jobs"].push_back(
        {{"id", made[i]}, {"name", job.name}, {"method", job.method}, {"result", result}, {"folder", folder}});
  }
  return json_reply(201, answer);
}

}  // namespace distren

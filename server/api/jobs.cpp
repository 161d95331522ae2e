#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <unordered_map>

#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/http/json_body.h"
#include "server/jobs/maintenance.h"
#include "server/live/publish.h"
#include "server/storage/job_folder.h"
#include "server/storage/signed_urls.h"
#include "server/store/shots.h"
#include "server/submit/job_request.h"

namespace distren {

namespace {

// After a change of it, which the open pages hear of.
Reply job_reply(Context& context, std::int64_t id) {
  auto const job = store::show_job(context.database(), id);
  if (!job) return error_reply(job.error());
  auto const shape = job_shape(*job, context.services.dispatcher);
  tell_job(context.services.live, shape);
  return json_reply(200, shape);
}

void load_again(Context& context, std::int64_t job) {
  if (auto const loaded = hand_to_dispatcher(context.services, context.database(), job); !loaded)
    spdlog::warn("job {} could not be handed to the dispatcher yet: {}", job, loaded.error().message);
}

std::string by_whom(Context const& context, store::Job const& job) {
  if (context.caller.user.id == job.user) return "its owner";
  return fmt::format("the moderator {}", context.caller.user.name);
}

// What a finished job's output was made into, its video say, is older than frames that are rendered again: it waits for
// them, and is made anew. Before the job itself goes to the dispatcher, so that those that wait are known when it ends.
// That one of them cannot be, because it was cancelled just now, say, must not hold up the frames.
void make_anew(Context& context, store::Job const& job) {
  auto later = store::list_jobs_after(context.database(), job.id, true);
  if (!later) return spdlog::warn("what is made of job {} stays as it is: {}", job.id, later.error().message);
  std::erase_if(*later, [&context](std::int64_t each) {
    auto const requeued = store::requeue_job(context.database(), each, true);
    if (!requeued) spdlog::warn("job {} is not made anew: {}", each, requeued.error().message);
    return !requeued.has_value();
  });
  for (auto const each : *later) {
    load_again(context, each);
    (void)job_reply(context, each);
  }
}

// Into a shot of its project, which is made where it is new; empty: out of the one that it is in.
Result<void> move_to_shot(Context& context, store::Job const& job, std::string_view shot) {
  if (shot.empty()) return store::add_job_to_shot(context.database(), 0, job.id);
  auto const name = parse_shot_name(shot);
  if (!name) return name.error();
  if (job.project == 0) {
    return fail(Errc::conflict, fmt::format("job {} is in no project, and shots belong to projects", job.id));
  }
  auto const found = store::ensure_shot(context.database(), job.project, name->sequence, name->shot);
  if (!found) return found.error();
  return *found == job.shot ? Result<void>() : store::add_job_to_shot(context.database(), *found, job.id);
}

}  // namespace

Reply handle_list_jobs(Request const& request, Context& context) {
  auto const page = read_page(request, "before", {"all", "state"});
  if (!page) return error_reply(page.error());
  if (page->all && !context.caller.moderates()) {
    return error_reply(403, "only moderators see everybody's jobs; leave out all=1 to see yours");
  }
  constexpr std::string_view states = "active paused finished failed cancelled";
  if (!page->state.empty() && fmt::format(" {} ", states).find(fmt::format(" {} ", page->state)) == std::string::npos) {
    return error_reply(400, fmt::format("state={} is not one of: {}", printable(page->state, 30), states));
  }
  auto jobs = store::list_jobs(context.database(), page->all ? 0 : context.caller.user.id, page->state, page->cursor,
                               page->limit);
  if (!jobs) return error_reply(jobs.error());
  auto items = nlohmann::json::array();
  for (auto const& job : *jobs) items.push_back(job_shape(job, context.services.dispatcher));
  bool const more = jobs->size() == static_cast<std::size_t>(page->limit);
  return list_reply(std::move(items), more ? std::optional(jobs->back().id) : std::nullopt);
}

Reply handle_show_job(Request const&, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  return json_reply(200, job_shape(*job, context.services.dispatcher));
}

Reply handle_why_job(Request const&, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  if (job->state == store::JobState::active)
    return json_reply(200, why_shape(context.services.dispatcher.why_job(job->id)));
  auto const state = state_name(job->state);
  return json_reply(200, why_shape({.rule = std::string(state),
                                    .sentence = fmt::format("it is {}{}{}", state, job->reason.empty() ? "" : ": ",
                                                            printable(job->reason))}));
}

Reply handle_pause_job(Request const&, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  auto const reason = fmt::format("paused by {}", by_whom(context, *job));
  if (auto const done = store::pause_job(context.database(), job->id, reason); !done) return error_reply(done.error());
  context.services.dispatcher.pause_job(job->id);
  return job_reply(context, job->id);
}

Reply handle_resume_job(Request const&, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  if (auto const done = store::resume_job(context.database(), job->id); !done) return error_reply(done.error());
  context.services.dispatcher.resume_job(job->id);
  return job_reply(context, job->id);
}

Reply handle_cancel_job(Request const&, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  auto const reason = fmt::format("cancelled by {}", by_whom(context, *job));
  // What is made of its output can never begin: it goes first, so that nothing is left waiting.
  auto const later = store::list_jobs_after(context.database(), job->id, false);
  if (!later) return error_reply(later.error());
  for (auto each = later->rbegin(); each != later->rend(); ++each) {
    auto const why = fmt::format("cancelled with job {}, whose output it is made of", job->id);
    if (auto const done = store::cancel_job(context.database(), *each, why); !done) return error_reply(done.error());
    context.services.dispatcher.remove_job(*each, fmt::format("job {} was {}", *each, why));
    (void)job_reply(context, *each);
  }
  if (auto const done = store::cancel_job(context.database(), job->id, reason); !done) {
    return error_reply(done.error());
  }
  context.services.dispatcher.remove_job(job->id, fmt::format("job {} was {}", job->id, reason));
  return job_reply(context, job->id);
}

Reply handle_requeue_job(Request const& request, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  std::string frames = "failed";
  if (!request.body.empty()) {
    auto body = JsonBody::parse(request.body);
    if (!body) return error_reply(body.error());
    if (body->read("frames", JsonBody::optional, frames, 20) && frames != "failed" && frames != "all")
      body->problem(fmt::format("frames: '{}' is neither failed nor all", printable(frames, 30)));
    if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  }
  auto const requeued = store::requeue_job(context.database(), job->id, frames == "all");
  if (!requeued) return error_reply(requeued.error());
  if (*requeued > 0 && job->state == store::JobState::finished) make_anew(context, *job);
  if (*requeued > 0) load_again(context, job->id);
  return job_reply(context, job->id);
}

Reply handle_requeue_task(Request const&, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  auto const task = context.id("task");
  if (!task) return error_reply(task.error());
  auto const requeued = store::requeue_task(context.database(), job->id, *task);
  if (!requeued) return error_reply(requeued.error());
  if (*requeued > 0 && job->state == store::JobState::finished) make_anew(context, *job);
  // A job that is being worked on goes on as it is.
  if (*requeued > 0 && !context.services.dispatcher.reopen(job->id, *task)) load_again(context, job->id);
  return job_reply(context, job->id);
}

Reply handle_approve_job(Request const&, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  if (auto const done = store::approve_job(context.database(), job->id); !done) return error_reply(done.error());
  context.services.dispatcher.approve_job(job->id);
  return job_reply(context, job->id);
}

Reply handle_change_job(Request const& request, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name, shot;
  std::int64_t priority = 0;
  bool const rename = body->read("name", JsonBody::optional, name, 200);
  bool const reorder = body->read("priority", JsonBody::optional, priority, 1, 100);
  bool const move = body->read("shot", JsonBody::optional, shot, 512);
  if (rename && (name.empty() || printable(name) != name)) {
    body->problem(
        fmt::format("name: '{}' cannot be a job's name; it has 1 to 200 printable characters", printable(name, 60)));
  }
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  // First, for only this can be refused now.
  if (move) {
    if (auto const moved = move_to_shot(context, *job, shot); !moved) return error_reply(moved.error());
    if (job->project != 0) tell_project(context.services.live, job->project, job->user);
  }
  auto const done =
      store::change_job(context.database(), job->id, rename ? std::optional<std::string_view>(name) : std::nullopt,
                        reorder ? std::optional(static_cast<int>(priority)) : std::nullopt);
  if (!done) return error_reply(done.error());
  if (reorder) context.services.dispatcher.change_priority(job->id, static_cast<int>(priority));
  return job_reply(context, job->id);
}

Reply handle_delete_job(Request const&, Context& context) {
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  if (job->state == store::JobState::active || job->state == store::JobState::paused) {
    return error_reply(409, fmt::format("job {} is {}; cancel it first", job->id, state_name(job->state)));
  }
  if (auto const done = store::delete_job(context.database(), job->id); !done) return error_reply(done.error());
  context.services.dispatcher.remove_job(job->id, fmt::format("job {} was deleted", job->id));
  if (auto const removed = remove_job_folder(context.services.config.stor, job->id); !removed) {
    spdlog::error("job {} is deleted, but its folder is not: {}", job->id, removed.error().message);
  }
  tell_job_gone(context.services.live, job->id, job->user);
  return empty_reply(204);
}

Reply handle_list_tasks(Request const& request, Context& context) {
  auto const page = read_page(request, "after", {});
  if (!page) return error_reply(page.error());
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  auto tasks = store::list_tasks(context.database(), job->id, page->cursor, page->limit);
  if (!tasks) return error_reply(tasks.error());
  std::unordered_map<std::int64_t, TaskStatus> live;
  for (auto const& [task, state] : context.services.dispatcher.tasks_live(job->id)) live.emplace(task, state);
  auto items = nlohmann::json::array();
  for (auto const& task : *tasks) {
    auto const found = live.find(task.id);
    items.push_back(task_shape(task, found == live.end() ? std::nullopt : std::optional(found->second)));
    items.back()["tile"] = job->tiles > 1 ? nlohmann::json((task.id - job->first_task) % job->tiles + 1) : nullptr;
  }
  bool const more = tasks->size() == static_cast<std::size_t>(page->limit);
  return list_reply(std::move(items), more ? std::optional(tasks->back().id) : std::nullopt);
}

// A page covers `limit` frames and lists those of them that are there: it may be short, or empty, and not the last.
Reply handle_list_output(Request const& request, Context& context) {
  auto const page = read_page(request, "after", {});
  if (!page) return error_reply(page.error());
  auto const job = find_own_job(context);
  if (!job) return error_reply(job.error());
  auto tasks = store::list_tasks(context.database(), job->id, page->cursor, page->limit);
  if (!tasks) return error_reply(tasks.error());
  auto const expires = context.services.now_s() + context.services.config.times.signed_url;
  auto items = nlohmann::json::array();
  for (auto const& task : *tasks) {
    if (task.state != "accepted" || task.output.empty()) continue;
    items.push_back({{"frame", task.frame},
                     {"name", task.output},
                     {"size", task.output_size},
                     {"sha256", task.output_sha256},
                     {"url", output_url(context.services.signer, job->id, task.output, task.output_sha256, expires)}});
  }
  bool const more = tasks->size() == static_cast<std::size_t>(page->limit);
  return list_reply(std::move(items), more ? std::optional(tasks->back().id) : std::nullopt);
}

}  // namespace distren

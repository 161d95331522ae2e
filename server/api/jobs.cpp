#include <fmt/format.h>

#include <unordered_map>

#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/operations.h"
#include "server/api/services.h"
#include "server/dispatch/explain.h"
#include "server/dispatch/status.h"
#include "server/jobs/job_service.h"
#include "server/jobs/job_state.h"
#include "server/jobs/operations.h"
#include "server/live/publish.h"
#include "server/storage/signed_urls.h"
#include "server/store/renderers.h"
#include "server/store/requests.h"
#include "server/store/shots.h"
#include "server/submit/job_request.h"
#include "server/submit/renderer_match.h"

namespace distren {

namespace {

// After a change of it.
Reply job_reply(Context& context, Result<store::Job> const& job) {
  if (!job) return error_reply(job.error());
  return json_reply(200, to_json(*job, job_status_of(context.services.dispatcher, job->id)));
}

std::string by_whom(Context const& context, store::Job const& job) {
  if (context.caller.user.id == job.user) return "its owner";
  return fmt::format("the moderator {}", context.caller.user.name);
}

// Into a shot of its project; none: out of the one that it is in. Whose shot it is need not be asked: a project and its
// shots are one owner's alone.
Result<void> move_to_shot(Context& context, store::Job const& job, std::optional<std::int64_t> shot) {
  auto moved = context.services.jobs.move_to_shot(context.database(), shot.value_or(0), job.id);
  if (moved || !shot || (moved.error().code != Errc::not_found && moved.error().code != Errc::conflict)) return moved;
  auto detail = job.project == 0
                    ? fmt::format("shot_id: job {} is in no project, and shots belong to projects", job.id)
                    : fmt::format("shot_id: there is no shot {} in the project '{}'", *shot, job.project_name);
  return Error{Errc::invalid, detail, {}, {{"body", "/shot_id", "not_found", detail}}};
}

// The revision is the procedure's to check; it raises it.
Result<store::Job> change_renderer(Context& context, store::Job const& job, std::string version, std::string build) {
  auto const offers = store::list_renderer_offers(context.database(), job.method);
  if (!offers) return offers.error();
  RendererNeed need{.method = job.method, .min_version = job.version, .renderer = job.renderer};
  need.renderer.version.clear();
  need.renderer.build.clear();
  need.renderer.wanted = std::move(version);
  auto const matched = match_renderer(need, build, *offers);
  if (!matched) return matched.error();
  return context.services.jobs.change_renderer(context.database(), job.id, *matched);
}

}  // namespace

Reply handle_list_jobs(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto const owner = read_list_owner(request, context.caller);
  if (!owner) return error_reply(owner.error());
  std::string const state(request.parameter("state").value_or(""));
  if (!state.empty() && !is_job_state(state)) {
    return error_reply(400, fmt::format("state={} is not one of: {}", printable(state, 30), job_state_names()));
  }
  auto jobs = store::list_jobs(context.database(), owner->filter(), state, page->position(), page->rows());
  if (!jobs) return error_reply(jobs.error());
  page->cut(*jobs);
  return page->reply(to_json(*jobs, context.services.dispatcher), jobs->empty() ? 0 : jobs->back().id);
}

Reply handle_show_job(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  return json_reply(200, to_json(*job, job_status_of(context.services.dispatcher, job->id)));
}

Reply handle_explain_job(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  if (job->state == store::JobState::active)
    return json_reply(200, explanation_to_json(context.services.dispatcher.ask(
                               [&](DispatchCore const& core, std::int64_t) { return explain_job(core, job->id); })));
  auto const state = job_state_name(job->state);
  return json_reply(200,
                    explanation_to_json({.rule = std::string(state),
                                         .sentence = fmt::format("it is {}{}{}", state, job->reason.empty() ? "" : ": ",
                                                                 printable(job->reason))}));
}

Reply handle_pause_job(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto const reason = fmt::format("paused by {}", by_whom(context, *job));
  return job_reply(context, context.services.jobs.pause(context.database(), job->id, reason,
                                                        job->user == context.caller.user.id ? "owner" : "moderator"));
}

Reply handle_resume_job(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  return job_reply(context, context.services.jobs.resume(context.database(), job->id));
}

Reply handle_cancel_job(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto const reason = fmt::format("cancelled by {}", by_whom(context, *job));
  return job_reply(context, context.services.jobs.cancel(context.database(), job->id, reason));
}

Reply handle_requeue_job(Request const& request, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  std::string frames = "failed";
  if (!request.body.empty()) {
    auto body = JsonBody::parse(request.body);
    if (!body) return error_reply(body.error());
    if (body->read("frames", JsonBody::optional, frames, 20) && frames != "failed" && frames != "all")
      body->problem("frames", "bad_format",
                    fmt::format("frames: '{}' is neither failed nor all", printable(frames, 30)));
    if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  }
  return job_reply(context, context.services.jobs.requeue(context.database(), job->id, frames == "all"));
}

Reply handle_requeue_task(Request const&, Context& context) {
  auto const found = find_accessible_task(context);
  if (!found) return error_reply(found.error());
  return job_reply(context, context.services.jobs.requeue_task(context.database(), found->job.id, found->task));
}

Reply handle_approve_job(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  return job_reply(context, context.services.jobs.approve(context.database(), job->id));
}

Reply handle_change_job(Request const& request, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto body = JsonBody::parse_patch(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  std::optional<std::int64_t> shot;
  std::int64_t priority = 0;
  bool const rename = body->read("name", JsonBody::optional, name, 200);
  bool const reorder = body->read("priority", JsonBody::optional, priority, 1, 100);
  bool const move = body->read_or_null("shot_id", shot, 1, INT64_MAX) && shot.value_or(0) != job->shot;
  if (rename && (name.empty() || printable(name) != name)) {
    body->problem(
        "name", "bad_format",
        fmt::format("name: '{}' cannot be a job's name; it has 1 to 200 printable characters", printable(name, 60)));
  }
  std::string version, build;
  read_renderer(*body, version, build);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (!version.empty()) {
    if (auto const changed = change_renderer(context, *job, version, build); !changed)
      return error_reply(changed.error());
    if (auto const free = store::accept_any_revision(context.database()); !free) return error_reply(free.error());
  }
  if (move) {
    // First, for only this can be refused now, but for another revision. The move raises it.
    if (auto const same = store::check_job_revision(context.database(), job->id); !same)
      return error_reply(same.error());
    if (auto const moved = move_to_shot(context, *job, shot); !moved) return error_reply(moved.error());
    if (auto const free = store::accept_any_revision(context.database()); !free) return error_reply(free.error());
    if (job->project != 0) publish_project(context.services.live, job->project, job->user);
  }
  return job_reply(context,
                   context.services.jobs.change(context.database(), job->id,
                                                rename ? std::optional<std::string_view>(name) : std::nullopt,
                                                reorder ? std::optional(static_cast<int>(priority)) : std::nullopt));
}

Reply handle_delete_job(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  if (!store::has_ended(job->state)) {
    return error_reply(409, fmt::format("job {} is {}; cancel it first", job->id, job_state_name(job->state)));
  }
  if (context.tasks_deleted + job->tasks > large_job_tasks) {
    if (auto const same = store::check_job_revision(context.database(), job->id); !same)
      return error_reply(same.error());
    return begin_operation(context, job_deletion_operation, job->id);
  }
  context.tasks_deleted += job->tasks;
  auto const removed = context.services.jobs.remove(context.database(), *job);
  return removed ? empty_reply(204) : error_reply(removed.error());
}

Reply handle_list_tasks(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto tasks = store::list_tasks(context.database(), job->id, page->position(), page->rows());
  if (!tasks) return error_reply(tasks.error());
  page->cut(*tasks);
  std::unordered_map<std::int64_t, TaskStatus> live;
  for (auto const& [task, state] : context.services.dispatcher.ask(
           [&](DispatchCore const&core, std::int64_t) { return task_statuses(core, job->id); }))
    live.emplace(task, state);
  auto const spec = parse_output_spec(job->output);
  if (!spec) return error_reply(spec.error());
  auto items = nlohmann::json::array();
  for (auto const& task : *tasks) {
    auto const found = live.find(task.id);
    items.push_back(to_json(*job, *spec, task, found == live.end() ? std::nullopt : std::optional(found->second)));
  }
  return page->reply(std::move(items), tasks->empty() ? 0 : tasks->back().id);
}

// A page covers `limit` frames and lists the files of those that are there: it may be short, or empty, and not the
// last, or have more than `limit` items.
Reply handle_list_outputs(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto tasks = store::list_tasks(context.database(), job->id, page->position(), page->rows());
  if (!tasks) return error_reply(tasks.error());
  page->cut(*tasks);
  auto const spec = parse_output_spec(job->output);
  if (!spec) return error_reply(spec.error());
  auto const expires = context.services.now_s() + context.services.config.times.signed_url_seconds;
  auto items = nlohmann::json::array();
  for (auto const& task : *tasks) {
    if (task.state != "accepted" || task.output.empty()) continue;
    auto outputs = to_json(*job, *spec, task, std::nullopt).at("outputs");
    for (auto& output : outputs) {
      output["frame"] = task.frame;
      output["url"] = output_url(context.services.signer, job->id, output["name"].get_ref<std::string const&>(),
                                 output["sha256"].get_ref<std::string const&>(), expires);
      items.push_back(std::move(output));
    }
  }
  return page->reply(std::move(items), tasks->empty() ? 0 : tasks->back().id);
}

}  // namespace distren

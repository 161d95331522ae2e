// What was submitted together: its first job, and all of them.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/job_check.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/dispatch/status.h"
#include "server/jobs/job_service.h"
#include "server/jobs/job_state.h"
#include "server/submit/plan.h"
#include "server/submit/renderer_match.h"

namespace distren {

namespace {

constexpr int most_on_a_page = 50;  // of up to 200 jobs each

// By submission.
using SubmittedJobs = std::unordered_map<std::int64_t, std::vector<store::SubmittedJob>>;

// Two submissions at once may exceed it once; the next is refused.
Result<void> leaves_room(Context& context, std::vector<PlannedJob> const& plan) {
  auto const have = store::count_tasks(context.database(), context.caller.user.id);
  if (!have) return have.error();
  std::int64_t more = 0;
  for (auto const& each : plan) more += static_cast<std::int64_t>(each.job.frames.size()) * each.job.tiles;
  auto const most = context.services.config.limits.frames_per_user;
  if (*have + more <= most) return {};
  return fail(Errc::conflict,
              fmt::format("your jobs have {} frames and this one has {} more, but at most {} are kept for "
                          "one account; delete jobs that you no longer need",
                          grouped(static_cast<std::uint64_t>(*have)), grouped(static_cast<std::uint64_t>(more)),
                          grouped(static_cast<std::uint64_t>(most))),
              "quota_exceeded");
}

// Of all its jobs: whatever of it is unfinished is what people ask about.
store::JobState state_of(std::vector<store::SubmittedJob> const& jobs) {
  for (auto const state :
       {store::JobState::active, store::JobState::paused, store::JobState::failed, store::JobState::cancelled}) {
    if (std::ranges::any_of(jobs, [state](auto const& job) { return job.state == state; })) return state;
  }
  return store::JobState::finished;
}

Result<SubmittedJobs> find_jobs(Context& context, std::vector<std::int64_t> const& submissions) {
  auto listed = store::list_submitted_jobs(context.database(), submissions);
  if (!listed) return listed.error();
  SubmittedJobs jobs;
  for (auto& job : *listed) jobs[job.submission].push_back(std::move(job));
  return jobs;
}

// first: its first job.
nlohmann::json submission_to_json(nlohmann::json first, SubmittedJobs const& all) {
  static std::vector<store::SubmittedJob> const none;  // deleted meanwhile
  auto const found = all.find(first["id"].get<std::int64_t>());
  auto const& jobs = found == all.end() ? none : found->second;
  auto items = nlohmann::json::array();
  for (auto const& job : jobs) {
    items.push_back({{"id", job.id},
                     {"name", job.name},
                     {"method", job.method},
                     {"state", job_state_name(job.state)},
                     {"is_final_output", job.is_final_output},
                     {"folder", text_or_null(job.output_folder)}});
  }
  first["state"] = job_state_name(state_of(jobs));
  first["jobs"] = std::move(items);
  return first;
}

Reply submission_reply(Context& context, store::Job const& first, int status) {
  auto const jobs = find_jobs(context, {first.id});
  if (!jobs) return error_reply(jobs.error());
  return json_reply(status,
                    submission_to_json(to_json(first, job_status_of(context.services.dispatcher, first.id)), *jobs));
}

}  // namespace

Reply handle_list_submissions(Request const& request, Context& context) {
  auto page = ListPage::read(request, most_on_a_page);
  if (!page) return error_reply(page.error());
  auto const owner = read_list_owner(request, context.caller);
  if (!owner) return error_reply(owner.error());
  auto firsts = store::list_first_jobs(context.database(), owner->filter(), page->position(), page->rows());
  if (!firsts) return error_reply(firsts.error());
  page->cut(*firsts);
  std::vector<std::int64_t> ids;
  for (auto const& first : *firsts) ids.push_back(first.id);
  auto const jobs = find_jobs(context, ids);
  if (!jobs) return error_reply(jobs.error());
  auto items = nlohmann::json::array();
  for (auto& first : to_json(*firsts, context.services.dispatcher))
    items.push_back(submission_to_json(std::move(first), *jobs));
  return page->reply(std::move(items), firsts->empty() ? 0 : firsts->back().id);
}

Reply handle_show_submission(Request const&, Context& context) {
  auto const first = find_accessible_job(context);
  if (first && first->submission == 0) return submission_reply(context, *first, 200);
  if (!first && first.error().code != Errc::not_found) return error_reply(first.error());
  return error_reply(404, fmt::format("you have no submission {}", context.value("submission_id")));
}

Reply handle_create_submission(Request const& request, Context& context) {
  auto& services = context.services;
  auto const permit = acquire_inspection(services, context.caller.user.id);
  if (!permit) return too_many_inspections();
  auto wanted = read_job_request(request.body, services.methods, request_limits(services));
  if (!wanted) return error_reply(wanted.error());
  if (auto const uploaded = check_uploaded(context.database(), context.caller.user.id, wanted->job.files); !uploaded)
    return error_reply(uploaded.error());
  auto variations = variations_of(*wanted);
  auto const tools = inspection_tools(services);
  SceneFiles scenes(tools, variations.front().job, {});
  if (auto const found = inspect_jobs(tools, variations, scenes); !found) return error_reply(found.error());
  if (auto const matched = match_renderers(context.database(), variations); !matched)
    return error_reply(matched.error());
  auto plan = plan_submission(variations, services.methods, grid_status(services.dispatcher).slots);
  if (!plan) return error_reply(plan.error());
  warn_of_missing_methods(services, *plan);

  if (auto const room = leaves_room(context, *plan); !room) return error_reply(room.error());
  store::NewSubmission submission{.user = context.caller.user.id,
                                  .project = wanted->project,
                                  .sequence = wanted->sequence,
                                  .shot = wanted->shot,
                                  .jobs = {}};
  for (auto& [job, result, folder] : *plan) {
    job.is_final_output = result;
    job.output_folder = folder;
    submission.jobs.push_back(std::move(job));
  }
  auto const made = services.jobs.submit(context.database(), services.blobs, submission);
  if (!made) return error_reply(made.error());
  if (made->empty())
    return error_reply("disk_full",
                       "the server cannot store the job's files now, its disk may be full; try again later");
  auto const first = store::show_job(context.database(), made->front());
  if (!first) return error_reply(first.error());
  return submission_reply(context, *first, 201).with("Location", fmt::format("/api/v1/submissions/{}", first->id));
}

}  // namespace distren

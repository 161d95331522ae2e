#include <fmt/format.h>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/job_check.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/dispatch/status.h"
#include "server/jobs/job_service.h"
#include "server/submit/plan.h"

namespace distren {

namespace {

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

}  // namespace

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
  auto plan = plan_submission(variations, services.methods, grid_status(services.dispatcher).slots);
  if (!plan) return error_reply(plan.error());

  if (auto const room = leaves_room(context, *plan); !room) return error_reply(room.error());
  store::NewSubmission submission{.user = context.caller.user.id,
                                  .project = wanted->project,
                                  .sequence = wanted->sequence,
                                  .shot = wanted->shot,
                                  .jobs = {}};
  for (auto const& each : *plan) submission.jobs.push_back(each.job);
  auto const made = services.jobs.submit(context.database(), services.blobs, submission);
  if (!made) return error_reply(made.error());
  if (made->empty())
    return error_reply("disk_full",
                       "the server cannot store the job's files now, its disk may be full; try again later");
  auto const first = store::show_job(context.database(), made->front());
  if (!first) return error_reply(first.error());
  auto answer = to_json(*first, job_status_of(services.dispatcher, first->id));
  answer["jobs"] = nlohmann::json::array();
  for (std::size_t i = 0; i < plan->size(); ++i) {
    auto const& [job, result, folder] = (*plan)[i];
    answer["jobs"].push_back({{"id", (*made)[i]},
                              {"name", job.name},
                              {"method", job.method},
                              {"is_final_output", result},
                              {"folder", text_or_null(folder)}});
  }
  return json_reply(201, answer);
}

}  // namespace distren

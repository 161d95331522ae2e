// The preview film of a job's frames: made when it is asked for and not there, or older than the frames.
#include <fmt/format.h>

#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/services.h"
#include "server/http/file_reply.h"
#include "server/media/preview.h"

namespace distren {

namespace {

Result<std::vector<PreviewFrame>> finished_frames(Context& context, std::int64_t job) {
  std::vector<PreviewFrame> frames;
  auto const walked = store::for_each_finished_task(context.database(), job, [&](store::Task const& task) {
    context.services.results.staged().place(job, task.output, task.output_sha256);
    frames.push_back({task.output, task.output_sha256});
  });
  if (!walked) return walked.error();
  return frames;
}

// Frames of one image each: neither tiles nor a video.
bool has_frames(store::Job const& job) {
  auto const output = nlohmann::json::parse(job.output, nullptr, false);
  auto const format = output.is_object() ? output.value("format", "") : std::string();
  return job.tiles == 1 && job.accepted > 1 && format != "MP4" && format != "WEBM";
}

double fps_of(store::Job const& job) {
  auto const output = nlohmann::json::parse(job.output, nullptr, false);
  auto const fps = output.is_object() ? output.value("fps", nlohmann::json()) : nlohmann::json();
  return fps.is_number() ? fps.get<double>() : 0;
}

nlohmann::json shape(std::int64_t job, std::string_view state, std::string const& existing, PreviewPlan const* plan) {
  auto const preview = read_preview_name(existing);
  return {{"state", state},
          {"is_current", plan != nullptr && existing == plan->name},
          {"progress", nullptr},
          {"problem", nullptr},
          {"frame_count", preview ? preview->frames : 0},
          {"frame_step", preview ? preview->step : 1},
          {"url", preview ? nlohmann::json(fmt::format("/api/v1/jobs/{}/preview/{}", job, existing)) : nullptr}};
}

}  // namespace

namespace {

// The state, and the plan of what a preview would show now. making: one is being encoded; ready: it shows every frame;
// stale: frames were finished since, or there is none yet; failed; unavailable: the server has no encoder; none: the
// job has no frames that a film could show.
struct PreviewState {
  nlohmann::json shown;
  std::optional<PreviewPlan> missing;  // what could be encoded
};

Result<PreviewState> preview_state(Context& context, store::Job const& job) {
  if (!has_frames(job)) return PreviewState{shape(job.id, "none", "", nullptr), {}};
  auto& previews = context.services.previews;
  auto const existing = find_preview(context.services.config.stor, job.id);
  auto progress = previews.status(job.id);
  if (progress.encoding) {
    auto shown = shape(job.id, "making", existing, nullptr);
    shown["progress"] = progress.fraction;
    return PreviewState{std::move(shown), {}};
  }
  auto frames = finished_frames(context, job.id);
  if (!frames) return frames.error();
  auto plan = plan_preview(std::move(*frames), fps_of(job));
  if (existing == plan.name) return PreviewState{shape(job.id, "ready", existing, &plan), {}};
  if (!previews.available()) return PreviewState{shape(job.id, "unavailable", existing, &plan), {}};
  // Another plan, of more frames, may succeed.
  bool const failed = !progress.problem.empty() && progress.failed == plan.name;
  auto shown = shape(job.id, failed ? "failed" : "stale", existing, &plan);
  if (failed) shown["problem"] = progress.problem;
  return PreviewState{std::move(shown), std::move(plan)};
}

}  // namespace

Reply handle_show_preview(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto const state = preview_state(context, *job);
  return state ? json_reply(200, state->shown) : error_reply(state.error());
}

Reply handle_create_preview(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto state = preview_state(context, *job);
  if (!state) return error_reply(state.error());
  if (!state->missing) return json_reply(200, state->shown);
  if (auto const asked = context.services.previews.request(job->id, *state->missing); !asked)
    return error_reply(asked.error());
  auto making = shape(job->id, "making", find_preview(context.services.config.stor, job->id), nullptr);
  making["progress"] = 0;
  return json_reply(202, making);
}

Reply handle_fetch_preview(Request const& request, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto const name = context.value("name");
  if (!read_preview_name(name)) return error_reply(404, "there is no such film");
  return file_reply(request, {.path = preview_folder(context.services.config.stor, job->id) / name,
                              .content_type = "video/mp4",
                              .tag = fmt::format("\"{}\"", name),
                              .download_name = {},
                              .cache_control = "private, max-age=31536000, immutable"});
}

}  // namespace distren

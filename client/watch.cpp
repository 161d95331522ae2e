#include "client/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "common/base/text.h"

namespace distren::client {
namespace {

std::string rate_text(double per_second) {
  if (per_second * 60 >= 99.5) return fmt::format("{:.0f} frames/min", per_second * 60);
  if (per_second * 60 >= 1) return fmt::format("{:.1f} frames/min", per_second * 60);
  return fmt::format("{:.1f} frames/h", per_second * 3600);
}

double done_frames(Json const& job) {
  return fraction_of(job, "progress") * static_cast<double>(number_of(object_of(job, "tasks"), "total"));
}

}  // namespace

bool in_tiles(Json const& job) {
  return number_of(job, "tiles_per_frame") > 1;
}

bool has_ended(Json const& job) {
  auto const state = text_of(job, "state");
  return state == "finished" || state == "failed" || state == "cancelled";
}

bool is_stopped(Json const& job) {
  auto const by = text_of(job, "paused_by");
  return text_of(job, "state") == "paused" && !by.empty() && by != "owner";
}

std::int64_t rendering_count(Json const& job) {
  auto const& tasks = object_of(job, "tasks");
  return number_of(tasks, "assigned") + number_of(tasks, "rendering") + number_of(tasks, "checking");
}

std::string progress_text(Json const& job, Rate const& rate) {
  auto const& tasks = object_of(job, "tasks");
  auto text = fmt::format("{}/{} frames", number_of(tasks, "finished"), number_of(tasks, "total"));
  if (auto const failed = number_of(tasks, "failed"); failed > 0) text += fmt::format(", {} failed", failed);
  if (text_of(job, "state") == "paused") return text + ", paused";
  if (auto const rendering = rendering_count(job); rendering > 0) text += fmt::format(", {} rendering", rendering);
  if (rate.per_second() > 0) text += ", " + rate_text(rate.per_second());
  auto const left = rate.time_to(static_cast<double>(number_of(object_of(job, "tasks"), "total")));
  if (left && !has_ended(job)) text += ", " + human_time(*left) + " left";
  if (auto const waiting = text_of(job, "wait_reason"); !waiting.empty()) text += ": " + waiting;
  return text;
}

namespace {

constexpr int max_sources = 8;  // of tiles, their stitching, denoising and the video there are four

// The job that keeps this one from beginning, if it does not go on by itself. What cannot be asked is asked later.
std::optional<Json> stopped_source(Session& session, Json const& job) {
  if (rendering_count(job) > 0 || number_of(object_of(job, "tasks"), "finished") > 0) return std::nullopt;
  auto id = id_of(job, "made_from_job_id");
  for (int i = 0; i < max_sources && !id.empty(); ++i) {
    auto source = session.get("/api/v1/jobs/" + id, "job " + id);
    if (!source) return std::nullopt;
    if (is_stopped(*source)) return std::move(*source);
    id = id_of(*source, "made_from_job_id");
  }
  return std::nullopt;
}

}  // namespace

Result<Json> watch_job(Session& session, std::string const& id, std::chrono::seconds patience) {
  using Clock = std::chrono::steady_clock;
  Progress progress(progress_on_stderr(session.settings().quiet));
  Rate rate;
  auto const waiter = session.make_client();
  auto last_answer = Clock::now();
  bool unavailable = false;
  std::chrono::milliseconds wait(200);  // short jobs end soon; long ones are polled less often
  for (;;) {
    auto job = session.get("/api/v1/jobs/" + id, "job " + id);
    auto const now = Clock::now();
    if (job) {
      if (unavailable) progress.note("The server answers again.");
      unavailable = false;
      last_answer = now;
      rate.add(now, done_frames(*job));
      if (has_ended(*job) || is_stopped(*job)) return job;
      if (auto stopped = stopped_source(session, *job)) return std::move(*stopped);
      progress.update(fraction_of(*job, "progress"), progress_text(*job, rate));
    } else {
      if (interrupted || job.error().code != Errc::unavailable || now - last_answer > patience) return job.error();
      if (!unavailable) progress.note(job.error().message + "; slaves keep rendering, waiting for the server");
      unavailable = true;
    }
    if (!waiter.pause(wait)) return fail(Errc::unavailable, "interrupted");
    wait = std::min(wait + wait / 4, std::chrono::milliseconds(2000));
  }
}

std::string warning_text(Json const& warning, bool in_tiles) {
  auto const text = text_of(warning, "message");
  if (auto const frames = number_of(warning, "task_count"); frames > 0)
    return fmt::format("{} ({} {}{})", text, frames, in_tiles ? "tile" : "frame", frames == 1 ? "" : "s");
  auto const count = number_of(warning, "count");
  return count > 1 ? fmt::format("{} ({} times)", text, count) : text;
}

int conclude(Context const& context, Json const& job) {
  auto const state = text_of(job, "state");
  auto const& tasks = object_of(job, "tasks");
  auto line = fmt::format("Job {} {}: {} of {} frames rendered", id_of(job), state, number_of(tasks, "finished"),
                          number_of(tasks, "total"));
  if (auto const reason = text_of(job, "state_reason"); !reason.empty()) line += " (" + reason + ")";
  for (auto const& warning : list_of(job, "warnings")) context.note("warning: " + warning_text(warning, in_tiles(job)));
  if (state != "finished") {
    Context::complain(line + ".");
    if (is_stopped(job))
      Context::complain(fmt::format("distren: nothing more of it is rendered until: distren resume {}", id_of(job)));
    return exit_rejected;
  }
  context.note(line + ".");
  return exit_ok;
}

int keep_running(Context const& context, std::string const& id) {
  context.note(fmt::format("Job {0} keeps running; to follow it: distren job show {0} --wait", id));
  return exit_interrupted;
}

}  // namespace distren::client

#include "server/api/job_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "common/base/json_text.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/dispatch/status.h"
#include "server/submit/finding.h"
#include "server/submit/plan.h"
#include "server/submit/renderer_match.h"

namespace distren {

using nlohmann::json;

namespace {

json scene_to_json(BlendSummary const& summary) {
  json scenes = json::array();
  for (auto const& scene : summary.scenes) {
    scenes.push_back({{"name", scene.name},
                      {"camera", or_null(scene.camera)},
                      {"frame_start", or_null(scene.frame_start)},
                      {"frame_end", or_null(scene.frame_end)},
                      {"frame_step", or_null(scene.frame_step)},
                      {"engine", or_null(scene.engine)},
                      {"width", or_null(scene.width)},
                      {"height", or_null(scene.height)},
                      {"percentage", or_null(scene.percentage)},
                      {"fps", scene.milli_fps ? json(*scene.milli_fps / 1000.0) : json(nullptr)},
                      {"format", or_null(scene.format)},
                      {"samples", or_null(scene.samples)},
                      {"denoising", scene.engine == "CYCLES" ? or_null(scene.denoising) : json(nullptr)},
                      {"cameras", scene.cameras},
                      {"view_layers", scene.view_layers}});
  }
  return {{"active_scene", or_null(summary.active_scene)},
          {"cameras", summary.cameras},
          {"blender_version", summary.version_text},
          {"scenes", std::move(scenes)}};
}

json parsed(std::string const& text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(nullptr) : value;
}

std::string digest_of(store::NewJob const& job, std::string_view path) {
  for (auto const& file : job.files) {
    if (file.path == path) return file.sha256;
  }
  return {};
}

}  // namespace

void warn_of_missing_methods(Services const& services, std::vector<PlannedJob>& plan) {
  if (plan.empty()) return;
  std::vector<Finding> findings;
  std::set<std::pair<std::string, std::string>> asked;
  for (auto const& each : plan) {
    auto const& job = each.job;
    if (!asked.emplace(job.method, job.version).second) continue;
    if (is_offered(services.dispatcher, job.method, job.version).value_or(true)) continue;
    auto const& title = services.methods.at(job.method).title;
    auto const what = job.version == "0" ? title : fmt::format("{} {} or later", title, job.version);
    findings.push_back({.code = "not_offered",
                        .message = fmt::format(
                            "no slave that is online offers {}, so the job '{}' waits for one that "
                            "does{}",
                            what, printable(job.name, 100),
                            job.method == "denoise" ? ": its Blender must have been built with OpenImageDenoise" : ""),
                        .subject = what});
  }
  if (findings.empty()) return;
  auto& warnings = plan.front().job.warnings;
  auto all = parsed(warnings);
  if (!all.is_array()) all = json::array();
  for (auto& each : findings_to_json(findings)) all.push_back(std::move(each));
  warnings = to_text(all);
}

JobRequestLimits request_limits(Services const& services) {
  auto const limits = services.runtime.now();
  return {.frames = limits.frames_per_job, .files = limits.files_per_job, .file_bytes = limits.upload_bytes};
}

InspectionTools inspection_tools(Services const& services) {
  return {.reader = {services.config.scene_program, services.config.sandbox != "off"},
          .blobs = services.blobs,
          .methods = services.methods};
}

ConcurrencyLimiter::Permit acquire_inspection(Services const& services, std::int64_t user) {
  static ConcurrencyLimiter inspections;
  int const workers = services.config.limits.worker_threads;
  return inspections.try_acquire(user, std::max(1, workers * 3 / 4), std::max(1, workers / 2));
}

Reply too_many_inspections() {
  return busy_reply("rate_limited", "several scenes are being inspected; retry in a moment", 1000);
}

Reply handle_check_submission(Request const& request, Context& context) {
  auto& services = context.services;
  auto const permit = acquire_inspection(services, context.caller.user.id);
  if (!permit) return too_many_inspections();
  auto wanted = read_job_request(request.body, services.methods, request_limits(services));
  if (!wanted) return error_reply(wanted.error());
  auto& job = wanted->job;
  auto const missing = missing_digests(context.database(), context.caller.user.id, job.files);
  if (!missing) return error_reply(missing.error());
  auto const source = digest_of(job, job.source);
  if (missing->contains(source)) {
    return error_reply("files_missing",
                       fmt::format("{} is not uploaded yet; upload it first", printable(job.source, 200)));
  }
  job.output = "{}";
  job.warnings = "[]";
  auto const tools = inspection_tools(services);
  SceneFiles scenes(tools, job, *missing);
  auto variations = variations_of(*wanted);
  auto looked = inspect_jobs(tools, variations, scenes);
  std::size_t jobs = 0;
  if (looked) {
    if (auto const matched = match_renderers(context.database(), variations); !matched) looked = matched.error();
  }
  if (looked) {
    job = variations.front().job;
    if (auto plan = plan_submission(variations, services.methods, 1)) {
      jobs = plan->size();
      warn_of_missing_methods(services, *plan);
      job.warnings = plan->front().job.warnings;
    } else {
      looked = plan.error();
    }
  }
  json scene = nullptr;
  if (services.methods.at(job.method).preflight == "blend") {
    if (auto const& summary = scenes.read(job.source)) scene = scene_to_json(*summary);
  }
  json needs = json::array();
  if (looked) {
    for (auto const& need : looked->needs)
      needs.push_back({{"path", need.path}, {"kind", need.kind}, {"state", need.state}});
  }
  if (!looked && looked.error().code != Errc::invalid) return error_reply(looked.error());
  json problems = json::array();
  if (!looked) {
    problems.push_back(parsed(std::get<std::string>(error_reply(looked.error()).body)));
    problems.back()["request_id"] = request.id;
  }
  return json_reply(200, {{"problems", std::move(problems)},
                          {"frame_count", job.frames.size()},
                          {"job_count", jobs},
                          {"renderer", renderer_to_json(job.method, job.renderer, job.version)},
                          {"parameters", looked ? parsed(job.parameters) : wanted->parameters},
                          {"output", output_to_json(job.output)},
                          {"findings", read_findings(job.warnings)},
                          {"external_files", std::move(needs)},
                          {"memory_mib", looked && looked->memory_mib > 0 ? json(looked->memory_mib) : json(nullptr)},
                          {"scene", std::move(scene)}});
}

}  // namespace distren

#include "server/api/job_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <unordered_map>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/http/message.h"
#include "server/submit/blend_check.h"
#include "server/submit/plan.h"
#include "server/submit/povray_check.h"
#include "server/submit/scene_reader.h"

namespace distren {

using nlohmann::json;

namespace {

constexpr std::size_t digests_at_once = 10000;
constexpr auto patience = std::chrono::seconds(90);  // for all .blend files of one job together

template <typename T>
json or_null(std::optional<T> const& value) {
  return value ? json(*value) : json(nullptr);
}

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
                      {"denoising", or_null(scene.denoising)},
                      {"view_layers", scene.view_layers}});
  }
  return {{"active", or_null(summary.active_scene)},
          {"cameras", summary.cameras},
          {"saved_by", summary.version_text},
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

// The scene files of one job; each .blend is read once however often it is asked for.
class SceneCache {
public:
  SceneCache(Services const& services, store::NewJob const& job, std::set<std::string> const& missing)
      : services_(services), until_(Clock::now() + patience) {
    for (auto const& file : job.files) {
      if (!missing.contains(file.sha256)) digests_.emplace(file.path, file.sha256);
    }
  }

  Result<BlendSummary> const& read(std::string const& path) {
    auto const known = read_.find(path);
    return known != read_.end() ? known->second : read_.emplace(path, inspect(path)).first->second;
  }

  Result<PovraySummary> read_povray_text(std::string const& path) const {
    return with_reader<PovraySummary>(path, read_povray);
  }

private:
  using Clock = std::chrono::steady_clock;

  Result<BlendSummary> inspect(std::string const& path) const { return with_reader<BlendSummary>(path, read_blend); }

  template <typename Summary, typename Read>
  Result<Summary> with_reader(std::string const& path, Read const& read) const {
    auto const digest = digests_.find(path);
    if (digest == digests_.end()) return fail(Errc::not_found, "it was not submitted");
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until_ - Clock::now());
    if (left.count() <= 0) return fail(Errc::invalid, "the files before it took too long to read");
    SceneReader reader{services_.config.scene_program, services_.config.sandbox != "off"};
    reader.deadline = std::min(reader.deadline, left);
    return read(reader, services_.blobs.path_of(digest->second));
  }

  Services const& services_;
  Clock::time_point until_;
  std::unordered_map<std::string_view, std::string_view> digests_;
  std::map<std::string, Result<BlendSummary>> read_;
};

// For sources that nothing here can look into: what the definition and the owner's parameters tell.
BlendFindings findings_by_definition(RenderMethod const& method, json const& parameters) {
  BlendFindings findings;
  findings.parameters = parameters;
  auto const format_name = parameters.value("format", "");
  auto const found = std::find_if(method.formats.begin(), method.formats.end(),
                                  [&format_name](auto const& format) { return format.name == format_name; });
  auto const& format = found == method.formats.end() ? method.formats.front() : *found;  // the schema: at least one
  findings.output = {{"format", format.name}, {"pattern", fmt::format("%0{}d.{}", method.digits, format.extension)}};
  if (method.sized && parameters.contains("width") && parameters.contains("height")) {
    findings.output["width"] = parameters["width"];
    findings.output["height"] = parameters["height"];
  }
  findings.version = "0";
  return findings;
}

}  // namespace

JobRequestLimits limits_of(Services const& services) {
  auto const limits = services.runtime.now();
  return {.frames = limits.frames_per_job, .files = limits.files_per_job, .file_bytes = limits.upload_bytes};
}

Result<std::set<std::string>> missing_digests(Database& database, std::int64_t user,
                                              std::vector<store::JobFile> const& files) {
  std::set<std::string> unique;
  for (auto const& file : files) unique.insert(file.sha256);
  std::vector<std::string> const digests(unique.begin(), unique.end());
  std::set<std::string> missing;
  for (std::size_t begin = 0; begin < digests.size(); begin += digests_at_once) {
    auto const end = std::min(begin + digests_at_once, digests.size());
    auto part = store::missing_blobs(
        database, user,
        {digests.begin() + static_cast<std::ptrdiff_t>(begin), digests.begin() + static_cast<std::ptrdiff_t>(end)});
    if (!part) return std::move(part).error();
    missing.insert(part->begin(), part->end());
  }
  return missing;
}

namespace {

Result<BlendFindings> inspect(Services const& services, JobRequest& request, SceneCache& scenes) {
  auto& job = request.job;
  auto const& method = services.methods.at(job.method);
  BlendFindings findings;
  if (method.preflight == "blend") {
    auto found = check_blend(method, job.source, request.parameters, job.files,
                             [&scenes](std::string const& path) { return scenes.read(path); });
    if (!found) return std::move(found).error();
    findings = std::move(*found);
  } else {
    findings = findings_by_definition(method, request.parameters);
    if (method.preflight == "povray") {
      auto checked = check_povray(
          job, [&scenes](std::string const& path) { return scenes.read_povray_text(path); }, findings);
      if (!checked) return std::move(checked).error();
    }
  }
  job.parameters = to_text(findings.parameters);
  job.output = to_text(findings.output);
  job.version = findings.version;
  job.warnings = to_text(findings.warnings);
  return findings;
}

// Of the first one.
Result<BlendFindings> inspect_all(Services const& services, std::span<JobRequest> variations, SceneCache& scenes) {
  std::optional<BlendFindings> first;
  for (auto& one : variations) {
    auto inspected = inspect(services, one, scenes);
    if (!inspected && one.variation.empty()) return inspected;
    if (!inspected)
      return fail(inspected.error().code, fmt::format("variation {}: {}", one.variation, inspected.error().message));
    if (!first) first = std::move(*inspected);
  }
  return std::move(*first);
}

}  // namespace

Result<void> add_findings(Services const& services, std::span<JobRequest> variations,
                          std::set<std::string> const& missing) {
  SceneCache scenes(services, variations.front().job, missing);
  auto const inspected = inspect_all(services, variations, scenes);
  return inspected ? Result<void>() : inspected.error();
}

ConcurrencyLimiter::Permit turn_to_look(Services const& services, std::int64_t user) {
  static ConcurrencyLimiter inspections;
  int const workers = services.config.limits.workers;
  return inspections.try_acquire(user, std::max(1, workers * 3 / 4), std::max(1, workers / 2));
}

Reply many_scenes() {
  return busy_reply(429, "several scenes are being looked into; this one in a moment", 1000);
}

Reply handle_check_job(Request const& request, Context& context) {
  auto& services = context.services;
  auto const permit = turn_to_look(services, context.caller.user.id);
  if (!permit) return many_scenes();
  auto job_request = read_job_request(request.body, services.methods, limits_of(services));
  if (!job_request) return error_reply(job_request.error());
  auto& job = job_request->job;
  auto const missing = missing_digests(context.database(), context.caller.user.id, job.files);
  if (!missing) return error_reply(missing.error());
  auto const source = digest_of(job, job.source);
  if (missing->contains(source)) {
    return error_reply(409, fmt::format("{} is not uploaded yet; upload it first", printable(job.source, 200)));
  }
  job.output = "{}";
  job.warnings = "[]";
  SceneCache scenes(services, job, *missing);
  auto variations = variations_of(*job_request);
  auto inspected = inspect_all(services, variations, scenes);
  std::size_t jobs = 0;
  if (inspected) {
    job = variations.front().job;
    if (auto const plan = plan_submission(variations, services.methods, 1))
      jobs = plan->size();
    else
      inspected = plan.error();
  }
  json scene = nullptr;
  if (services.methods.at(job.method).preflight == "blend") {
    if (auto const& summary = scenes.read(job.source)) scene = scene_to_json(*summary);
  }
  json needs = json::array();
  if (inspected) {
    for (auto const& need : inspected->needs)
      needs.push_back({{"path", need.path}, {"kind", need.kind}, {"state", need.state}});
  }
  if (!inspected && inspected.error().code != Errc::invalid) return error_reply(inspected.error());
  return json_reply(
      200, {{"problem", inspected ? json(nullptr) : json(inspected.error().message)},
            {"frames", job.frames.size()},
            {"jobs", jobs},
            {"version", job.version},
            {"parameters", inspected ? parsed(job.parameters) : job_request->parameters},
            {"output", parsed(job.output)},
            {"warnings", parsed(job.warnings)},
            {"needs", std::move(needs)},
            {"memory_mib", inspected && inspected->memory_mib > 0 ? json(inspected->memory_mib) : json(nullptr)},
            {"scene", std::move(scene)}});
}

}  // namespace distren

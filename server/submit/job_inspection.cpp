#include "server/submit/job_inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "common/base/json_text.h"
#include "common/base/text.h"
#include "server/submit/finding.h"
#include "server/submit/povray_check.h"

namespace distren {

using nlohmann::json;

namespace {

constexpr std::size_t digests_at_once = 10000;
constexpr auto patience = std::chrono::seconds(90);  // for all .blend files of one job together

// For main files without a reader here: what the definition and the owner's parameters contain.
BlendFindings by_definition(RenderMethod const& method, json const& parameters) {
  BlendFindings findings;
  findings.parameters = parameters;
  auto const wanted = parameters.value("format", "");
  auto const found = std::find_if(method.formats.begin(), method.formats.end(),
                                  [&wanted](auto const& format) { return format.name == wanted; });
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
  return fail(Errc::conflict,
              fmt::format("{} of the files {} not uploaded yet: {}{}; upload them first", missing->size(),
                          missing->size() == 1 ? "is" : "are", fmt::join(some, ", "),
                          missing->size() > some.size() ? ", ..." : ""),
              "files_missing");
}

SceneFiles::SceneFiles(InspectionTools const& tools, store::NewJob const& job, std::set<std::string> const& missing)
    : tools_(tools), until_(Clock::now() + patience) {
  for (auto const& file : job.files) {
    if (!missing.contains(file.sha256)) digests_.emplace(file.path, file.sha256);
  }
}

template <typename Summary, typename Read>
Result<Summary> SceneFiles::with_reader(std::string const& path, Read const& read) const {
  auto const digest = digests_.find(path);
  if (digest == digests_.end()) return fail(Errc::not_found, "it was not submitted");
  auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until_ - Clock::now());
  if (left.count() <= 0) return fail(Errc::invalid, "the files before it took too long to read");
  SceneReader reader = tools_.reader;
  reader.deadline = std::min(reader.deadline, left);
  return read(reader, tools_.blobs.path_of(digest->second));
}

Result<BlendSummary> const& SceneFiles::read(std::string const& path) {
  auto const known = known_.find(path);
  if (known != known_.end()) return known->second;
  return known_.emplace(path, with_reader<BlendSummary>(path, read_blend)).first->second;
}

Result<PovraySummary> SceneFiles::read_povray_text(std::string const& path) const {
  return with_reader<PovraySummary>(path, read_povray);
}

namespace {

Result<BlendFindings> inspect_job(InspectionTools const& tools, JobRequest& request, SceneFiles& scenes) {
  auto& job = request.job;
  auto const& method = tools.methods.at(job.method);
  BlendFindings findings;
  if (method.preflight == "blend") {
    auto asked = scene_request(request.parameters);
    asked.tiled = request.steps.tiled;
    asked.denoised_whole = request.steps.denoise;
    auto found = check_blend(method, job.source, request.parameters, asked, job.files,
                             [&scenes](std::string const& path) { return scenes.read(path); });
    if (!found) return std::move(found).error();
    findings = std::move(*found);
  } else {
    findings = by_definition(method, request.parameters);
    if (method.preflight == "povray") {
      auto checked = check_povray(
          job, [&scenes](std::string const& path) { return scenes.read_povray_text(path); }, findings);
      if (!checked) return std::move(checked).error();
    }
  }
  job.parameters = to_text(findings.parameters);
  job.output = to_text(findings.output);
  job.version = findings.version;
  job.renderer.saved = findings.saved;
  job.renderer.engine = findings.engine;
  job.warnings = to_text(findings_to_json(findings.warnings));
  return findings;
}

}  // namespace

Result<BlendFindings> inspect_jobs(InspectionTools const& tools, std::span<JobRequest> variations, SceneFiles& scenes) {
  std::optional<BlendFindings> first;
  for (auto& one : variations) {
    auto looked = inspect_job(tools, one, scenes);
    if (!looked && one.variation.empty()) return looked;
    if (!looked)
      return fail(looked.error().code, fmt::format("variation {}: {}", one.variation, looked.error().message));
    if (!first) first = std::move(*looked);
  }
  return std::move(*first);
}

}  // namespace distren

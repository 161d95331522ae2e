#include "server/submit/blend_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"
#include "scene/blend/blend_memory.h"
#include "scene/blend/file_series.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_libraries = 50;  // looked into for what they need themselves

std::string text_of(nlohmann::json const& parameters, char const* name) {
  auto const found = parameters.find(name);
  return found != parameters.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The path of a needed file from the job's folder, or empty when it lies outside.
std::string inside_job(std::string const& referrer, std::string const& path) {
  auto const joined = (fs::path(referrer).parent_path() / path).lexically_normal().generic_string();
  return joined.starts_with("../") || joined == ".." || joined.starts_with('/') ? std::string() : joined;
}

class BlendChecker {
public:
  BlendChecker(RenderMethod const& method, std::string const& source, nlohmann::json const& parameters,
               SceneRequest const& request, std::vector<store::JobFile> const& files, ReadBlend const& read)
      : method_(method), source_(source), parameters_(parameters), request_(request), read_(read) {
    for (auto const& file : files) {
      sizes_.emplace(file.path, file.size);
      lower_paths_.insert(lower_case(file.path));
    }
  }

  Result<BlendFindings> run();

private:
  Result<void> judge();
  LinkedFile read_library(std::string const& referrer, std::string const& stored);
  void choose_output();
  void warn_of_cache();
  void estimate_memory();
  [[nodiscard]] bool has_folder(std::string const& path) const;
  [[nodiscard]] std::string like_named(std::string const& path) const;
  [[nodiscard]] bool is_here(ExternalFile const& file, std::string const& path) const;
  [[nodiscard]] std::string place_below(ExternalFile const& file, std::string const& referrer) const;
  std::string state_of(ExternalFile const& file, std::string const& referrer);
  void warn_of_files(std::string const& referrer, BlendSummary const& summary);
  void look_into_libraries();
  void warn(Finding finding);

  RenderMethod const& method_;
  std::string const& source_;
  nlohmann::json const& parameters_;
  SceneRequest const& request_;
  ReadBlend const& read_;
  std::map<std::string, std::int64_t> sizes_;  // by path
  std::set<std::string> lower_paths_;
  std::vector<std::string> libraries_;  // of the job, still to be looked into
  BlendSummary summary_;
  std::map<std::string, BlendSummary> linked_;  // by path in the job
  SceneVerdict verdict_;
  BlendFindings findings_;
};

Result<BlendFindings> BlendChecker::run() {
  auto summary = read_(source_);
  if (!summary) {
    return fail(summary.error().code, fmt::format("{}: {}", printable(source_, 200), summary.error().message));
  }
  summary_ = std::move(*summary);
  findings_.parameters = parameters_;
  if (auto judged = judge(); !judged) return std::move(judged).error();
  choose_output();
  findings_.version = blend_version_text(needed_blender(summary_));
  findings_.saved = summary_.version_text;
  findings_.engine = text_of(parameters_, "engine");
  if (findings_.engine.empty()) findings_.engine = printable(verdict_.scene->engine.value_or(""), 64);
  for (auto& finding : verdict_.findings) warn(std::move(finding));
  warn_of_cache();
  warn_of_files(source_, summary_);
  look_into_libraries();
  estimate_memory();
  return std::move(findings_);
}

void BlendChecker::warn(Finding finding) {
  if (findings_.warnings.size() < most_warnings) findings_.warnings.push_back(std::move(finding));
}

Result<void> BlendChecker::judge() {
  auto verdict = judge_scene(summary_, request_, [this](std::string const& referrer, std::string const& stored) {
    return read_library(referrer, stored);
  });
  if (!verdict)
    return fail(verdict.error().code, fmt::format("{}: {}", printable(source_, 200), verdict.error().message));
  verdict_ = std::move(*verdict);
  return {};
}

LinkedFile BlendChecker::read_library(std::string const& referrer, std::string const& stored) {
  std::string relative = stored;
  std::ranges::replace(relative, '\\', '/');
  if (!relative.starts_with("//")) return {};
  relative.erase(0, relative.find_first_not_of('/'));
  auto const path = inside_job(referrer.empty() ? source_ : referrer, relative);
  if (!sizes_.contains(path)) return {};
  auto known = linked_.find(path);
  if (known == linked_.end()) {
    if (linked_.size() >= max_libraries) return {};
    auto const summary = read_(path);
    if (!summary) return {};
    known = linked_.emplace(path, *summary).first;
  }
  return {known->first, &known->second};
}

void BlendChecker::choose_output() {
  auto const& scene = *verdict_.scene;
  auto format = text_of(parameters_, "format");
  if (format.empty()) format = scene.format.value_or("PNG");
  auto const known = [this](std::string const& name) {
    return std::find_if(method_.formats.begin(), method_.formats.end(),
                        [&name](RenderMethod::Format const& each) { return each.name == name; });
  };
  auto place = known(format);
  if (place == method_.formats.end()) {
    warn({.code = "format_changed",
          .message = fmt::format("the scene is set to write {}, not images; frames will be PNG", printable(format, 30)),
          .subject = printable(format, 30)});
    format = "PNG";
    place = known(format);
  }
  if (scene.format != format) findings_.parameters["format"] = format;
  auto const extension = place == method_.formats.end() ? std::string("png") : place->extension;
  findings_.output = {{"format", format}, {"pattern", fmt::format("%0{}d.{}", method_.digits, extension)}};
  if (scene.milli_fps) findings_.output["fps"] = *scene.milli_fps / 1000.0;
  if (scene.pixel_aspect) findings_.output["pixel_aspect"] = *scene.pixel_aspect;

  if (!verdict_.resolution) return;
  if (request_.width > 0 || request_.height > 0) {
    // The renderer gets both, so that it need not compute the same again.
    findings_.parameters["width"] = verdict_.resolution->width;
    findings_.parameters["height"] = verdict_.resolution->height;
  }
  if (!verdict_.picture) return;
  findings_.output["width"] = verdict_.picture->width;
  findings_.output["height"] = verdict_.picture->height;
}

void BlendChecker::warn_of_cache() {
  auto const baked = "blendcache_" + fs::path(source_).stem().string();
  if (summary_.disk_cache && !has_folder((fs::path(source_).parent_path() / baked).generic_string())) {
    warn({.code = "missing_file",
          .message =
              fmt::format("its physics are baked into the folder {}, which was not submitted", printable(baked, 200)),
          .subject = printable(baked, 200)});
  }
}

bool BlendChecker::has_folder(std::string const& path) const {
  auto const next = sizes_.lower_bound(path + "/");
  return next != sizes_.end() && next->first.starts_with(path + "/");
}

// Whatever the referrer's folder, a file of this name that was submitted is probably the one.
std::string BlendChecker::like_named(std::string const& path) const {
  auto const name = lower_case(fs::path(path).filename().generic_string());
  for (auto const& [each, size] : sizes_)
    if (lower_case(fs::path(each).filename().generic_string()) == name) return each;
  return {};
}

bool BlendChecker::is_here(ExternalFile const& file, std::string const& path) const {
  if (file.extent == Extent::folder) return has_folder(path);
  auto const slash = path.rfind('/');
  auto const folder = slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
  FileSeries const series(std::string_view(path).substr(folder.size()), file.extent);
  if (!series.many()) return sizes_.contains(path);
  for (auto next = sizes_.lower_bound(folder); next != sizes_.end() && next->first.starts_with(folder); ++next)
    if (series.has(std::string_view(next->first).substr(folder.size()))) return true;
  return false;
}

// Where the driver finds what is named by an absolute path: by its last parts, in the job's folder or the referrer's.
std::string BlendChecker::place_below(ExternalFile const& file, std::string const& referrer) const {
  for (auto const& base : {std::string(), fs::path(referrer).parent_path().generic_string()})
    for (auto const& candidate : paths_below(file.path))
      if (auto path = base.empty() ? candidate : base + "/" + candidate; is_here(file, path)) return path;
  return {};
}

std::string BlendChecker::state_of(ExternalFile const& file, std::string const& referrer) {
  auto const stored = printable(file.stored, 200);
  auto const who = fmt::format("{}{} '{}'{}", referrer == source_ ? "" : printable(referrer, 200) + ": ", file.kind,
                               stored, file.user.empty() ? "" : ", used by " + printable(file.user, 100));
  bool const quiet = file.kind == "sound" || file.optional;  // no frame looks different without it
  auto const told = [&](std::string_view state, std::string sentence) {
    if (!quiet)
      warn({.code = state == "missing" ? "missing_file" : state, .message = std::move(sentence), .subject = stored});
    return std::string(state);
  };
  auto path = file.absolute ? place_below(file, referrer) : inside_job(referrer, file.path);
  if (file.absolute && path.empty()) {
    auto const shipped = like_named(file.path);
    if (!shipped.empty()) {
      return told("absolute_path",
                  fmt::format("{} is named by an absolute path and will not be found elsewhere, although "
                              "{} was submitted; in Blender choose File > External Data > Make All Paths "
                              "Relative",
                              who, printable(shipped, 200)));
    }
    return told("absolute_path", fmt::format("{} is named by an absolute path and will not be found elsewhere; make it "
                                             "relative or pack it",
                                             who));
  }
  if (path.empty()) {
    return told("outside_root",
                fmt::format("{} lies outside the submitted folder; submit from a folder above it", who));
  }
  if (is_here(file, path)) {
    if (file.kind == "library") libraries_.push_back(path);
    auto const folder = fs::path(path).parent_path();
    auto const lacking = missing_numbers(
        file, [&](std::string const& name) { return sizes_.contains((folder / name).generic_string()); });
    if (lacking.empty()) return "included";
    return told("missing", fmt::format("{} lacks the numbers {}: they were not submitted", who, lacking));
  }
  if (file.extent == Extent::file && lower_paths_.contains(lower_case(path))) {
    return told("other_case", fmt::format("{} is submitted in other upper and lower case; it may not be found", who));
  }
  return told("missing", fmt::format("{} is missing: {} was not submitted", who, printable(path, 200)));
}

void BlendChecker::warn_of_files(std::string const& referrer, BlendSummary const& summary) {
  for (auto const& file : external_files(summary)) {
    auto state = state_of(file, referrer);
    if (file.optional && state != "included") continue;
    if (findings_.needs.size() < max_external_files) {
      findings_.needs.push_back({printable(file.stored, 1000), file.kind, std::move(state)});
    }
  }
}

void BlendChecker::estimate_memory() {
  auto const width = findings_.output.value("width", verdict_.scene->width.value_or(1920));
  auto const height = findings_.output.value("height", verdict_.scene->height.value_or(1080));
  auto const bytes =
      memory_estimate(summary_, std::int64_t{width} * height, [this](std::string const& path) -> std::int64_t {
        auto const found = sizes_.find(inside_job(source_, path));
        return found == sizes_.end() ? 0 : found->second;
      });
  findings_.memory_mib = (bytes >> 20) / 10 * 10;  // it is a guess, and should look like one
}

void BlendChecker::look_into_libraries() {
  std::set<std::string> seen{source_};
  while (!libraries_.empty() && seen.size() < max_libraries) {
    auto const path = libraries_.back();
    libraries_.pop_back();
    if (!seen.insert(path).second) continue;
    auto const summary = read_(path);
    if (summary) {
      warn_of_files(path, *summary);
    } else {
      warn({.code = "unreadable_file",
            .message = fmt::format("the library {} cannot be read: {}", printable(path, 200), summary.error().message),
            .subject = printable(path, 200)});
    }
  }
}

}  // namespace

Result<BlendFindings> check_blend(RenderMethod const& method, std::string const& source,
                                  nlohmann::json const& parameters, SceneRequest const& request,
                                  std::vector<store::JobFile> const& files, ReadBlend const& read) {
  return BlendChecker(method, source, parameters, request, files, read).run();
}

}  // namespace distren

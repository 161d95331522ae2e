#include "server/submit/blend_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"
#include "scene/blend/blend_memory.h"
#include "scene/blend/file_series.h"
#include "server/submit/scene_warnings.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr int longest_side = 16384;  // what the image checker decodes
constexpr std::int64_t most_pixels = 100000000;
constexpr std::size_t max_libraries = 50;  // looked into for what they need themselves

std::string listed(std::vector<std::string> const& names) {
  if (names.empty()) return "it has none";
  constexpr std::size_t most = 20;
  std::vector<std::string> some;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i)
    some.push_back(fmt::format("'{}'", printable(names[i], 80)));
  return fmt::format("it has {}{}", fmt::join(some, ", "),
                     names.size() > most ? fmt::format(" and {} more", names.size() - most) : "");
}

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
               std::vector<store::JobFile> const& files, ReadBlend const& read)
      : method_(method), source_(source), parameters_(parameters), read_(read) {
    for (auto const& file : files) {
      sizes_.emplace(file.path, file.size);
      lower_paths_.insert(lower_case(file.path));
    }
  }

  Result<BlendFindings> run();

private:
  Result<void> choose_scene();
  Result<void> check_camera();
  Result<void> choose_output();
  void choose_version();
  void warn_of_content();
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
  ReadBlend const& read_;
  std::map<std::string, std::int64_t> sizes_;  // by path
  std::set<std::string> lower_paths_;
  std::vector<std::string> libraries_;  // of the job, still to be looked into
  BlendSummary summary_;
  BlendScene const* scene_ = nullptr;
  BlendFindings findings_;
};

Result<BlendFindings> BlendChecker::run() {
  auto summary = read_(source_);
  if (!summary) {
    return fail(summary.error().code, fmt::format("{}: {}", printable(source_, 200), summary.error().message));
  }
  summary_ = std::move(*summary);
  findings_.parameters = parameters_;
  for (auto step : {&BlendChecker::choose_scene, &BlendChecker::check_camera, &BlendChecker::choose_output}) {
    if (auto done = (this->*step)(); !done) return std::move(done).error();
  }
  choose_version();
  findings_.saved = summary_.version_text;
  findings_.engine = text_of(parameters_, "engine");
  if (findings_.engine.empty()) findings_.engine = printable(scene_->engine.value_or(""), 64);
  warn_of_content();
  warn_of_files(source_, summary_);
  look_into_libraries();
  estimate_memory();
  return std::move(findings_);
}

void BlendChecker::warn(Finding finding) {
  if (findings_.warnings.size() < most_warnings) findings_.warnings.push_back(std::move(finding));
}

Result<void> BlendChecker::choose_scene() {
  auto const wanted = text_of(parameters_, "scene");
  auto const name = !wanted.empty() ? wanted : summary_.active_scene.value_or("");
  for (auto const& scene : summary_.scenes) {
    if (scene.name == name) scene_ = &scene;
  }
  if (scene_ != nullptr) return {};
  if (!wanted.empty() && !summary_.lists_cut) {
    std::vector<std::string> names;
    for (auto const& scene : summary_.scenes) names.push_back(scene.name);
    return fail(Errc::invalid, fmt::format("scene '{}' is not in {}; {}", printable(wanted, 100),
                                           printable(source_, 200), listed(names)));
  }
  if (summary_.scenes.empty()) {
    return fail(Errc::invalid, fmt::format("{} has no scene; is it a library?", printable(source_, 200)));
  }
  scene_ = &summary_.scenes.front();
  return {};
}

Result<void> BlendChecker::check_camera() {
  auto const wanted = text_of(parameters_, "camera");
  bool const linked = std::any_of(summary_.files.begin(), summary_.files.end(),
                                  [](BlendFileUse const& use) { return use.kind == "library"; });
  auto const& cameras = summary_.cameras;
  if (!wanted.empty() && std::find(cameras.begin(), cameras.end(), wanted) == cameras.end()) {
    if (!linked && !summary_.lists_cut) {
      return fail(Errc::invalid, fmt::format("camera '{}' is not in {}; {}", printable(wanted, 100),
                                             printable(source_, 200), listed(cameras)));
    }
    warn(
        {.code = "camera_not_in_file",
         .message = fmt::format("camera '{}' is not in the file itself; unless a library has it, every frame will fail",
                                printable(wanted, 100)),
         .subject = printable(wanted, 100)});
  }
  if (wanted.empty() && !scene_->has_camera && !scene_->camera_markers && !scene_->uses_sequencer) {
    return fail(Errc::invalid, fmt::format("scene '{}' of {} has no active camera; name one as camera: {}",
                                           printable(scene_->name, 100), printable(source_, 200), listed(cameras)));
  }
  return {};
}

Result<void> BlendChecker::choose_output() {
  auto format = text_of(parameters_, "format");
  if (format.empty()) format = scene_->format.value_or("PNG");
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
  if (scene_->format != format) findings_.parameters["format"] = format;
  auto const extension = place == method_.formats.end() ? std::string("png") : place->extension;
  findings_.output = {{"format", format}, {"pattern", fmt::format("%0{}d.{}", method_.digits, extension)}};
  if (scene_->milli_fps) findings_.output["fps"] = *scene_->milli_fps / 1000.0;
  if (scene_->pixel_aspect) findings_.output["pixel_aspect"] = *scene_->pixel_aspect;

  auto const number_of = [this](char const* name) {
    auto const given = findings_.parameters.find(name);
    return given != findings_.parameters.end() && given->is_number_integer() ? given->get<std::int64_t>() : 0;
  };
  if (scene_->width.value_or(0) < 1 || scene_->height.value_or(0) < 1) return {};
  std::int64_t across = *scene_->width, down = *scene_->height;
  std::int64_t percentage = scene_->percentage.value_or(100);
  if (number_of("width") > 0 || number_of("height") > 0) {
    // One side alone: the other follows. The renderer gets both, so that it need not compute the same again.
    if (number_of("width") == 0) {
      across = std::max<std::int64_t>(1, across * number_of("height") / down);
      down = number_of("height");
    } else {
      down =
          number_of("height") > 0 ? number_of("height") : std::max<std::int64_t>(1, down * number_of("width") / across);
      across = number_of("width");
    }
    findings_.parameters["width"] = across;
    findings_.parameters["height"] = down;
    percentage = 100;
  }
  if (number_of("percentage") > 0) percentage = number_of("percentage");
  std::int64_t const width = across * percentage / 100;  // as Blender rounds it
  std::int64_t const height = down * percentage / 100;
  if (width < 1 || height < 1 || width > longest_side || height > longest_side || width * height > most_pixels) {
    return fail(Errc::invalid, fmt::format("frames of {}x{} pixels cannot be taken: 1 to {} a side and at most {} "
                                           "megapixels; change percentage or the scene's resolution",
                                           width, height, longest_side, most_pixels / 1000000));
  }
  // A cropped region's size depends on rounding that the file does not contain.
  if (scene_->border.value_or(false) && scene_->crop.value_or(false)) return {};
  findings_.output["width"] = width;
  findings_.output["height"] = height;
  return {};
}

void BlendChecker::choose_version() {
  // 3.4 opens files of 3.6; files of 4.x crash it, and those of 5.x are no .blend to it.
  if (summary_.version < 400) {
    findings_.version = "2.80";
    return;
  }
  int const oldest = summary_.version / 100 * 100;
  int const needed = std::clamp(summary_.needed.value_or(oldest), oldest, summary_.version);
  findings_.version = blend_version_text(needed);
}

void BlendChecker::warn_of_content() {
  for (auto& finding : scene_warnings(summary_, *scene_)) warn(std::move(finding));
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
  auto const width = findings_.output.value("width", scene_->width.value_or(1920));
  auto const height = findings_.output.value("height", scene_->height.value_or(1080));
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
                                  nlohmann::json const& parameters, std::vector<store::JobFile> const& files,
                                  ReadBlend const& read) {
  return BlendChecker(method, source, parameters, files, read).run();
}

}  // namespace distren

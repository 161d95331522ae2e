#include "server/api/blend_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/text.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr int longest_side = 16384;  // what the image checker decodes
constexpr std::int64_t most_pixels = 100000000;
constexpr std::size_t most_warnings = 50;
constexpr std::size_t most_libraries = 50;  // looked into for what they need themselves

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

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

class Checker {
public:
  Checker(RenderMethod const& method, std::string const& source, nlohmann::json const& parameters,
          std::vector<store::JobFile> const& files, ReadBlend const& read)
      : method_(method), source_(source), parameters_(parameters), read_(read) {
    for (auto const& file : files) {
      paths_.insert(file.path);
      lower_paths_.insert(lower(file.path));
      folders_.insert(fs::path(file.path).parent_path().generic_string());
    }
  }

  Result<BlendFindings> run();

private:
  Result<void> choose_scene();
  Result<void> check_camera();
  Result<void> choose_output();
  void choose_version();
  void warn_of_content();
  void warn_of_files(std::string const& referrer, BlendSummary const& summary);
  void look_into_libraries();
  void warn(std::string sentence);

  RenderMethod const& method_;
  std::string const& source_;
  nlohmann::json const& parameters_;
  ReadBlend const& read_;
  std::set<std::string> paths_;
  std::set<std::string> lower_paths_;
  std::set<std::string> folders_;
  std::vector<std::string> libraries_;  // of the job, still to be looked into
  BlendSummary summary_;
  BlendScene const* scene_ = nullptr;
  BlendFindings findings_;
};

Result<BlendFindings> Checker::run() {
  auto summary = read_(source_);
  if (!summary) {
    return fail(summary.error().code, fmt::format("{}: {}", printable(source_, 200), summary.error().message));
  }
  summary_ = std::move(*summary);
  findings_.parameters = parameters_;
  for (auto step : {&Checker::choose_scene, &Checker::check_camera, &Checker::choose_output}) {
    if (auto done = (this->*step)(); !done) return std::move(done).error();
  }
  choose_version();
  warn_of_content();
  warn_of_files(source_, summary_);
  look_into_libraries();
  return std::move(findings_);
}

void Checker::warn(std::string sentence) {
  if (findings_.warnings.size() < most_warnings) findings_.warnings.push_back(std::move(sentence));
}

Result<void> Checker::choose_scene() {
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

Result<void> Checker::check_camera() {
  auto const wanted = text_of(parameters_, "camera");
  bool const linked = std::any_of(summary_.files.begin(), summary_.files.end(),
                                  [](BlendFileUse const& use) { return use.kind == "library"; });
  auto const& cameras = summary_.cameras;
  if (!wanted.empty() && std::find(cameras.begin(), cameras.end(), wanted) == cameras.end()) {
    if (!linked && !summary_.lists_cut) {
      return fail(Errc::invalid, fmt::format("camera '{}' is not in {}; {}", printable(wanted, 100),
                                             printable(source_, 200), listed(cameras)));
    }
    warn(fmt::format("camera '{}' is not in the file itself; unless a library has it, every frame will fail",
                     printable(wanted, 100)));
  }
  if (wanted.empty() && !scene_->has_camera && !scene_->uses_sequencer) {
    return fail(Errc::invalid, fmt::format("scene '{}' of {} has no active camera; name one as camera: {}",
                                           printable(scene_->name, 100), printable(source_, 200), listed(cameras)));
  }
  return {};
}

Result<void> Checker::choose_output() {
  auto format = text_of(parameters_, "format");
  if (format.empty()) format = scene_->format.value_or("PNG");
  auto const known = [this](std::string const& name) {
    return std::find_if(method_.formats.begin(), method_.formats.end(),
                        [&name](RenderMethod::Format const& each) { return each.name == name; });
  };
  auto place = known(format);
  if (place == method_.formats.end()) {
    warn(fmt::format("the scene is set to write {}, not images; frames will be PNG", printable(format, 30)));
    format = "PNG";
    place = known(format);
  }
  if (scene_->format != format) findings_.parameters["format"] = format;
  auto const extension = place == method_.formats.end() ? std::string("png") : place->extension;
  findings_.output = {{"format", format}, {"pattern", fmt::format("%0{}d.{}", method_.digits, extension)}};

  auto const given = parameters_.find("percentage");
  std::int64_t const percentage = given != parameters_.end() && given->is_number_integer()
                                      ? given->get<std::int64_t>()
                                      : scene_->percentage.value_or(100);
  if (!scene_->width || !scene_->height) return {};
  std::int64_t const width = std::int64_t{*scene_->width} * percentage / 100;  // as Blender rounds it
  std::int64_t const height = std::int64_t{*scene_->height} * percentage / 100;
  if (width < 1 || height < 1 || width > longest_side || height > longest_side || width * height > most_pixels) {
    return fail(Errc::invalid, fmt::format("frames of {}x{} pixels cannot be taken: 1 to {} a side and at most {} "
                                           "megapixels; change percentage or the scene's resolution",
                                           width, height, longest_side, most_pixels / 1000000));
  }
  // A cropped region's size depends on rounding that the file does not tell.
  if (scene_->border.value_or(false) && scene_->crop.value_or(false)) return {};
  findings_.output["width"] = width;
  findings_.output["height"] = height;
  return {};
}

void Checker::choose_version() {
  // 3.4 opens files of 3.6; files of 4.x crash it, and those of 5.x are no .blend to it.
  if (summary_.version < 400) {
    findings_.version = "2.80";
    return;
  }
  int const oldest = summary_.version / 100 * 100;
  int const needed = std::clamp(summary_.needed.value_or(oldest), oldest, summary_.version);
  findings_.version = blend_version_text(needed);
}

void Checker::warn_of_content() {
  if (summary_.version < 280) {
    warn(fmt::format("the file was saved by Blender {}; newer ones open it, but its materials may look different",
                     summary_.version_text));
  }
  if (scene_->rigid_body_world && !scene_->rigid_body_baked) {
    warn(
        "its rigid bodies are not baked: frames rendered on different machines will not fit together; bake them and "
        "submit again");
  } else if (summary_.unbaked_point_caches > 0) {
    warn("some of its physics are not baked: frames rendered on different machines may not fit together");
  }
  if (summary_.scripted_drivers > 0 || summary_.registered_texts > 0) {
    warn(
        "it has scripts (drivers or texts); they do not run on other people's machines, so what they move stands "
        "still");
  }
  if (summary_.freestyle_scripts > 0) warn("its Freestyle scripts do not run on other people's machines");
  if (scene_->file_output_nodes) warn("its File Output nodes are switched off; only the frame itself is handed in");
  if (scene_->denoise_nodes || scene_->denoising.value_or(false)) {
    warn("it denoises; slaves whose Blender cannot denoise will hand in the frame as it was rendered");
  }
}

void Checker::warn_of_files(std::string const& referrer, BlendSummary const& summary) {
  for (auto const& file : external_files(summary)) {
    if (file.kind == "sound") continue;
    auto const stored = printable(file.stored, 200);
    auto const who =
        fmt::format("{}{} '{}'", referrer == source_ ? "" : printable(referrer, 200) + ": ", file.kind, stored);
    if (file.absolute) {
      warn(fmt::format("{} is named by an absolute path and will not be found elsewhere; make it relative or pack it",
                       who));
      continue;
    }
    auto const path = inside_job(referrer, file.path);
    if (path.empty()) {
      warn(fmt::format("{} lies outside the submitted folder; submit from a folder above it", who));
    } else if (paths_.contains(path)) {
      if (file.kind == "library") libraries_.push_back(path);
    } else if (file.many ? !folders_.contains(fs::path(path).parent_path().generic_string())
                         : !lower_paths_.contains(lower(path))) {
      warn(fmt::format("{} is missing: {} was not submitted", who, printable(path, 200)));
    } else if (!file.many) {
      warn(fmt::format("{} is submitted in other upper and lower case; it may not be found", who));
    }
  }
}

void Checker::look_into_libraries() {
  std::set<std::string> seen{source_};
  while (!libraries_.empty() && seen.size() < most_libraries) {
    auto const path = libraries_.back();
    libraries_.pop_back();
    if (!seen.insert(path).second) continue;
    auto const summary = read_(path);
    if (summary) {
      warn_of_files(path, *summary);
    } else {
      warn(fmt::format("the library {} cannot be read: {}", printable(path, 200), summary.error().message));
    }
  }
}

}  // namespace

Result<BlendFindings> check_blend(RenderMethod const& method, std::string const& source,
                                  nlohmann::json const& parameters, std::vector<store::JobFile> const& files,
                                  ReadBlend const& read) {
  return Checker(method, source, parameters, files, read).run();
}

}  // namespace distren

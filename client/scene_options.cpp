#include "client/scene_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "common/base/text.h"
#include "common/render/frame_range.h"

namespace distren::client {
namespace {

constexpr std::size_t max_libraries = 50;
constexpr std::size_t max_job_name = 200;  // bytes; the server's limit

// Libraries as they lie on this machine, each read once.
class Libraries {
public:
  explicit Libraries(std::filesystem::path blend) : blend_(std::move(blend)) {}

  LinkedFile read(std::string const& referrer, std::string const& stored) {
    auto const path = absolute_path(referrer.empty() ? blend_ : std::filesystem::path(referrer), stored);
    auto known = known_.find(path.string());
    if (known == known_.end()) {
      if (known_.size() >= max_libraries) return {};
      auto summary = inspect_blend(path);
      known = known_.emplace(path.string(), summary ? std::optional(std::move(*summary)) : std::nullopt).first;
    }
    return {known->first, known->second ? &*known->second : nullptr};
  }

private:
  // "//" means: relative to the folder of the file that names it. Windows writes backslashes.
  static std::filesystem::path absolute_path(std::filesystem::path const& referrer, std::string stored) {
    std::ranges::replace(stored, '\\', '/');
    if (!stored.starts_with("//")) return stored;
    return (referrer.parent_path() / stored.substr(stored.find_first_not_of('/'))).lexically_normal();
  }

  std::filesystem::path blend_;
  std::map<std::string, std::optional<BlendSummary>> known_;
};

Result<std::string> frames_of(BlendScene const& scene) {
  if (!scene.frame_start || !scene.frame_end)
    return fail(Errc::invalid, "the file has no frame range; set it, like --frames 1-250");
  auto text = fmt::format("{}-{}", *scene.frame_start, *scene.frame_end);
  if (*scene.frame_start == *scene.frame_end)
    text = fmt::to_string(*scene.frame_start);
  else if (scene.frame_step.value_or(1) > 1)
    text += fmt::format("x{}", *scene.frame_step);
  if (auto const parsed = parse_frames(text); !parsed)
    return fail(Errc::invalid, fmt::format("the scene's own frame range cannot be used ({}); set the frames, like "
                                           "--frames 1-250",
                                           parsed.error().message));
  return text;
}

}  // namespace

Result<std::string> check_options(std::filesystem::path const& blend, BlendSummary const& summary,
                                  std::string const& frames, std::optional<SceneRequest> const& request) {
  Libraries libraries(blend);
  auto const read = [&](std::string const& referrer, std::string const& stored) {
    return libraries.read(referrer, stored);
  };
  BlendScene const* scene = nullptr;
  if (request) {
    auto const verdict = judge_scene(summary, *request, read);
    if (!verdict) return verdict.error();
    scene = verdict->scene;
  } else {
    auto const chosen = choose_scene(summary, "");
    if (!chosen) return chosen.error();
    scene = *chosen;
  }
  return frames.empty() ? frames_of(*scene) : Result<std::string>(frames);
}

std::string job_name_of(std::filesystem::path const& file) {
  auto const name = whole_characters(printable(file.stem().string(), 4096), max_job_name);
  return name.empty() ? "scene" : name;
}

}  // namespace distren::client

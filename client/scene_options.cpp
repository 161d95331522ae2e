#include "client/scene_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/render/frame_range.h"

namespace distren::client {
namespace {

// "Side, Top and 3 more".
std::string listed(std::vector<std::string> const& names) {
  constexpr std::size_t most = 12;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    out += (i == 0 ? "'" : ", '") + printable(names[i], 64) + "'";
  return names.size() > most ? out + fmt::format(" and {} more", names.size() - most) : out;
}

bool links_libraries(BlendSummary const& summary) {
  return std::ranges::any_of(summary.files, [](BlendFileUse const& file) { return file.kind == "library"; });
}

Result<BlendScene const*> chosen_scene(BlendSummary const& summary, std::string const& name) {
  if (summary.scenes.empty()) return fail(Errc::invalid, "the file has no scene; there is nothing to render in it");
  std::vector<std::string> names;
  for (auto const& scene : summary.scenes) {
    if (scene.name == name) return &scene;
    names.push_back(scene.name);
  }
  if (!name.empty() && !summary.lists_cut)
    return fail(Errc::invalid,
                fmt::format("the scene '{}' is not in the file; it has {}", printable(name, 64), listed(names)));
  auto const active = std::ranges::find(summary.scenes, summary.active_scene.value_or(""), &BlendScene::name);
  return active == summary.scenes.end() ? &summary.scenes.front() : &*active;
}

Result<void> check_camera(BlendSummary const& summary, BlendScene const& scene, std::string const& camera,
                          std::vector<std::string>& warnings) {
  if (!camera.empty()) {
    if (std::ranges::find(summary.cameras, camera) != summary.cameras.end()) return {};
    if (links_libraries(summary) || summary.lists_cut) {
      warnings.push_back(
          fmt::format("the camera '{}' is not in the file itself; if it is in none of the linked "
                      "libraries either, every frame will fail",
                      printable(camera, 64)));
      return {};
    }
    return fail(Errc::invalid, fmt::format("the camera '{}' is not in the file; it has {}", printable(camera, 64),
                                           summary.cameras.empty() ? "none" : listed(summary.cameras)));
  }
  if (scene.camera || scene.has_camera || scene.camera_markers || scene.uses_sequencer) return {};
  auto const way_out =
      summary.cameras.empty() ? "add one in Blender" : "choose one with --camera: " + listed(summary.cameras);
  return fail(Errc::invalid,
              fmt::format("the scene '{}' has no active camera; {}", printable(scene.name, 64), way_out));
}

Result<std::string> frames_of(BlendScene const& scene) {
  if (!scene.frame_start || !scene.frame_end)
    return fail(Errc::invalid, "the file has no frame range; set it, like --frames 1-250");
  auto text = fmt::format("{}-{}", *scene.frame_start, *scene.frame_end);
  if (*scene.frame_start == *scene.frame_end)
    text = fmt::to_string(*scene.frame_start);
  else if (scene.frame_step.value_or(1) > 1)
    text += fmt::format("x{}", *scene.frame_step);
  return text;
}

}  // namespace

Result<CheckedOptions> check_options(BlendSummary const& summary, SceneOptions const& options) {
  auto scene = chosen_scene(summary, options.scene);
  if (!scene) return scene.error();
  CheckedOptions out{options.frames, {}};
  if (auto camera = check_camera(summary, **scene, options.camera, out.warnings); !camera) return camera.error();
  if (out.frames.empty()) {
    auto own = frames_of(**scene);
    if (!own) return own.error();
    out.frames = *own;
    if (auto parsed = parse_frames(out.frames); !parsed)
      return fail(Errc::invalid, fmt::format("the scene's own frame range cannot be used ({}); set the frames, like "
                                             "--frames 1-250",
                                             parsed.error().message));
  }
  return out;
}

}  // namespace distren::client

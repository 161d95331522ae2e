#include "scene/blend/scene_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "common/base/text.h"
#include "scene/blend/scene_cameras.h"
#include "scene/blend/scene_warnings.h"

namespace distren {
namespace {

constexpr std::int64_t longest_side = 16384;  // what the image checker decodes
constexpr std::int64_t most_pixels = 100'000'000;

// Engines that are part of Blender, or were: files of those become Eevee's when a newer one opens them.
constexpr std::array<std::string_view, 8> engines{
    "CYCLES",         "BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH", "BLENDER_WORKBENCH_NEXT",
    "BLENDER_RENDER", "BLENDER_GAME",  "BLENDER_CLAY"};

std::string quoted(std::string const& name) {
  return fmt::format("'{}'", printable(name, 80));
}

BlendScene const* scene_named(BlendSummary const& summary, std::string const& name) {
  auto const found = std::ranges::find(summary.scenes, name, &BlendScene::name);
  return found == summary.scenes.end() ? nullptr : &*found;
}

std::vector<std::string> all_layers(BlendScene const& scene) {
  auto names = scene.view_layers;
  names.insert(names.end(), scene.disabled_view_layers.begin(), scene.disabled_view_layers.end());
  std::ranges::sort(names);
  return names;
}

Result<void> check_view_layer(BlendSummary const& summary, BlendScene const& scene, std::string const& wanted,
                              std::vector<Finding>& findings) {
  auto const layers = all_layers(scene);
  if (wanted.empty()) {
    bool const none = scene.view_layers.empty() && !layers.empty();
    if (none && !scene.uses_sequencer)
      findings.push_back({.code = "no_view_layer",
                          .message = fmt::format("no view layer of the scene {} is enabled, so its frames are empty; "
                                                 "enable one, or choose it as view-layer: {}",
                                                 quoted(scene.name), names_of(layers)),
                          .subject = printable(scene.name, 100)});
    return {};
  }
  if (summary.lists_cut || std::ranges::find(layers, wanted) != layers.end()) return {};
  return fail(Errc::invalid, fmt::format("the view layer {} is not in the scene {}; {}", quoted(wanted),
                                         quoted(scene.name), names_of(layers)));
}

// Every scene that is rendered for a frame needs an engine that the slaves have.
Result<void> check_engines(BlendSummary const& summary, BlendScene const& scene, std::string const& wanted) {
  for (auto const* rendered : rendered_scenes(summary, scene)) {
    auto const engine = rendered == &scene && !wanted.empty() ? wanted : rendered->engine.value_or("");
    if (engine.empty() || std::ranges::find(engines, engine) != engines.end()) continue;
    return fail(Errc::invalid,
                fmt::format("the scene {} is rendered by {}, the engine of an add-on, which no slave has{}",
                            quoted(rendered->name), printable(engine, 40),
                            rendered == &scene ? "; choose engine: CYCLES, BLENDER_EEVEE or BLENDER_WORKBENCH"
                                               : fmt::format(", for the frames of {}; choose another in Blender",
                                                             quoted(scene.name))));
  }
  return {};
}

std::optional<Resolution> resolution_of(BlendScene const& scene, SceneRequest const& request) {
  if (scene.width.value_or(0) < 1 || scene.height.value_or(0) < 1) return std::nullopt;
  Resolution out{*scene.width, *scene.height, std::max(1, scene.percentage.value_or(100))};
  if (request.width > 0 || request.height > 0) {
    auto const width = out.width, height = out.height;
    // One side alone: the other follows.
    out.width = request.width > 0 ? request.width : std::max<std::int64_t>(1, width * request.height / height);
    out.height = request.height > 0 ? request.height : std::max<std::int64_t>(1, height * request.width / width);
    out.percentage = 100;
  }
  if (request.percentage > 0) out.percentage = request.percentage;
  return out;
}

Result<void> check_size(BlendScene const& scene, Resolution const& resolution, Picture const& picture) {
  auto const whole_width = resolution.across(), whole_height = resolution.down();
  auto const fits = [](std::int64_t width, std::int64_t height) {
    return width >= 1 && height >= 1 && width <= longest_side && height <= longest_side &&
           width * height <= most_pixels;
  };
  if (!fits(whole_width, whole_height))
    return fail(Errc::invalid, fmt::format("frames of {}x{} pixels cannot be taken: 1 to {} a side and at most {} "
                                           "megapixels; change percentage or the scene's resolution",
                                           whole_width, whole_height, longest_side, most_pixels / 1'000'000));
  if (picture.width >= 1 && picture.height >= 1) {
    if (fits(picture.width, picture.height)) return {};
    return fail(Errc::invalid, fmt::format("stereo frames of {}x{} pixels cannot be taken: at most {} a side and {} "
                                           "megapixels; change percentage or the scene's resolution",
                                           picture.width, picture.height, longest_side, most_pixels / 1'000'000));
  }
  return fail(Errc::invalid, fmt::format("the render region of the scene {} has {}x{} of the {}x{} pixels; Blender "
                                         "saves no such picture: make the region larger, or switch it off",
                                         quoted(scene.name), picture.width, picture.height, whole_width, whole_height));
}

Result<void> no_tiles(BlendScene const& scene, std::string const& why) {
  return fail(Errc::invalid, fmt::format("tiles: the scene {} {}, or render it whole", quoted(scene.name), why));
}

// A tile is a render region of its own; what needs the whole picture would show at its edges.
Result<void> check_tiles(BlendScene const& scene, SceneRequest const& request, std::vector<Finding>& findings) {
  if (scene.border.value_or(false))
    return no_tiles(scene, "renders only a region of its picture; switch off Output > Format > Render Region");
  if (scene.uses_sequencer)
    return no_tiles(scene,
                    "takes its picture from the video sequencer, which scales it into each tile; switch off "
                    "Output > Post Processing > Sequencer");
  if (scene.stereo) return no_tiles(scene, "renders stereo views; switch off Output > Stereoscopy");
  if (scene.freestyle)
    return no_tiles(scene, "draws Freestyle lines over the whole picture; switch off Render > Freestyle");
  if (scene.composites && !scene.wide_nodes.empty())
    return no_tiles(scene, fmt::format("has compositor nodes that need the whole picture ({}); mute them",
                                       printable(fmt::format("{}", fmt::join(scene.wide_nodes, ", ")), 300)));
  auto const engine = request.engine.empty() ? scene.engine.value_or("") : request.engine;
  if (engine == "CYCLES" && scene.denoising.value_or(false) && !request.denoised_whole)
    findings.push_back({.code = "tiles_not_denoised",
                        .message = "it denoises, but tiles are not denoised one by one, which would show at their "
                                   "edges; ask for denoising of the stitched frame"});
  return {};
}

}  // namespace

std::string names_of(std::vector<std::string> const& names) {
  if (names.empty()) return "it has none";
  constexpr std::size_t most = 12;
  std::vector<std::string> some;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i) some.push_back(quoted(names[i]));
  return fmt::format("it has {}{}", fmt::join(some, ", "),
                     names.size() > most ? fmt::format(" and {} more", names.size() - most) : "");
}

Result<BlendScene const*> choose_scene(BlendSummary const& summary, std::string const& wanted) {
  if (summary.scenes.empty())
    return fail(Errc::invalid, "the file has no scene; there is nothing to render in it: is it a library?");
  if (auto const* scene = scene_named(summary, wanted.empty() ? summary.active_scene.value_or("") : wanted))
    return scene;
  if (wanted.empty() || summary.lists_cut) return &summary.scenes.front();
  std::vector<std::string> names;
  for (auto const& scene : summary.scenes) names.push_back(scene.name);
  return fail(Errc::invalid, fmt::format("the scene {} is not in the file; {}", quoted(wanted), names_of(names)));
}

SceneRequest scene_request(nlohmann::json const& parameters) {
  SceneRequest out;
  auto text = [&](char const* name, std::string& to) {
    if (auto const found = parameters.find(name); found != parameters.end() && found->is_string())
      to = found->get<std::string>();
  };
  auto number = [&](char const* name, std::int64_t& to) {
    if (auto const found = parameters.find(name); found != parameters.end() && found->is_number_integer())
      to = std::clamp<std::int64_t>(found->get<std::int64_t>(), 0, 1 << 20);
  };
  text("scene", out.scene);
  text("camera", out.camera);
  text("view-layer", out.view_layer);
  text("engine", out.engine);
  number("width", out.width);
  number("height", out.height);
  number("percentage", out.percentage);
  return out;
}

Picture saved_size(BlendScene const& scene, Resolution const& resolution) {
  Picture out{resolution.across(), resolution.down()};
  if (scene.border.value_or(false) && scene.crop.value_or(false)) {
    auto const pixel = [](double part, std::int64_t size) {
      return static_cast<std::int64_t>(static_cast<float>(part) * static_cast<float>(size));
    };
    out = {pixel(scene.right, out.width) - pixel(scene.left, out.width),
           pixel(scene.top, out.height) - pixel(scene.bottom, out.height)};
  }
  if (scene.stereo == "SIDE_BY_SIDE") out.width *= 2;
  if (scene.stereo == "TOP_BOTTOM") out.height *= 2;
  return out;
}

int needed_blender(BlendSummary const& summary) {
  // Below 3.0 files say nothing about what newer Blenders need; a claim to be newer than the file itself is none.
  return std::max(oldest_blender, std::min(summary.needed.value_or(0), summary.version));
}

Result<SceneVerdict> judge_scene(BlendSummary const& summary, SceneRequest const& request, ReadLibrary const& read) {
  auto const chosen = choose_scene(summary, request.scene);
  if (!chosen) return chosen.error();
  auto const& scene = **chosen;
  SceneVerdict out{&scene, resolution_of(scene, request), std::nullopt, {}};
  if (auto good = check_cameras(summary, scene, request.camera, read, out.findings); !good) return good.error();
  if (auto good = check_view_layer(summary, scene, request.view_layer, out.findings); !good) return good.error();
  if (auto good = check_engines(summary, scene, request.engine); !good) return good.error();
  if (out.resolution) {
    auto const picture = saved_size(scene, *out.resolution);
    if (auto good = check_size(scene, *out.resolution, picture); !good) return good.error();
    out.picture = picture;
  }
  if (request.tiled)
    if (auto good = check_tiles(scene, request, out.findings); !good) return good.error();
  if (scene.composites_without_output && !scene.uses_sequencer && summary.version >= 400)
    return fail(Errc::invalid,
                fmt::format("the compositor of the scene {} has no output node, so Blender saves no picture; add one, "
                            "or switch off Output > Post Processing > Compositing",
                            quoted(scene.name)));
  for (auto& each : scene_warnings(summary, scene, request)) out.findings.push_back(std::move(each));
  return out;
}

}  // namespace distren

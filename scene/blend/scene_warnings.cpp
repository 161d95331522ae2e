#include "scene/blend/scene_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "scene/blend/scene_cameras.h"

namespace distren {

namespace {

// "rigid bodies, cloth and fluid".
std::string enumerated(std::vector<std::string> const& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += i == 0 ? "" : i + 1 == words.size() ? " and " : ", ";
    out += words[i];
  }
  return out;
}

void warn_of_physics(BlendSummary const& summary, BlendScene const& scene, std::vector<Finding>& out) {
  std::vector<std::string> kinds;
  if (scene.rigid_body_world && !scene.rigid_body_baked) kinds.emplace_back("rigid bodies");
  kinds.insert(kinds.end(), summary.unbaked.begin(), summary.unbaked.end());
  if (kinds.empty()) return;
  bool const fluid = kinds.size() == 1 && kinds.front() == "fluid";
  out.push_back(
      {.code = "unbaked_physics",
       .message = fmt::format(
           "it has physics that are not baked ({}): every frame is rendered alone, without those before it, and "
           "will not fit its neighbours; in Blender choose {}, save, and submit again",
           enumerated(kinds),
           fluid ? "Physics > Fluid > Cache > Bake All, into a folder beside the .blend"
                 : "Scene > Rigid Body World or Physics > Cache > Bake All Dynamics"),
       .subject = enumerated(kinds),
       .count = static_cast<int>(kinds.size())});
}

// Names of Blender's own colour management, 2.6 to 5.2. Others come from a configuration (OCIO) that slaves do not
// have; Blender then takes a view of its own without a word.
bool own_view(std::string_view name) {
  constexpr std::array<std::string_view, 18> names{
      "",    "Default", "Standard", "Filmic", "Filmic Log", "Raw",  "False Color",  "AgX",      "Khronos PBR Neutral",
      "Log", "RRT",     "Film",     "DCI",    "AgX Log",    "None", "False Colour", "ACES 1.3", "ACES 2.0"};
  return std::ranges::find(names, name) != names.end();
}

bool own_look(std::string_view name) {
  for (std::string_view const view :
       {"AgX - ", "False Color - ", "Filmic - ", "Standard - ", "ACES 1.3 - ", "ACES 2.0 - "})
    if (name.starts_with(view)) return own_look(name.substr(view.size()));
  constexpr std::array<std::string_view, 13> names{"",
                                                   "None",
                                                   "Reference Gamut Compression",
                                                   "Punchy",
                                                   "Greyscale",
                                                   "Very High Contrast",
                                                   "High Contrast",
                                                   "Medium High Contrast",
                                                   "Medium Contrast",
                                                   "Base Contrast",
                                                   "Medium Low Contrast",
                                                   "Low Contrast",
                                                   "Very Low Contrast"};
  return std::ranges::find(names, name) != names.end();
}

bool own_display(std::string_view name) {
  constexpr std::array<std::string_view, 12> names{"",         "sRGB",        "XYZ",          "None",
                                                   "Rec709",   "DCI-P3",      "Display P3",   "Rec.1886",
                                                   "Rec.2020", "Rec.2100-PQ", "Rec.2100-HLG", "P3-D65"};
  return std::ranges::find(names, name) != names.end();
}

void warn_of_colours(BlendScene const& scene, std::vector<Finding>& out) {
  std::vector<std::string> foreign;
  auto const check = [&](char const* what, std::optional<std::string> const& name, bool (*own)(std::string_view)) {
    if (name && !own(*name)) foreign.push_back(fmt::format("{} '{}'", what, printable(*name, 64)));
  };
  check("view", scene.view_transform, own_view);
  check("look", scene.look, own_look);
  check("display", scene.display, own_display);
  if (foreign.empty()) return;
  out.push_back({.code = "foreign_colours",
                 .message = fmt::format("its colour management is not Blender's own ({}): slaves do not have that "
                                        "configuration, so colours will be others; choose a view of Blender's, or "
                                        "OpenEXR, which stores colours before it",
                                        enumerated(foreign)),
                 .subject = enumerated(foreign),
                 .count = static_cast<int>(foreign.size())});
}

void warn_of_stereo(BlendScene const& scene, std::vector<Finding>& out) {
  bool const files = scene.stereo == "FILES";
  out.push_back({.code = "stereo_views",
                 .message = files
                                ? "it renders several views (stereo), each into a file of its own; a frame has them all"
                                : "it renders two views (stereo), which Blender puts together in one picture"});
}

// Cycles denoises scene by scene, also those that the compositor or a strip shows.
bool denoises(BlendSummary const& summary, BlendScene const& scene, SceneRequest const& request) {
  for (auto const* each : rendered_scenes(summary, scene)) {
    auto const engine = each == &scene && !request.engine.empty() ? request.engine : each->engine.value_or("");
    if (engine == "CYCLES" && each->denoising.value_or(false) && !(request.tiled && each == &scene)) return true;
  }
  return scene.denoise_nodes && !scene.uses_sequencer;
}

}  // namespace

std::vector<Finding> scene_warnings(BlendSummary const& summary, BlendScene const& scene, SceneRequest const& request) {
  std::vector<Finding> out;
  if (summary.version < 280) {
    out.push_back(
        {.code = "old_blender_file",
         .message = fmt::format("the file was saved by Blender {}; newer ones open it, but its materials may look "
                                "different",
                                summary.version_text),
         .subject = summary.version_text});
  }
  warn_of_physics(summary, scene, out);
  if (summary.scripted_drivers > 0 || summary.registered_texts > 0) {
    out.push_back(
        {.code = "scripts_disabled",
         .message =
             "it has scripts (drivers or texts); they do not run on other people's machines, so what they move stands "
             "still; bake it to keyframes (Object > Animation > Bake Action)",
         .count = summary.scripted_drivers + summary.registered_texts});
  }
  if (scene.freestyle_scripts > 0)
    out.push_back({.code = "freestyle_disabled",
                   .message = "its Freestyle style modules are scripts, which do not run on other people's machines; "
                              "choose the control mode Parameter Editor, whose lines are rendered",
                   .count = scene.freestyle_scripts});
  if (scene.osl.value_or(false) || summary.script_nodes > 0) {
    out.push_back({.code = "osl_disabled",
                   .message = "it uses Open Shading Language, which is switched off on other people's machines; what "
                              "it shades will look "
                              "different"});
  }
  if (scene.file_output_nodes && request.tiled) {
    out.push_back({.code = "file_output_disabled",
                   .message = "its File Output nodes are switched off in tiles, which have a part of the frame alone; "
                              "render whole frames to have their files"});
  }
  if (denoises(summary, scene, request)) {
    out.push_back(
        {.code = "denoising_uncertain",
         .message =
             "it denoises; slaves whose Blender cannot denoise, like that of Debian 12, hand in the frame as it was "
             "rendered"});
  }
  if (scene.uses_sequencer) {
    out.push_back({.code = "sequencer_used",
                   .message = "its frames come from the video sequencer; every strip must be submitted with it"});
  }
  if (scene.stereo && !request.tiled) warn_of_stereo(scene, out);
  warn_of_colours(scene, out);
  return out;
}

}  // namespace distren

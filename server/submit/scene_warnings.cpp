#include "server/submit/scene_warnings.h"

#include <fmt/format.h>

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

}  // namespace

std::vector<Finding> scene_warnings(BlendSummary const& summary, BlendScene const& scene) {
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
  if (summary.freestyle_scripts > 0)
    out.push_back({.code = "freestyle_disabled",
                   .message = "its Freestyle scripts do not run on other people's machines",
                   .count = summary.freestyle_scripts});
  if (scene.osl.value_or(false) || summary.script_nodes > 0) {
    out.push_back({.code = "osl_disabled",
                   .message = "it uses Open Shading Language, which is switched off on other people's machines; what "
                              "it shades will look "
                              "different"});
  }
  if (scene.file_output_nodes) {
    out.push_back({.code = "file_output_disabled",
                   .message = "its File Output nodes are switched off; only the frame itself is handed in"});
  }
  if (scene.denoise_nodes || scene.denoising.value_or(false)) {
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
  return out;
}

}  // namespace distren

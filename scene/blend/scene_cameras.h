// Which scenes are rendered for a frame, and through which cameras. Part of scene_rules.h, whose words hold here. Pure
// but for the libraries that the caller reads. Errors: invalid, with the cameras that there are.
#pragma once

#include <string>
#include <vector>

#include "scene/blend/scene_rules.h"

namespace distren {

// The scenes that Blender renders for a frame of this one: itself, those whose Render Layers its compositor uses, those
// that strips of its sequencer show, or none, where the picture comes from images alone.
std::vector<BlendScene const*> rendered_scenes(BlendSummary const& summary, BlendScene const& scene);

// Cameras of a scene, also in linked collections.
struct SceneCameras {
  std::vector<std::string> names;  // sorted
  bool complete = true;            // false: a library that cannot be read may have others
};
SceneCameras cameras_of(BlendSummary const& summary, BlendScene const& scene, ReadLibrary const& read);

Result<void> check_cameras(BlendSummary const& summary, BlendScene const& scene, std::string const& wanted,
                           ReadLibrary const& read, std::vector<Finding>& findings);

}  // namespace distren

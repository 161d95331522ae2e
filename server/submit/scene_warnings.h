// What in a .blend will probably look wrong on a grid, where each frame is rendered alone, on another user's machine,
// without scripts. Whole sentences for the scene's owner, each with the way out. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "scene/blend/blend_file.h"

namespace distren {

std::vector<std::string> scene_warnings(BlendSummary const& summary, BlendScene const& scene);

}  // namespace distren

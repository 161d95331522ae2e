// What in a .blend will probably look wrong on a grid, where each frame is rendered alone, on another user's machine,
// without scripts. Pure; any thread.
#pragma once

#include <vector>

#include "scene/blend/blend_file.h"
#include "server/submit/finding.h"

namespace distren {

std::vector<Finding> scene_warnings(BlendSummary const& summary, BlendScene const& scene);

}  // namespace distren

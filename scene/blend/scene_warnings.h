// What will probably look other than at home, though a frame can be rendered: part of scene_rules.h, whose words hold
// here. Pure; any thread. Errors: none.
#pragma once

#include <vector>

#include "scene/blend/scene_rules.h"

namespace distren {

std::vector<Finding> scene_warnings(BlendSummary const& summary, BlendScene const& scene, SceneRequest const& request);

}  // namespace distren

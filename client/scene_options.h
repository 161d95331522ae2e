// What the person chose, held against what the .blend says about itself, before anything is uploaded.
// Failure: Errc::invalid, naming the value and what the file has instead.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"

namespace distren::client {

struct SceneChoices {
  std::string frames;  // empty: the scene's own range
  std::string scene;   // empty: the active one
  std::string camera;  // empty: the scene's
};

struct CheckedChoices {
  std::string frames;                 // never empty
  std::vector<std::string> warnings;  // whole sentences
};

Result<CheckedChoices> check_choices(BlendSummary const& summary, SceneChoices const& choices);

}  // namespace distren::client

// Checks the user's options against the .blend before anything is uploaded. Errors: invalid, naming the value and the
// alternatives in the file.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"

namespace distren::client {

struct SceneOptions {
  std::string frames;  // empty: the scene's own range
  std::string scene;   // empty: the active one
  std::string camera;  // empty: the scene's
};

struct CheckedOptions {
  std::string frames;                 // never empty
  std::vector<std::string> warnings;  // whole sentences
};

Result<CheckedOptions> check_options(BlendSummary const& summary, SceneOptions const& options);

}  // namespace distren::client

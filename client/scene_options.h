// Checks the user's options against the .blend before anything is uploaded, by the rules that the server applies, too
// (scene/blend/scene_rules.h). Reads the libraries that a scene's collections come from, on the caller's thread.
// Errors: invalid, naming the value and the alternatives in the file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"
#include "scene/blend/scene_rules.h"

namespace distren::client {

// The frames to render: those asked for, or else the scene's own range. blend: the file of the summary. request:
// nothing where variations have scenes and cameras of their own, which the server checks one by one.
Result<std::string> check_options(std::filesystem::path const& blend, BlendSummary const& summary,
                                  std::string const& frames, std::optional<SceneRequest> const& request);

// The file's name as that of its job: short enough and printable, whatever the file is called.
std::string job_name_of(std::filesystem::path const& file);

}  // namespace distren::client

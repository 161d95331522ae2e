// The files that a POV-Ray scene and its included files name, so that they travel with it. Reads the artist's own files
// on the caller's thread. Failure as for inspect_povray, of the scene itself; included files that cannot be read are
// left to the server to complain of.
#pragma once

#include <filesystem>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"

namespace distren::client {

// As files_of_scene() takes them: names from the scene's folder.
Result<BlendSummary> povray_references(std::filesystem::path const& scene);

}  // namespace distren::client

// Lists the files that a POV-Ray scene and its included files name, so that they are uploaded with it. Reads the user's
// own files on the caller's thread. Errors: as inspect_povray, for the scene itself; unreadable included files are left
// to the server to report.
#pragma once

#include <filesystem>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"

namespace distren::client {

// In the form of files_of_scene(): paths relative to the scene's folder.
Result<BlendSummary> povray_references(std::filesystem::path const& scene);

}  // namespace distren::client

// Lists the files that a scene needs on another machine, with their paths in the job: relative to its root folder, and
// named as the scene names them, also where this machine has them in other upper and lower case.
// Reads folders and linked .blend files on the caller's thread. Errors: invalid for paths that cannot be transferred,
// links that lead outside, more than 100,000 files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"

namespace distren::client {

struct SourceFile {
  std::string path;  // in the job, '/' between parts
  std::filesystem::path file;
  std::int64_t size = 0;
  std::string sha256{};  // filled in before the upload
};

struct SceneFiles {
  std::string source;                 // the .blend's path in the job
  std::vector<SourceFile> files;      // ordered by path, unique
  std::vector<std::string> warnings;  // whole sentences: what is missing, and why
  std::string rest;                   // what else is in the root folder and stays here; empty: nothing
};

// How far the files of a scene are looked for: nothing outside of the root is ever read.
struct Reach {
  std::filesystem::path root{};  // must contain the scene; empty: the scene's own folder
  bool all_files = false;     // the whole root, but for files of version control and Blender (.git, *.blend1, *~ ...)
  bool maps_absolute = true;  // the renderer finds absolute paths of this machine again, below the root
};

// The .blend and the files it refers to, also through linked libraries. What cannot be sent is a warning.
Result<SceneFiles> files_of_scene(std::filesystem::path const& blend, BlendSummary const& summary,
                                  Reach const& reach = {});

}  // namespace distren::client

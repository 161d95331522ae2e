// Lists the files that a scene needs on another machine, with their paths in the job: relative to its root folder.
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
};

// The .blend and the files it refers to, beside or below it, also through linked libraries.
Result<SceneFiles> files_of_scene(std::filesystem::path const& blend, BlendSummary const& summary);

// The whole folder `root`, which must contain the .blend; without the files of version control and Blender (.git, .svn,
// .hg, *.blend1, *.blend@, *~). References that lead outside it are warnings.
Result<SceneFiles> files_of_folder(std::filesystem::path const& blend, BlendSummary const& summary,
                                   std::filesystem::path const& root);

}  // namespace distren::client

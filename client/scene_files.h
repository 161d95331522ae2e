// Which files a scene needs on another machine, and where they stand in the job: relative to its root folder.
// Reads folders and linked .blend files on the caller's thread.
// Failure: Errc::invalid for names that cannot travel, links that lead outside, more than 100,000 files.
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
  std::vector<SourceFile> files;      // by path, each once
  std::vector<std::string> warnings;  // what is missing, and why; whole sentences
};

// The .blend and what it refers to, beside it or below it, through linked libraries as well.
Result<SceneFiles> files_of_scene(std::filesystem::path const& blend, BlendSummary const& summary);

// The whole folder `root`, which must hold the .blend; without what version control and Blender keep for themselves
// (.git, .svn, .hg, *.blend1, *.blend@, *~). References that lead outside it are warnings.
Result<SceneFiles> files_of_folder(std::filesystem::path const& blend, BlendSummary const& summary,
                                   std::filesystem::path const& root);

}  // namespace distren::client

// Walks a user's folder: what belongs to a scene, what tools leave behind, and names in other upper and lower case.
// Reads on the caller's thread; links to folders that contain them end. Errors: invalid, naming the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "common/base/result.h"

namespace distren::client {

// Called for each file, with its path below the folder.
using EachFile = std::function<Result<void>(std::filesystem::path const& file, std::filesystem::path const& below)>;

// All files in and below the folder, without .git, .svn, .hg, *.blend1, *.blend@, *~ and similar. A link to a folder
// that leads out of `root`, which is canonical, is an error.
Result<void> each_file_in(std::filesystem::path const& root, std::filesystem::path const& folder, EachFile const& each);

// The file or folder that is meant by a path below root: itself, or else the only way there in other upper and lower
// case. Empty: there is none.
std::filesystem::path find_alike(std::filesystem::path const& root, std::filesystem::path const& path);

// Whether a path lies in or below the folder, by its text alone.
bool lies_below(std::filesystem::path const& folder, std::filesystem::path const& path);

}  // namespace distren::client

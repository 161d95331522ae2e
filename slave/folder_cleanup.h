// Empties folders that an untrusted program wrote to, whatever permissions it left, however deep and long the paths.
// Links are removed, never followed. Requires that the caller owns the folders' parent and that no program uses them
// any more. Errors: unavailable, naming the folder; everything else was removed. Any thread, one for a folder.
#pragma once

#include <filesystem>

#include "common/base/result.h"

namespace distren {

// keeps the folder itself; no effect if it does not exist
Result<void> empty_folder(std::filesystem::path const& folder);
Result<void> remove_folder(std::filesystem::path const& folder);  // likewise

// An empty folder of this name: emptied or created; if that fails, the old one is moved aside and logged.
Result<void> renew_folder(std::filesystem::path const& folder);
// Retries to remove what renew_folder moved aside in this folder.
void remove_what_was_left(std::filesystem::path const& parent);

}  // namespace distren

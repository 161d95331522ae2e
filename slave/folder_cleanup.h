// Empties folders that a stranger's program wrote to, whatever rights it left there, however deep and long the names.
// Links are removed, never followed. The caller owns the folders' parent, and no program works in them any more.
// Failure: unavailable, naming the folder; what could be removed is gone.
#pragma once

#include <filesystem>

#include "common/base/result.h"

namespace distren {

Result<void> empty_folder(std::filesystem::path const& folder);   // stays; nothing is done when it is not there
Result<void> remove_folder(std::filesystem::path const& folder);  // likewise

// An empty folder of this name: emptied or made, or where that fails a new one, the old one moved aside and logged.
Result<void> renew_folder(std::filesystem::path const& folder);
// Tries once more to remove what renew_folder moved aside in this folder.
void remove_what_was_left(std::filesystem::path const& parent);

}  // namespace distren

// Brings a job's files to the server: only what it does not have yet, by SHA-256, several at once.
#pragma once

#include <vector>

#include "client/progress.h"
#include "client/scene_files.h"
#include "client/session.h"

namespace distren::client {

// Fills in sha256 of each. A file whose size changed since it was collected is invalid.
Result<void> compute_digests(std::vector<SourceFile>& files, Progress& progress);

// Returns how many bytes had to travel.
Result<std::int64_t> upload_missing(Session& session, std::vector<SourceFile> const& files, Progress& progress);

}  // namespace distren::client

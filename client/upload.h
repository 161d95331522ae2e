// Uploads a job's files: only those that the server lacks, identified by SHA-256, several at once. An upload that a
// killed process left is resumed, by its address in client/upload_notes.h.
#pragma once

#include <vector>

#include "client/progress.h"
#include "client/scene_files.h"
#include "client/session.h"

namespace distren::client {

// Sets sha256 of each file. Errors: invalid for a file whose size changed since it was listed.
Result<void> compute_digests(std::vector<SourceFile>& files, Progress& progress);

// Returns the number of bytes uploaded, without those of an earlier process.
Result<std::int64_t> upload_missing(Session& session, std::vector<SourceFile> const& files, Progress& progress);

}  // namespace distren::client

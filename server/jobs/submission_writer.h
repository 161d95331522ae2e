// Writes a submission so that it is whole or not there, whatever happens in between: first all that nobody sees, in the
// database and on the disk, then one transaction that shows it. What a kill left half is swept. Worker threads, and the
// start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"
#include "server/storage/blob_store.h"
#include "server/store/jobs.h"

namespace distren {

struct WrittenSubmission {
  std::vector<std::int64_t> jobs;  // their numbers, in order; empty: there was no room for their files
  // The connection broke at the last step: all of it is there, or it is swept.
  std::optional<Error> uncertain{};
};

// Errors: as the procedures say them; then nothing of it is there.
Result<WrittenSubmission> write_submission(Database& database, BlobStore const& blobs,
                                           std::filesystem::path const& stor, store::NewSubmission const& submission);

// Removes what was begun age_s seconds ago and is not complete: everything at the start, when nobody can be at it.
inline constexpr std::int64_t submission_patience_s = 3600;
void sweep_submissions(Database& database, std::filesystem::path const& stor, std::int64_t age_s);

}  // namespace distren

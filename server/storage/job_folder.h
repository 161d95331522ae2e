// A job's folder below stor/: jobN/ with its source files at their relative paths, output/ with the frames. Files are
// there before the database says so: what a kill leaves behind is a folder without a row, which sweeping removes.
// Any thread; two threads never work on the same job's sources.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/storage/blob_store.h"
#include "server/store/jobs.h"

namespace distren {

std::filesystem::path job_folder(std::filesystem::path const& stor, std::int64_t job);
std::filesystem::path output_folder(std::filesystem::path const& stor, std::int64_t job);

// What the renderer said before this task failed last, as text; bounded, whoever sent it.
inline constexpr std::size_t log_limit = 16U << 10;
std::filesystem::path log_file(std::filesystem::path const& stor, std::int64_t job, std::int64_t task);
std::string cleaned_log(std::string_view text);  // its end, lines of printable UTF-8

// Hard-links every file (paths already checked) and makes output/; all folders are synced once at the end. Sources
// whose own path begins with output/, preview/ or log/ stay in the blob store alone: in the job's folder these names
// are ours.
Result<void> place_job_files(std::filesystem::path const& stor, std::int64_t job, BlobStore const& blobs,
                             std::vector<store::JobFile> const& files);

// Moves the folder aside in one step, then deletes it; fine when it is not there.
Result<void> remove_job_folder(std::filesystem::path const& stor, std::int64_t job);
// Deletes what a kill in the middle of remove_job_folder left; at start-up.
void sweep_removed_jobs(std::filesystem::path const& stor);

}  // namespace distren

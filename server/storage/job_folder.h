// A job's folder below stor/: jobN/ with its source files at their relative paths, output/ with the frames. Files are
// written before their database rows: a kill leaves at most a folder without a row, which is swept. Any thread; two
// threads never work on the same job's sources.
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

// Render log of the task's last failed attempt, as text of bounded size.
inline constexpr std::size_t log_limit = 16U << 10;
std::filesystem::path log_file(std::filesystem::path const& stor, std::int64_t job, std::int64_t task);
std::string cleaned_log(std::string_view text);  // its last lines, printable UTF-8

// Hard-links every file (requires checked paths) and creates output/; syncs all folders once at the end. Sources whose
// path begins with output/, preview/ or log/ stay in the blob store alone: these names are reserved in the job's
// folder.
Result<void> place_job_files(std::filesystem::path const& stor, std::int64_t job, BlobStore const& blobs,
                             std::vector<store::JobFile> const& files);

// Renames the folder in one step, then deletes it; no effect when it does not exist.
Result<void> remove_job_folder(std::filesystem::path const& stor, std::int64_t job);
// Deletes what an interrupted remove_job_folder left; at start-up.
void sweep_removed_jobs(std::filesystem::path const& stor);

}  // namespace distren

#include "server/storage/job_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/text.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view removed_prefix = ".removed-job";

bool reserved(std::string_view path) {
  auto const top = path.substr(0, path.find('/'));
  return top == "output" || top == "preview" || top == "log";
}

}  // namespace

fs::path job_folder(fs::path const& stor, std::int64_t job) {
  return stor / fmt::format("job{}", job);
}

fs::path output_folder(fs::path const& stor, std::int64_t job) {
  return job_folder(stor, job) / "output";
}

fs::path log_file(fs::path const& stor, std::int64_t job, std::int64_t task) {
  return job_folder(stor, job) / "log" / fmt::format("{}.txt", task);
}

std::string cleaned_log(std::string_view text) {
  if (text.size() > log_limit) {
    text.remove_prefix(text.size() - log_limit);
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);  // whole lines
  }
  std::string out;
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    out += printable(text.substr(0, end), log_limit) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Result<void> place_job_files(fs::path const& stor, std::int64_t job, BlobStore const& blobs,
                             std::vector<store::JobFile> const& files) {
  auto const folder = job_folder(stor, job);
  auto const output = output_folder(stor, job);
  std::error_code error;
  fs::create_directories(output, error);
  if (error) {
    return fail(Errc::unavailable, fmt::format("cannot make the folder {}: {}", output.string(), error.message()));
  }
  std::set<fs::path> folders{stor, folder, output};
  for (auto const& file : files) {
    if (reserved(file.path)) continue;
    auto const target = folder / file.path;
    auto linked = blobs.link_to(file.sha256, target);
    if (!linked) return linked;
    for (auto parent = target.parent_path(); folders.insert(parent).second; parent = parent.parent_path()) {
    }
  }
  for (auto const& path : folders) {
    auto synced = sync_folder(path);
    if (!synced) return synced;
  }
  return {};
}

Result<void> remove_job_folder(fs::path const& stor, std::int64_t job) {
  auto const folder = job_folder(stor, job);
  auto const aside = stor / fmt::format("{}{}-{}", removed_prefix, job, to_hex(random_bytes(6).data(), 6));
  std::error_code error;
  fs::rename(folder, aside, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  if (!error) fs::remove_all(aside, error);
  if (error) {
    return fail(Errc::unavailable, fmt::format("cannot remove {}: {}", folder.string(), error.message()));
  }
  return {};
}

void sweep_removed_jobs(fs::path const& stor) {
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(stor, error)) {
    std::error_code ignored;  // the rest is removed at the next start
    if (entry.path().filename().string().starts_with(removed_prefix)) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace distren

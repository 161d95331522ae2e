#include "slave/folder_watch.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/text.h"

namespace distren {

namespace fs = std::filesystem;

std::string overstepped(std::vector<fs::path> const& folders, FolderLimits const& limits) {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  for (auto const& folder : folders) {
    std::error_code error;
    fs::recursive_directory_iterator entries(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
      struct stat status {};
      if (::lstat(entries->path().c_str(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
      if (++files > limits.files) return fmt::format("made more than {} files", grouped(limits.files));
      if (entries.depth() > 64) return "made folders in folders without end";
    }
  }
  if (bytes > limits.bytes)
    return fmt::format("wrote more than {} to the disk", human_size(static_cast<std::int64_t>(limits.bytes)));
  struct statvfs disk {};
  if (::statvfs(folders.front().c_str(), &disk) == 0 &&
      static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize < limits.free_bytes)
    return disk_is_full;
  return {};
}

}  // namespace distren

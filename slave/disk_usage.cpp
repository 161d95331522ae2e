#include "slave/disk_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "common/base/files.h"
#include "common/base/text.h"

namespace distren {

namespace fs = std::filesystem;

namespace {

constexpr int max_depth = 64;

// By descriptors: a path of long names may exceed the kernel's limit, and may be replaced meanwhile.
void walk(int parent, char const* name, int depth, std::uint64_t most_files, FolderUse& use) {
  int const follow = depth == 0 ? 0 : O_NOFOLLOW;
  FileDescriptor folder(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow));
  if (!folder && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return;  // removed or replaced meanwhile
  if (!folder && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) return;  // our limit; checked again later
  OpenFolder const entries(folder ? ::fdopendir(folder.get()) : nullptr);
  if (!entries) {
    use.problem = "made a folder that cannot be looked into";
    return;
  }
  static_cast<void>(folder.release());
  int const here = ::dirfd(entries.get());
  while (auto const* entry = ::readdir(entries.get())) {
    std::string_view const each = entry->d_name;
    if (each == "." || each == "..") continue;
    struct stat status {};
    bool const there = ::fstatat(here, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && errno != ENOENT) use.problem = "made a folder that cannot be looked into";
    if (there) use.bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    if (++use.files > most_files) use.problem = fmt::format("made more than {} files", grouped(most_files));
    if (there && S_ISDIR(status.st_mode) && use.problem.empty()) {
      if (depth == max_depth)
        use.problem = "made folders in folders without end";
      else
        walk(here, entry->d_name, depth + 1, most_files, use);
    }
    if (!use.problem.empty()) return;
  }
}

}  // namespace

FolderUse use_of(fs::path const& folder, std::uint64_t most_files) {
  FolderUse use;
  walk(AT_FDCWD, folder.c_str(), 0, most_files, use);
  return use;
}

std::string overstepped(std::vector<fs::path> const& folders, FolderLimits const& limits) {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  for (auto const& folder : folders) {
    auto const use = use_of(folder, limits.files - files);
    bytes += use.bytes;
    files += use.files;
    if (files > limits.files) return fmt::format("made more than {} files", grouped(limits.files));
    if (!use.problem.empty()) return use.problem;
  }
  if (bytes > limits.bytes)
    return fmt::format("wrote more than {} to the disk", human_size(static_cast<std::int64_t>(limits.bytes)));
  struct statvfs disk {};
  if (::statvfs(folders.front().c_str(), &disk) == 0 &&
      static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize < limits.free_bytes)
    return disk_is_full;
  return {};
}

std::uint64_t room_to_leave(std::uint64_t disk_bytes) {
  return std::min(std::uint64_t{1} << 30, disk_bytes / 20);
}

std::uint64_t room_to_leave_in(fs::path const& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return 0;
  return room_to_leave(static_cast<std::uint64_t>(disk.f_blocks) * disk.f_frsize);
}

}  // namespace distren

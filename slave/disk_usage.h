// Checks the disk usage of an untrusted scene, twice a second while a renderer runs, because no limit of the kernel
// covers many files together. Any thread; visits a limited number of entries, and more are a violation. Bytes are
// allocated bytes. A malicious program may move and lock entries meanwhile: missing ones are skipped, unreadable ones
// are a violation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace distren {

struct FolderUse {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::string problem;  // why the walk ended early, to follow "the scene "; empty: it was complete
};

FolderUse use_of(std::filesystem::path const& folder, std::uint64_t most_files);

struct FolderLimits {
  std::uint64_t bytes = 0;       // of all folders together
  std::uint64_t files = 20000;   // likewise
  std::uint64_t free_bytes = 0;  // to leave free on the first folder's disk
};

// The only problem that is not the scene's fault.
inline constexpr char const* disk_is_full = "the disk of this slave is full";

// The violated limit, to follow "the scene "; empty: none.
std::string overstepped(std::vector<std::filesystem::path> const& folders, FolderLimits const& limits);

// Free space that a renderer must leave on a disk of this size: 1 GiB, on a small disk a twentieth.
std::uint64_t room_to_leave(std::uint64_t disk_bytes);
std::uint64_t room_to_leave_in(std::filesystem::path const& folder);

}  // namespace distren

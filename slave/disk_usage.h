// Whether what a stranger's scene writes stays within bounds: asked twice a second while a renderer runs, since no
// limit of the kernel counts many files together. Any thread; walks at most so many entries, and more are a reason by
// themselves. Bytes are those that take room on the disk. A scene that owns its program may move and lock what is
// looked at meanwhile: what has gone is passed over, what cannot be looked into is a reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace distren {

struct FolderUse {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::string problem;  // why the walk ended early, to stand after "the scene "; empty: it did not
};

FolderUse use_of(std::filesystem::path const& folder, std::uint64_t most_files);

struct FolderLimits {
  std::uint64_t bytes = 0;       // of all folders together
  std::uint64_t files = 20000;   // likewise
  std::uint64_t free_bytes = 0;  // that must stay free on the first one's disk
};

// The only answer that is not the scene's fault.
inline constexpr char const* disk_is_full = "the disk of this slave is full";

// What was overstepped, to stand after "the scene "; empty: nothing.
std::string overstepped(std::vector<std::filesystem::path> const& folders, FolderLimits const& limits);

// What a renderer must leave free on a disk of this size: 1 GiB, of a small disk a twentieth.
std::uint64_t room_to_leave(std::uint64_t disk_bytes);
std::uint64_t room_to_leave_in(std::filesystem::path const& folder);

}  // namespace distren

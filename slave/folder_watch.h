// Whether what a stranger's scene writes stays within bounds: asked twice a second while a renderer runs, since no
// limit of the kernel counts many files together. Any thread; walks at most so many entries, and more are a reason by
// themselves. Bytes are those that take room on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace distren {

struct FolderLimits {
  std::uint64_t bytes = 0;                            // of all folders together
  std::uint64_t files = 20000;                        // likewise
  std::uint64_t free_bytes = std::uint64_t{4} << 20;  // that must stay free on the first one's disk
};

// The only answer that is not the scene's fault.
inline constexpr char const* disk_is_full = "the disk of this slave is full";

// What was overstepped, to stand after "the scene "; empty: nothing.
std::string overstepped(std::vector<std::filesystem::path> const& folders, FolderLimits const& limits);

}  // namespace distren

// Compiled shaders that renderers reuse between runs: a folder for each owner of jobs, so that a malicious scene cannot
// leave anything for other owners' scenes. Limited in total; the least recently used owner is removed first.
// FOLDER/OWNER/files is writable by a program; the order of use is stored outside its reach. One thread. Errors:
// unavailable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "common/base/result.h"

namespace distren {

class ShaderCaches {
public:
  struct Limits {
    std::size_t owners = 8;
    std::uint64_t bytes = 512ULL << 20;  // at a program's start, of all owners together
    std::uint64_t files = 10000;         // likewise
  };

  explicit ShaderCaches(std::filesystem::path folder) : ShaderCaches(std::move(folder), Limits{}) {}
  ShaderCaches(std::filesystem::path folder, Limits limits) : folder_(std::move(folder)), limits_(limits) {}

  // The folder for a program of this owner; frees space first. Requires that no program is running.
  Result<std::filesystem::path> folder_for(std::int64_t owner) const;

private:
  struct Entry {
    std::filesystem::path path;
    std::int64_t used = 0;  // nanoseconds since 1970
  };
  [[nodiscard]] std::vector<Entry> entries() const;

  std::filesystem::path folder_;
  Limits limits_;
};

}  // namespace distren

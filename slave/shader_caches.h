// Where renderers keep compiled shaders from one program to the next: a folder for each owner of jobs, so that a scene
// that takes its renderer over leaves nothing in the way of other people's. Bounded together; who was not served for
// longest goes first. FOLDER/OWNER/files is what a program may write; the order of use is kept outside its reach. One
// thread. Failure: unavailable.
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
    std::uint64_t bytes = 512ULL << 20;  // when a program starts, of all owners together
    std::uint64_t files = 10000;         // likewise
  };

  explicit ShaderCaches(std::filesystem::path folder) : ShaderCaches(std::move(folder), Limits{}) {}
  ShaderCaches(std::filesystem::path folder, Limits limits) : folder_(std::move(folder)), limits_(limits) {}

  // The folder for a program of this owner; before it, room is made. No program may be running.
  Result<std::filesystem::path> enter(std::int64_t owner) const;

private:
  struct Place {
    std::filesystem::path path;
    std::int64_t used = 0;  // nanoseconds since 1970
  };
  [[nodiscard]] std::vector<Place> places() const;

  std::filesystem::path folder_;
  Limits limits_;
};

}  // namespace distren

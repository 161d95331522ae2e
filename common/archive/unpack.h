// Unpacks the archive of a renderer: a tar, plain or compressed by gzip, xz or zstd, of an untrusted origin. Nothing is
// written outside the folder, whatever the archive says. Blocks; any thread, one for each folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "common/base/result.h"

namespace distren {

struct UnpackLimits {
  std::int64_t bytes = std::int64_t{8} << 30;  // of all files together
  std::int64_t entries = 200'000;
  std::size_t path_bytes = 1000;
};

struct Unpacked {
  std::int64_t bytes = 0;  // of all files together
  std::int64_t entries = 0;
};

// Into the folder, which must be there and empty. Owner and time of what is packed do not matter; of the rights only
// that to execute. Links may point anywhere inside: an absolute one counts from the folder, as in a tree with its own
// root. What stands below "dev" in such a tree is left out. go_on is asked now and then; false ends it.
// Errors: invalid, with the name of the entry and what is wrong with it (no archive, an absolute path or "..", a link
// that leads out, a device, twice the same name, a limit); unavailable, the disk is full or it was told to end. What
// was unpacked until then stays: the caller removes the folder.
Result<Unpacked> unpack(
    std::filesystem::path const& archive, std::filesystem::path const& folder, UnpackLimits const& limits,
    std::function<bool()> const& go_on = [] { return true; });

// Where the program of an unpacked archive is.
struct RendererLayout {
  bool own_root = false;         // a whole tree with its own /usr, to be the root of the sandbox
  std::filesystem::path root{};  // the folder of the tree, or that of the program
  std::string program{};         // relative to root: "usr/bin/blender", "blender"
};
// A tree has usr/bin/PROGRAM; else the program stands in the folder or in its only folder. Errors: invalid, neither.
Result<RendererLayout> find_layout(std::filesystem::path const& folder, std::string const& program);

}  // namespace distren

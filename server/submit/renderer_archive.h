// What is in an archive of a renderer: it is unpacked by a sandboxed child (distren-scene), and its program is asked
// for its version in a sandbox, as slaves do; nothing of it ever runs outside of one. Worker threads; blocks for a
// minute or two. Errors: invalid, a sentence for its administrator: no archive, another platform, a name that says
// another version, what leads out of it, more than the limits; unavailable: no sandbox, no disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/render/render_method.h"

namespace distren {

struct ArchiveReader {
  std::filesystem::path program;  // distren-scene
  bool sandboxed = true;          // false: no archive is taken
  std::filesystem::path work;     // a folder for what is unpacked; it is removed afterwards
  std::int64_t max_bytes = std::int64_t{8} << 30;
  std::int64_t max_entries = 200'000;
  std::int64_t max_ratio = 60;  // of what is unpacked to the archive
  std::chrono::milliseconds deadline = std::chrono::minutes(5);
};

struct ArchiveFindings {
  std::string version{};
  std::string platform{};  // "linux-x86_64"
  std::string layout{};    // "program": with the libraries of the host; "tree": with its own
  std::int64_t unpacked_bytes = 0;
};

// file_name: as its administrator calls it.
Result<ArchiveFindings> inspect_archive(ArchiveReader const& reader, RenderMethod const& method,
                                        std::filesystem::path const& archive, std::string_view file_name);

// What a kill left in its folder.
void sweep_unpacked(std::filesystem::path const& work);

// The version that a file's name says, "blender-4.3.2-linux-x64.tar.xz"; empty: none.
std::string version_in_name(std::string_view file_name);
// "linux-x86_64" of the machine that this server runs on.
std::string own_platform();
// The same of a program, by its first bytes: "a Windows program", "a script"...
std::string platform_of(std::string_view first_bytes);

}  // namespace distren

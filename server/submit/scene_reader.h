// Looks into a scene from a stranger: runs distren-scene in a sandbox, with limited memory, time and output, so that
// whatever the file does to its reader stays in the box. Blocks for tens of milliseconds; on worker threads only.
// Failure: invalid, the file is no scene, is damaged, or broke its reader, with a sentence for its owner; unavailable,
// it could not be looked at now.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"
#include "scene/povray_text.h"

namespace distren {

struct SceneReader {
  std::filesystem::path program;  // distren-scene
  bool sandboxed = true;
  std::chrono::milliseconds deadline{std::chrono::seconds(60)};
  std::uint64_t memory = std::uint64_t{1} << 30;  // bytes
};

Result<BlendSummary> read_blend(SceneReader const& reader, std::filesystem::path const& file);
Result<PovraySummary> read_povray(SceneReader const& reader, std::filesystem::path const& file);

}  // namespace distren

// libFuzzer target: whatever bytes come, the .blend reader answers with a summary or an error, within its limits.
#include <cstddef>
#include <cstdint>
#include <span>

#include "scene/blend/blend_file.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  distren::BlendLimits limits;
  limits.bytes.output = 16 << 20;
  auto const summary = distren::inspect_blend(std::span(data, size), limits);
  if (summary) {
    auto const files = distren::external_files(*summary);
    (void)files.size();
  }
  return 0;
}

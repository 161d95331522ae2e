#include "common/protocol/renderers.h"

#include <fmt/format.h>

namespace distren::protocol {

std::string signed_text(RendererBuild const& build) {
  return fmt::format("distren-renderer 1\n{}\n{}\n{}\n{}\n{}\n{}\n", build.method, build.version, build.build,
                     build.size_bytes, build.unpacked_bytes, build.platform);
}

}  // namespace distren::protocol

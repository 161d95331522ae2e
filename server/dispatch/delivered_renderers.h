// The renderers that the grid delivers: what orders say of an archive, and the list that slaves hear of. Dispatcher's
// thread only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/protocol/renderers.h"

namespace distren {

struct ConnectedSlave;
struct DispatchCore;

struct DeliveredRenderers {
  std::map<std::string, protocol::RendererBuild> builds{};  // by their digests
  std::string message{};                                    // to slaves that take them; empty: there is no key yet

  [[nodiscard]] protocol::RendererBuild const* find(std::string const& build) const {
    auto const found = builds.find(build);
    return build.empty() || found == builds.end() ? nullptr : &found->second;
  }
};

// As committed just now, newest first; slaves that are here hear of it. Orders that are out keep their addresses.
void set_renderers(DispatchCore& core, std::string const& key, std::vector<protocol::RendererBuild> builds);
// To one that takes them and has just announced itself.
void send_renderers(DispatchCore const& core, ConnectedSlave const& slave);

}  // namespace distren

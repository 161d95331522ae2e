#include "server/dispatch/delivered_renderers.h"

#include "common/protocol/codec.h"
#include "common/protocol/limits.h"
#include "server/dispatch/core.h"

namespace distren {

void set_renderers(DispatchCore& core, std::string const& key, std::vector<protocol::RendererBuild> builds) {
  if (builds.size() > protocol::limits::max_renderers) builds.resize(protocol::limits::max_renderers);
  core.renderers.message = protocol::write(protocol::RendererList{.key = key, .items = builds});
  core.renderers.builds.clear();
  for (auto& each : builds) {
    std::string const digest = each.build;
    core.renderers.builds.emplace(digest, std::move(each));
  }
  for (auto& [id, job] : core.jobs) job->order.reset();  // they name the archive
  for (auto const& [id, slave] : core.slaves)
    if (slave.greeted) send_renderers(core, slave);
}

void send_renderers(DispatchCore const& core, ConnectedSlave const& slave) {
  if (slave.takes_renderers && !core.renderers.message.empty()) slave.sink->send(core.renderers.message);
}

}  // namespace distren

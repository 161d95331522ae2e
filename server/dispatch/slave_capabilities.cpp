#include "server/dispatch/slave_capabilities.h"

#include "common/protocol/announce.h"
#include "common/protocol/codec.h"

namespace distren {

namespace {

constexpr std::size_t settings_limit = 8000;  // bytes

}  // namespace

SlaveCapabilities capabilities_of(protocol::Announce const& announce) {
  SlaveCapabilities state;
  state.cores = announce.cores;
  state.memory_mib = announce.memory_mib;
  state.cpu = announce.cpu;
  state.slots = announce.slots;
  state.orders = announce.max_orders;
  state.max_frame_ms = announce.max_frame_ms.value_or(0);
  state.blocks = blocks_of(announce.blocks);
  if (announce.effective_settings) {
    state.settings = protocol::write_members(*announce.effective_settings);
    if (state.settings.size() > settings_limit) state.settings.clear();
  }
  for (auto const& renderer : announce.renderers)
    state.methods.push_back({.name = renderer.method,
                             .version = renderer.version,
                             .build = renderer.build,
                             .device = renderer.device,
                             .engines = renderer.engines,
                             .fetched = !renderer.missing});
  for (auto const& device : announce.devices) state.gpus.push_back(device.name);
  for (auto const& held : announce.holding) state.holding.emplace_back(held.attempt, held.lease);
  return state;
}

}  // namespace distren

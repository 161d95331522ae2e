#include "server/dispatch/slave_capabilities.h"

#include "common/protocol/codec.h"
#include "common/protocol/hello.h"

namespace distren {

namespace {

constexpr std::size_t settings_limit = 8000;  // bytes

}  // namespace

SlaveCapabilities capabilities_of(protocol::Hello const& hello) {
  SlaveCapabilities state;
  state.cores = hello.cores;
  state.memory_mib = hello.memory_mib;
  state.cpu = hello.cpu;
  state.slots = hello.slots;
  state.orders = hello.max_orders;
  state.minutes_per_frame = hello.minutes_per_frame;
  state.blocks = blocks_of(hello.blocks);
  if (hello.effective_settings) {
    state.settings = protocol::write_members(*hello.effective_settings);
    if (state.settings.size() > settings_limit) state.settings.clear();
  }
  for (auto const& method : hello.methods) state.methods.push_back({method.name, method.version});
  state.gpus = hello.gpus;
  for (auto const& held : hello.attempts) state.holding.emplace_back(held.attempt, held.lease);
  return state;
}

}  // namespace distren

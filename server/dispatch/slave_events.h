// What happens to slaves: they come, say what they have, and go. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "server/dispatch/blocks.h"
#include "server/dispatch/slave_capabilities.h"

namespace distren {

class Dispatcher;
struct DispatchCore;

// conflict: another instance is signed on; that one is asked whether it still lives.
Result<void> admit_slave(DispatchCore& core, std::int64_t id, std::string const& instance,
                         std::shared_ptr<SlaveSink> sink, std::int64_t now);
// Whether this is the slave's connection, and not one that was replaced or sent away.
bool is_connected(DispatchCore const& core, std::int64_t slave, SlaveSink const* sink);
// It said what it has: takes up what it holds, cancels what is not wanted any more, gives it work.
void slave_announced(DispatchCore& core, SlaveCapabilities const& state, std::int64_t now);
// Its leases stay: it renders on and comes back.
void slave_disconnected(DispatchCore& core, std::int64_t id, SlaveSink const* sink);
void slave_seen(DispatchCore& core, std::int64_t id, std::int64_t now);
// Takes its work away and disconnects it.
void disable_slave(DispatchCore& core, std::int64_t id, std::string const& reason, std::int64_t now);
void disable_slave(Dispatcher& dispatcher, std::int64_t id, std::string reason);  // any thread
// Its owner's, in place of all that were set before.
void change_blocks(DispatchCore& core, std::int64_t slave, Blocks blocks, std::int64_t now);
// If it is here; else nothing.
void send_to_slave(DispatchCore& core, std::int64_t slave, std::string line);
void cancel_on_slave(DispatchCore& core, std::int64_t slave, std::int64_t attempt, std::string_view code,
                     std::string const& message);
// After any change of a slave: what the policy knows of it.
void sync_capacity(DispatchCore& core, SlaveCapabilities const& slave, bool here);

}  // namespace distren

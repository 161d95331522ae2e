// What happens to slaves: they come, say what they have, and go. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "server/dispatch/blocks.h"
#include "server/dispatch/slave_capabilities.h"

namespace distren {

class Dispatcher;
struct DispatchCore;

// conflict: another instance is signed on; that one is asked whether it still lives.
Result<void> admit_slave(DispatchCore& core, std::int64_t id, std::string const& instance,
                         std::shared_ptr<SlaveSink> sink, std::int64_t now);
// Returns the attempts that it says it has and that are not wanted any more, with the reason.
std::vector<std::pair<std::int64_t, std::string>> slave_hello(DispatchCore& core, SlaveCapabilities const& state,
                                                              std::int64_t now);
// Over HTTPS, where nobody signs on before: conflict, as admit_slave().
Result<std::vector<std::pair<std::int64_t, std::string>>> hello_over_https(DispatchCore& core,
                                                                           SlaveCapabilities const& state,
                                                                           std::int64_t now);
// Its leases stay: it renders on and comes back.
void slave_disconnected(DispatchCore& core, std::int64_t id, SlaveSink const* sink);
void slave_seen(DispatchCore& core, std::int64_t id, std::int64_t now);
// Takes its work away and disconnects it.
void disable_slave(DispatchCore& core, std::int64_t id, std::string const& reason, std::int64_t now);
void disable_slave(Dispatcher& dispatcher, std::int64_t id, std::string reason);  // any thread
// Its owner's, in place of all that were set before.
void change_blocks(DispatchCore& core, std::int64_t slave, Blocks blocks, std::int64_t now);
// If it is on the line; else nothing.
void send_to_slave(DispatchCore& core, std::int64_t slave, std::string line);
void cancel_on_slave(DispatchCore& core, std::int64_t slave, std::int64_t attempt, std::string const& reason);
// After any change of a slave: what the policy knows of it.
void sync_capacity(DispatchCore& core, SlaveCapabilities const& slave, bool here);

}  // namespace distren

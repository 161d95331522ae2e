// Which order a slave gets next, and who is asked when. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace distren {

struct ConnectedSlave;
struct DispatchCore;
struct OrderTemplate;
class JobQueue;

// What all orders of a job share; its addresses hold at least half of their life.
OrderTemplate const& order_of(DispatchCore const& core, JobQueue& job, std::int64_t now);
// The order that this slave should have now; nothing: none, or not now.
std::optional<std::string> next_order(DispatchCore& core, ConnectedSlave& slave, std::int64_t now);
// It measures its machine, alone.
bool benchmarking(DispatchCore const& core, ConnectedSlave const& slave);
// Pushes orders until its slots are full, and what it may hold besides.
void dispatch(DispatchCore& core, ConnectedSlave& slave, std::int64_t now);
// After something became ready.
void dispatch_to_idle(DispatchCore& core, std::int64_t now);
// A few idle ones in turn: their benchmark may be due, a frame may be worth a second try.
void dispatch_some(DispatchCore& core, std::int64_t now);

}  // namespace distren

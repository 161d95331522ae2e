// Benchmarks: orders like any other, of no job. Their results measure a slave. Dispatcher's thread only; times are UNIX
// ms.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/dispatch/core.h"

namespace distren {

// nullptr: this method has no benchmark.
BenchmarkPlan const* plan_of(DispatchCore const& core, std::string const& method);
std::optional<std::string> benchmark_order(DispatchCore& core, ConnectedSlave& slave, store::Method const& method,
                                           std::int64_t now);
// The text of such an order: of a lease that was given for this attempt.
std::string benchmark_text(DispatchCore const& core, Attempt const& attempt, Lease const& lease,
                           std::string_view lease_text, OrderUse use, std::int64_t now);
void benchmark_ended(DispatchCore& core, AttemptReport const& report,
                     std::function<void(std::string answer)> const& answer, std::int64_t now);

}  // namespace distren

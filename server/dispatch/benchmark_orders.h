// Benchmarks: orders like any other, of no job. Their results measure a slave. Dispatcher's thread only; times are UNIX
// ms.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "server/dispatch/core.h"

namespace distren {

// nullptr: this method has no benchmark.
BenchmarkPlan const* plan_of(DispatchCore const& core, std::string const& method);
std::optional<std::string> benchmark_order(DispatchCore& core, ConnectedSlave& slave, store::Method const& method,
                                           std::int64_t now);
void benchmark_ended(DispatchCore& core, AttemptReport const& report,
                     std::function<void(std::string answer)> const& answer, std::int64_t now);

}  // namespace distren

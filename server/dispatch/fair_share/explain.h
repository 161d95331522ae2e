// The questions of people: why a job waits, and what a boost would change. They may walk all users, and they
// change nothing. Dispatcher's thread only.
#pragma once

#include <cstdint>
#include <optional>

#include "server/dispatch/fair_share/tables.h"

namespace distren {

// unknown: nobody told of it.
PolicyReason explain_share(FairQueues const& queues, std::int64_t job);

// As Policy::forecast().
std::optional<Forecast> forecast_share(FairShareTables const& tables, std::int64_t job, std::int64_t more_escrow,
                                       std::int64_t now_ms);

}  // namespace distren

// The end of a job: which slave should leave a frame to a faster one, and which attempts are worth a second try on an
// idle slave. Looks at few candidates, since either is a gain and no duty; changes nothing. Dispatcher's thread only.
// Times are UNIX ms or ms.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "server/dispatch/fair_share/tables.h"

namespace distren {

struct HeldBack {  // what a slave left to a faster one before
  std::int64_t job = 0;
  std::int64_t since_ms = 0;
};
// Near its end a job is better off without a slave that would finish one frame after everything else, if one at least
// twice as fast is free soon: in how many ms. Nothing: take it. A slave waits so at most two minutes.
std::optional<std::int64_t> faster_in(FairShareTables const& tables, FairQueues::Job const& job,
                                      SlaveCapacity const& slave, HeldBack held, std::int64_t now);

// Running attempts worth a second try there, best first.
std::vector<std::int64_t> find_stragglers(FairShareTables const& tables, PolicySlave const& asking);

}  // namespace distren

// What a frame is worth: the terms before it, claim and fair value after it. Formulas: economy/points.h. Dispatcher's
// thread only; times are UNIX ms.
#pragma once

#include <cstdint>

#include "server/dispatch/core.h"

namespace distren {

// Of an order that is given now, but for the boost.
AttemptTerms terms_of(DispatchCore const& core, SlaveCapabilities const& slave, store::Method const& method);
// The claim of a result and, when it is known, the fair value: into the outcome.
void assess(DispatchCore& core, JobQueue& job, Attempt const& attempt, AttemptReport const& report,
            store::OutcomeEntry& outcome, std::int64_t now);
// After the commit: the claim is a sample for the frames near it, and may be what held grants waited for.
void remember_claim(DispatchCore& core, store::OutcomeEntry const& outcome, Attempt const& attempt, JobQueue const& job,
                    bool held);

}  // namespace distren

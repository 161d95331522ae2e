// What handle_check_submission and handle_create_submission share: both look into a submission, and few may at once.
// Worker threads.
#pragma once

#include <cstdint>
#include <vector>

#include "server/api/concurrency_limiter.h"
#include "server/api/services.h"
#include "server/http/message.h"
#include "server/submit/job_inspection.h"
#include "server/submit/plan.h"

namespace distren {

// To be held while a job is looked into and made, which takes seconds: false when enough workers are at it, or with
// what this person asked for; too_many_inspections() says so.
ConcurrencyLimiter::Permit acquire_inspection(Services const& services, std::int64_t user);
Reply too_many_inspections();

// Adds to the findings of the first job which jobs of the plan no slave that is here can do: they wait for another one.
void warn_of_missing_methods(Services const& services, std::vector<PlannedJob>& plan);

InspectionTools inspection_tools(Services const& services);
JobRequestLimits request_limits(Services const& services);

}  // namespace distren

// Does the long work that people asked for, one after the other, so that it keeps no worker from answering requests: it
// is queued in the database, survives a kill and is begun again. Run on a thread of its own whenever something was
// queued, and every minute, because a database that was away may have kept some of it. Each kind may be done twice;
// what had no answer of the database three times has failed, so that it keeps nothing waiting for ever.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "server/database/connection.h"
#include "server/jobs/job_service.h"

namespace distren {

// A job of more tasks than that, and what a batch deletes beyond them, is deleted by an operation.
inline constexpr std::int64_t large_job_tasks = 20000;

inline constexpr std::string_view ledger_check_operation = "ledger_check";  // {"clean", "invariants": [...]}
inline constexpr std::string_view job_deletion_operation = "job_deletion";  // of its target; no result

// Until none waits, the database is away or the server stops; failures of the work are kept with it.
void run_operations(JobService& jobs, Database& database, std::atomic<bool> const& stopping);

}  // namespace distren

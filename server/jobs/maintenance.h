// What must be done now and then: expired uploads and unused blobs go, jobs that could not be handed to the dispatcher
// when they were made are handed over, hours of telemetry that are over are written, what there is now goes into the
// statistics. Run it about every minute on a worker thread; failures are logged and tried again at the next run.
// restore_job_folders belongs to the start, before the first order.
#pragma once

#include <cstdint>

#include "common/base/result.h"
#include "server/api/services.h"
#include "server/database/connection.h"

namespace distren {

void run_maintenance(Services& services, Database& database);

// Loads a job and its unfinished tasks and gives them to the dispatcher; remembered for maintenance when it fails.
Result<void> hand_to_dispatcher(Services& services, Database& database, std::int64_t job);

// A kill between a job's row and its folder leaves a row alone; its files are blobs, so the folder can be made again.
Result<void> restore_job_folders(Database& database, BlobStore const& blobs, std::filesystem::path const& stor);

}  // namespace distren

// What must be done now and then: expired uploads and unused blobs go, the dispatcher hears what it could not be
// told when it happened, hours of telemetry that are over are written, what there is now goes into the
// statistics. Run it about every minute on a worker thread; failures are logged and tried again at the next run.
// restore_job_folders belongs to the start, before the first order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <shared_mutex>

#include "common/base/result.h"
#include "server/config/runtime_settings.h"
#include "server/database/connection.h"
#include "server/dispatch/dispatcher.h"
#include "server/jobs/job_service.h"
#include "server/live/event_broker.h"
#include "server/slaves/telemetry_history.h"
#include "server/storage/blob_store.h"
#include "server/storage/staged_results.h"
#include "server/storage/uploads.h"

namespace distren {

struct MaintenanceParts {  // what it looks after
  JobService& jobs;
  Dispatcher& dispatcher;
  BlobStore const& blobs;
  std::shared_mutex& blob_sweep;  // exclusive while unused blobs go
  Uploads& uploads;
  StagedResults& staged;
  TelemetryHistory& telemetry;
  EventBroker& live;
  RuntimeSettings& runtime;
  std::filesystem::path const& stor;
  std::function<std::int64_t()> const& now_ms;  // UNIX time
};

void run_maintenance(MaintenanceParts const& parts, Database& database);

// Submissions that a kill left half go. A folder that is missing all the same, because the disk lost it, say, is made
// again: its files are blobs.
Result<void> restore_job_folders(Database& database, BlobStore const& blobs, std::filesystem::path const& stor);

}  // namespace distren

// What handlers work with, beside their worker's database. References only: main owns the parts, and stops the workers
// before the first of them goes. Everything in here is safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "common/render/render_method.h"
#include "server/config/runtime_settings.h"
#include "server/config/server_config.h"
#include "server/database/workers.h"
#include "server/dispatch/dispatcher.h"
#include "server/http/http_server.h"
#include "server/jobs/job_service.h"
#include "server/jobs/maintenance.h"
#include "server/live/event_broker.h"
#include "server/media/preview.h"
#include "server/net/rate_limit.h"
#include "server/slaves/https_sessions.h"
#include "server/slaves/result_receiver.h"
#include "server/slaves/telemetry_history.h"
#include "server/storage/blob_store.h"
#include "server/storage/renderer_key.h"
#include "server/storage/signer.h"
#include "server/storage/uploads.h"

namespace distren {

// Shows the open pages a job as the API does.
JobService::Publish job_publisher(EventBroker& live, Dispatcher& dispatcher);

struct Services {
  ServerConfig const& config;
  Dispatcher& dispatcher;
  BlobStore const& blobs;
  Uploads& uploads;
  Signer const& signer;
  RendererKey const& renderer_key;
  std::map<std::string, RenderMethod> const& methods;
  HttpsSessions& slave_sessions;
  ResultReceiver& results;
  HttpCounters& counters;
  TelemetryHistory& telemetry;
  PreviewEncoder& previews;
  EventBroker& live;
  std::function<std::int64_t()> now_ms;  // UNIX time
  WorkerPool const* workers = nullptr;   // for the figures of its queue; nullptr: there is none

  RuntimeSettings runtime{config};  // what an administrator may change while the server runs
  std::int64_t const started_ms = now_ms();
  std::function<void()> wake_notifier{};  // an urgent notification is in the outbox; may be empty

  std::function<void()> wake_operations{};  // something was queued for run_operations; may be empty

  TokenBuckets login_attempts{0.2, 20};  // per address: one in five seconds, after twenty at once
  TokenBuckets user_requests{};          // by the user's number; the rate is a setting

  // Shared while a file becomes a blob (the file, then the row), exclusive while unused ones go (row, then file).
  std::shared_mutex blob_sweep{};

  // All changes of jobs go through here.
  JobService jobs{dispatcher, live, config.stor, job_publisher(live, dispatcher)};

  // Held from asking the ledger to telling the dispatcher, so that the older of two answers is not told last.
  std::mutex points_mutex{};

  // The same for what the owners of slaves want of them.
  std::mutex slaves_mutex{};

  [[nodiscard]] MaintenanceParts maintenance() {
    return {.jobs = jobs,
            .dispatcher = dispatcher,
            .blobs = blobs,
            .blob_sweep = blob_sweep,
            .uploads = uploads,
            .staged = results.staged(),
            .telemetry = telemetry,
            .live = live,
            .runtime = runtime,
            .stor = config.stor,
            .now_ms = now_ms};
  }
  [[nodiscard]] std::int64_t now_s() const { return now_ms() / 1000; }
};

// The limit of its address that a request falls under. The line has one of its own, because many slaves may share an
// address: each of them is limited by its messages.
RatePolicy address_limit(Services const& services, Request const& request);

}  // namespace distren

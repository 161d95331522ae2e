// The dispatcher's state: small tables, each with its own rules, and what they need from outside. No thread, clock or
// socket: free functions (job_events.h, slave_events.h, attempt_events.h, result_events.h, next_order.h, tick.h) are
// the events that change it, effects are what follows outside. The dispatcher runs it on its thread; tests and the
// simulator run the very same code with a clock of their own. A task that failed on a slave returns to it only when no
// other slave that fits is there, after a pause; the third failure that counts against it is its last
// (result_events.h). Jobs whose tasks fail alike are paused by the journal, which counts them across restarts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/render/render_method.h"
#include "server/dispatch/attempt_table.h"
#include "server/dispatch/benchmarks.h"
#include "server/dispatch/delivered_renderers.h"
#include "server/dispatch/grants.h"
#include "server/dispatch/job_revisions.h"
#include "server/dispatch/job_table.h"
#include "server/dispatch/log_requests.h"
#include "server/dispatch/order.h"
#include "server/dispatch/paid_time.h"
#include "server/dispatch/policy.h"
#include "server/dispatch/slave_faults.h"
#include "server/dispatch/slave_table.h"
#include "server/dispatch/statuses.h"
#include "server/store/journal.h"
#include "server/store/points.h"

namespace distren {

struct FrameUpdate {  // for people who look at the job: what became of a frame
  std::int64_t job = 0, user = 0, task = 0;
  std::string_view state = "ready";  // as the API calls it
  std::int64_t slave = 0;
  std::string slave_name{};
  double fraction = 0;
  int failures = 0;
  std::string output{};  // of finished ones, with size and digest
  std::int64_t size = 0;
  std::string sha256{};
  int width = 0, height = 0;  // 0: not known
  std::vector<store::FurtherOutput> more_outputs{};
  std::int64_t wall_ms = 0, cpu_ms = 0;
  std::string outcome{};  // of a failure, as the database calls it
  std::string code{};     // of a failure; empty: nobody said
  std::string reason{};
  std::vector<protocol::RenderWarning> warnings{};
};

class DispatchEffects {
public:
  virtual ~DispatchEffects() = default;
  virtual void journal_lease(store::LeaseEntry const& lease) = 0;
  // settle() comes back to the core when the outcome is durable; answer (may be empty) is for the one who reported.
  virtual void journal_outcome(store::OutcomeEntry outcome, std::function<void(std::string answer)> answer) = 0;
  virtual std::int64_t next_attempt() = 0;                                // 0: none reserved at the moment
  virtual void settle_grants(std::vector<store::Settlement> grants) = 0;  // held ones whose value is known now
  virtual void record_power(std::int64_t slave, store::Method const& method, std::int64_t power) = 0;  // benchmarked
  // renderer_pinned() comes back to the core when it is durable; no frame of the job is given out before.
  virtual void pin_renderer(std::int64_t job, std::string version, std::string build) = 0;
  virtual void frame_changed(FrameUpdate const& /*update*/) {}
  virtual void slave_changed(std::int64_t /*slave*/, std::int64_t /*user*/) {}  // came, went, has other work
};

struct BenchmarkPlan {  // of a method that has one; the server's own files
  RenderMethod method;
  store::JobFile scene;
};

struct DispatchSettings {
  std::string lease_key;
  std::int64_t lease_ms = 600000;
  std::int64_t link_life_ms = 3600000;
  std::int64_t heartbeat_ms = 30000;
  OrderTimes times;
  std::vector<BenchmarkPlan> benchmarks{};  // empty: every core counts as one reference core
  std::int64_t benchmark_ms = 20000;        // how long one keeps the cores of a reference PC busy
  std::function<std::uint64_t()> random{};  // for the variants; needed when there are benchmarks
};

// Results that the journal has not written yet. Beyond the first number nobody gets an order until there are fewer than
// the second: a database that is slower than the slaves must not fill the memory, nor let results wait for ever longer.
inline constexpr int unwritten_limit = 4096;
inline constexpr int unwritten_few = 2048;
struct WriteBacklog {
  int unwritten = 0;       // accepted results that are not settled yet
  bool throttled = false;  // too many of them: no orders at the moment
};

struct DispatchCore {
  DispatchCore(DispatchSettings its_settings, OrderLinks its_links, Policy& its_policy, DispatchEffects& its_effects);

  DispatchSettings settings;
  OrderLinks links;
  Policy& policy;
  DispatchEffects& effects;
  JobRevisions revisions{};
  JobTable jobs{};
  SlaveTable slaves{};
  AttemptTable attempts{};
  PaidTime paid_time{};
  Benchmarks benchmarks;
  Grants grants{};
  std::set<std::int64_t> boosted{};  // jobs with an escrow, as far as the policy was told
  LogRequests logs{};
  SlaveFaults faults{};
  WriteBacklog backlog{};
  DeliveredRenderers renderers{};
};

}  // namespace distren

// Batches updates of dispatcher and journal into events for open pages: a job with thousands of short frames produces
// two events a second. A frame's latest state wins; above a number of frames the event is marked truncated and the page
// reloads. Thread: the dispatcher's. Times are milliseconds of a monotonic clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "server/dispatch/core.h"
#include "server/live/event_broker.h"

namespace distren {

class EventBatcher {
public:
  explicit EventBatcher(EventBroker& broker) : broker_(broker) {}

  void frame(FrameUpdate const& update);
  void slave(std::int64_t slave, std::int64_t user);
  void points(std::int64_t user);
  void job(store::JournalReply::JobCounts const& figures);
  void paused(std::int64_t job);  // by the journal; after its counts
  // Earliest time of the next publish(), if anything is pending.
  [[nodiscard]] std::optional<std::int64_t> due() const;
  void publish(DispatchCore const& core, std::int64_t now);

private:
  struct Job {
    std::int64_t user = 0;
    std::optional<store::JournalReply::JobCounts> figures{};
    std::map<std::int64_t, FrameUpdate> frames{};
    bool truncated = false;           // more frames than are stored here
    std::optional<EventKind> turn{};  // it finished, failed or was paused
  };
  Job& of(std::int64_t job, std::int64_t user);
  static Event turn_event(std::int64_t id, Job const& job);
  static Event job_event(std::int64_t id, Job const& job, DispatchCore const& core);
  static Event frames_event(std::int64_t id, Job const& job);
  static Event slave_event(std::int64_t id, std::int64_t user, DispatchCore const& core);

  EventBroker& broker_;
  std::map<std::int64_t, Job> jobs_;
  std::map<std::int64_t, std::int64_t> slaves_;  // and their users
  std::set<std::int64_t> paid_;
  GridStatus grid_{.slaves_online = -1};
  std::int64_t published_ms_ = 0;
  std::int64_t grid_published_ms_ = 0;
  std::int64_t points_published_ms_ = 0;
};

}  // namespace distren

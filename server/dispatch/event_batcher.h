// What the dispatcher decides and the journal has written, gathered for the open pages: of a job with thousands of
// short frames they hear twice a second, not thousands of times. A frame's latest state wins; of more frames than a
// page can show one by one it is only said that there are more, and the page asks. Dispatcher's thread only. Times are
// milliseconds of a clock that does not go back.
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
  explicit EventBatcher(EventBroker& hub) : hub_(hub) {}

  void frame(FrameUpdate const& news);
  void slave(std::int64_t slave, std::int64_t user);
  void points(std::int64_t user);
  void job(store::JournalAnswer::JobFigures const& figures);
  // When something waits to be told: not before this.
  [[nodiscard]] std::optional<std::int64_t> due() const;
  void tell(DispatchCore const& core, std::int64_t now);

private:
  struct Job {
    std::int64_t user = 0;
    std::optional<store::JournalAnswer::JobFigures> figures{};
    std::map<std::int64_t, FrameUpdate> frames{};
    bool more = false;  // frames than are kept here
  };
  Job& of(std::int64_t job, std::int64_t user);
  static News news_of(std::int64_t id, Job const& job, DispatchCore const& core);
  static News frames_of(std::int64_t id, Job const& job);
  static News slave_of(std::int64_t id, std::int64_t user, DispatchCore const& core);

  EventBroker& hub_;
  std::map<std::int64_t, Job> jobs_;
  std::map<std::int64_t, std::int64_t> slaves_;  // and whose they are
  std::set<std::int64_t> paid_;
  GridStatus grid_{.slaves_online = -1};
  std::int64_t told_ms_ = 0;
  std::int64_t grid_told_ms_ = 0;
  std::int64_t points_told_ms_ = 0;
};

}  // namespace distren

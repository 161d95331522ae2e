// What follows outside from what the core decides: leases, outcomes and grants go to the journal, changes of frames and
// slaves to the open pages; what the database has written comes back to the core as messages. Owned by Dispatcher.
// Dispatcher's thread only, but for status() (any thread) and what is said of settle_images(). Times are milliseconds
// of a monotonic clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/dispatch/core.h"
#include "server/dispatch/event_batcher.h"
#include "server/dispatch/journal_writer.h"

namespace distren {

class DispatchJournal final : public DispatchEffects {
public:
  // Brings a function to the dispatcher's thread; any thread.
  using Tell = std::function<void(std::function<void(DispatchCore& core, std::int64_t now_ms)>)>;
  DispatchJournal(DatabaseAddress address, Tell tell);

  // Before start().
  void publish_to(EventBroker& live) { events_.emplace(live); }
  // Called on the journal's thread, after the commit and before anyone hears of it.
  void settle_images(std::function<void(std::int64_t attempt, bool accepted)> settle) {
    settle_image_ = std::move(settle);
  }
  void start() { writer_.start(); }
  void stop() { writer_.stop(); }
  [[nodiscard]] JournalStatus status() const { return writer_.status(); }

  [[nodiscard]] std::optional<std::int64_t> publish_due() const;
  void publish(DispatchCore const& core, std::int64_t now);
  // Each minute: corrected powers out, totals and boosts in.
  void sync_points(DispatchCore& core);

  void journal_lease(store::LeaseEntry const& lease) override;
  void journal_outcome(store::OutcomeEntry outcome, std::function<void(std::string answer)> answer) override;
  std::int64_t next_attempt() override;
  void settle_grants(std::vector<store::Settlement> grants) override;
  void record_power(std::int64_t slave, store::Method const& method, std::int64_t power) override;
  void pin_renderer(std::int64_t job, std::string version, std::string build) override;
  void frame_changed(FrameUpdate const& update) override;
  void slave_changed(std::int64_t slave, std::int64_t user) override;

private:
  void written(SettledBatch batch);                                              // journal's thread
  void settle(DispatchCore& core, SettledBatch const& batch, std::int64_t now);  // UNIX ms

  Tell tell_;
  std::optional<EventBatcher> events_;  // nothing: there are no pages
  std::function<void(std::int64_t attempt, bool accepted)> settle_image_;
  JournalWriter writer_;
};

}  // namespace distren

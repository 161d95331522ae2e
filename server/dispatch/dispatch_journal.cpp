#include "server/dispatch/dispatch_journal.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "common/base/log.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/points_sync.h"
#include "server/dispatch/result_events.h"
#include "server/dispatch/status.h"

namespace distren {

DispatchJournal::DispatchJournal(DatabaseAddress address, Tell tell)
    : tell_(std::move(tell)), writer_(std::move(address), [this](SettledBatch batch) { written(std::move(batch)); }) {}

void DispatchJournal::written(SettledBatch batch) {
  // Before anyone hears of it: what is accepted lies in its place then.
  for (auto const& one : batch.outcomes) {
    store::OutcomeEntry const& outcome = one.outcome.entry;
    if (settle_image_ && outcome.may_win && !outcome.output.empty())
      settle_image_(outcome.attempt, one.verdict == store::JournalReply::Verdict::accepted);
  }
  auto const shared = std::make_shared<SettledBatch>(std::move(batch));  // a std::function must be copyable
  tell_([this, shared](DispatchCore& core, std::int64_t now) { settle(core, *shared, now); });
}

void DispatchJournal::settle(DispatchCore& core, SettledBatch const& batch, std::int64_t now) {
  for (auto const& paused : batch.paused) {
    spdlog::info("dispatcher: job={} paused: {}", paused.control.job, quote(paused.reason));
    change_job(core, paused.control, now);
  }
  for (auto const& one : batch.outcomes) {
    distren::settle(core, one.outcome.entry, one.verdict, one.points, one.outcome.answer, now);
    if (events_ && one.points && *one.points > 0) events_->points(owner_of(core, one.outcome.entry.slave));
  }
  for (auto const& job : batch.changed) {
    if (events_) events_->job(job);
  }
  for (auto const& paused : batch.paused) {
    if (events_) events_->paused(paused.control.job);
  }
  for (auto const& failed : batch.failed) remove_job(core, failed.job, failed.revision, failed.reason, now);
  for (auto const& done : batch.finished) job_finished(core, done.job, done.revision, now);
}

std::optional<std::int64_t> DispatchJournal::publish_due() const {
  return events_ ? events_->due() : std::nullopt;
}

void DispatchJournal::publish(DispatchCore const& core, std::int64_t now) {
  if (events_) events_->publish(core, now);
}

void DispatchJournal::sync_points(DispatchCore& core) {
  writer_.add([this, powers = core.benchmarks.take_corrected()](Database& database) -> Result<void> {
    auto points = exchange_points(database, powers);
    if (!points) return points.error();
    tell_([points = std::move(*points)](DispatchCore& told, std::int64_t) { set_points(told, points); });
    return {};
  });
}

void DispatchJournal::journal_lease(store::LeaseEntry const& lease) {
  writer_.add(lease);
}

void DispatchJournal::journal_outcome(store::OutcomeEntry outcome, std::function<void(std::string answer)> answer) {
  writer_.add(JournalOutcome{std::move(outcome), std::move(answer)});
}

std::int64_t DispatchJournal::next_attempt() {
  return writer_.next_attempt();
}

void DispatchJournal::settle_grants(std::vector<store::Settlement> grants) {
  writer_.add(grants);
}

void DispatchJournal::record_power(std::int64_t slave, store::Method const& method, std::int64_t power) {
  writer_.add([slave, method, power](Database& database) {
    return store::record_power(database, slave, method, static_cast<int>(power));
  });
}

void DispatchJournal::pin_renderer(std::int64_t job, std::string version, std::string build) {
  writer_.add([this, job, version = std::move(version), build = std::move(build)](Database& database) -> Result<void> {
    auto pinned = store::pin_job(database, job, version, build);
    if (!pinned && pinned.error().code == Errc::unavailable) return pinned.error();
    tell_([this, job, pinned](DispatchCore& core, std::int64_t now) {
      renderer_pinned(core, job, pinned ? std::optional(*pinned) : std::nullopt, now);
    });
    return pinned ? Result<void>() : Result<void>(pinned.error());
  });
}

void DispatchJournal::frame_changed(FrameUpdate const& update) {
  if (events_) events_->frame(update);
}

void DispatchJournal::slave_changed(std::int64_t slave, std::int64_t user) {
  if (events_) events_->slave(slave, user);
}

}  // namespace distren

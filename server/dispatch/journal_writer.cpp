#include "server/dispatch/journal_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <unordered_set>
#include <utility>

namespace distren {

namespace {

constexpr std::size_t batch_limit = 1024;                    // outcomes in one transaction
constexpr std::size_t enough = 512;                          // outcomes that are written without waiting for more
constexpr auto distance = std::chrono::milliseconds(20);     // from batch to batch when there are fewer
constexpr auto lease_wait = std::chrono::milliseconds(500);  // a frame that ends sooner leaves no lease behind
constexpr std::int64_t attempts_per_block = 200000;
constexpr std::int64_t low_water = 50000;  // fetch the next block when fewer are left

using Clock = std::chrono::steady_clock;

}  // namespace

JournalWriter::JournalWriter(DatabaseAddress address, std::function<void(SettledBatch)> settled)
    : address_(std::move(address)), settled_(std::move(settled)) {
  gathering_.reserve = true;
}

JournalWriter::~JournalWriter() {
  stop();
}

void JournalWriter::start() {
  thread_ = std::thread([this] { run(); });
}

void JournalWriter::add(store::LeaseEntry const& lease) {
  std::lock_guard const lock(mutex_);
  if (gathering_.leases.empty()) wake_.notify_one();
  gathering_.leases.push_back({lease, Clock::now()});
}

void JournalWriter::add(JournalOutcome outcome) {
  std::lock_guard const lock(mutex_);
  gathering_.outcomes.push_back(std::move(outcome));
  if (gathering_.outcomes.size() == 1 || gathering_.outcomes.size() == enough) wake_.notify_one();
}

void JournalWriter::add(std::vector<store::Settlement> const& grants) {
  std::lock_guard const lock(mutex_);
  if (gathering_.grants.empty()) wake_.notify_one();
  gathering_.grants.insert(gathering_.grants.end(), grants.begin(), grants.end());
}

void JournalWriter::add(std::function<Result<void>(Database&)> chore) {
  std::lock_guard const lock(mutex_);
  gathering_.chores.push_back(std::move(chore));
  wake_.notify_one();
}

std::int64_t JournalWriter::next_attempt() {
  std::lock_guard const lock(mutex_);
  if (end_of_block_ - next_attempt_ < low_water && !gathering_.reserve) {
    gathering_.reserve = true;
    wake_.notify_one();
  }
  return next_attempt_ < end_of_block_ ? next_attempt_++ : 0;
}

bool JournalWriter::behind() const {
  std::lock_guard const lock(mutex_);
  return behind_;
}

JournalStatus JournalWriter::status() const {
  std::lock_guard const lock(mutex_);
  auto const lag = writing_ > 0 ? Clock::now() - writing_since_ : Clock::duration::zero();
  return {.away = behind_,
          .waiting = static_cast<std::int64_t>(gathering_.outcomes.size() + writing_),
          .lag_ms = std::chrono::duration_cast<std::chrono::milliseconds>(lag).count()};
}

void JournalWriter::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void JournalWriter::run() {
  DatabaseThread const thread;
  Database database(address_);
  std::optional<Clock::time_point> give_up;
  Clock::time_point last{};  // when the latest batch began
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      wait_for_work(lock, last);
      if (stopping_ && !give_up) give_up = Clock::now() + std::chrono::seconds(10);
      if (stopping_ && !urgent() && gathering_.leases.empty()) return;
      batch = take_gathered(stopping_);
      writing_ = batch.outcomes.size();
      writing_since_ = Clock::now();
    }
    last = Clock::now();
    auto pause = std::chrono::milliseconds(100);
    while (!write(database, batch)) {
      std::unique_lock lock(mutex_);
      if (stopping_ && batch.leases.empty() && batch.outcomes.empty() && batch.grants.empty() && batch.chores.empty())
        return;  // nothing that could be lost
      if (!behind_) spdlog::warn("journal: the database is away; {} results wait", batch.outcomes.size());
      behind_ = true;
      if (give_up && Clock::now() > *give_up) {
        spdlog::error(
            "journal: the database did not come back; {} results were not acknowledged, their slaves keep them",
            batch.outcomes.size());
        return;
      }
      wake_.wait_for(lock, pause);
      if (stopping_ && !give_up) give_up = Clock::now() + std::chrono::seconds(10);
      pause = std::min(pause * 2, std::chrono::milliseconds(2000));
    }
    std::lock_guard const lock(mutex_);
    if (behind_) spdlog::info("journal: the database is back");
    behind_ = false;
    writing_ = 0;
  }
}

bool JournalWriter::urgent() const {
  return !gathering_.outcomes.empty() || !gathering_.grants.empty() || !gathering_.chores.empty() || gathering_.reserve;
}

void JournalWriter::wait_for_work(std::unique_lock<std::mutex>& lock, Clock::time_point last) {
  for (;;) {
    auto const lease_due =
        gathering_.leases.empty() ? Clock::time_point::max() : gathering_.leases.front().since + lease_wait;
    auto const due = urgent() ? last + distance : lease_due;
    auto const now = Clock::now();
    if (stopping_ || now >= due || gathering_.outcomes.size() >= enough) return;
    if (due == Clock::time_point::max())
      wake_.wait(lock);
    else
      wake_.wait_until(lock, due);
  }
}

JournalWriter::Batch JournalWriter::take_gathered(bool everything) {
  Batch batch = std::exchange(gathering_, {});
  auto const now = Clock::now();
  std::unordered_set<std::int64_t> ended;
  for (JournalOutcome const& outcome : batch.outcomes) ended.insert(outcome.entry.attempt);
  std::erase_if(batch.leases, [&ended](TimedLease const& lease) { return ended.contains(lease.entry.attempt); });
  while (!everything && !batch.leases.empty() && now - batch.leases.back().since < lease_wait) {
    gathering_.leases.push_front(batch.leases.back());
    batch.leases.pop_back();
  }
  return batch;
}

bool JournalWriter::write_grants(Database& database, Batch& batch) {
  while (!batch.grants.empty()) {
    std::vector<store::Settlement> const some(
        batch.grants.begin(),
        batch.grants.begin() + static_cast<std::ptrdiff_t>(std::min(batch.grants.size(), batch_limit)));
    auto const settled = store::settle_grants(database, some);
    if (!settled && settled.error().code == Errc::unavailable) return false;
    if (!settled) spdlog::error("journal: {} held grants were not settled: {}", some.size(), settled.error().message);
    batch.grants.erase(batch.grants.begin(), batch.grants.begin() + static_cast<std::ptrdiff_t>(some.size()));
  }
  return true;
}

bool JournalWriter::write(Database& database, Batch& batch) {
  if (batch.reserve && !reserve(database)) return false;
  batch.reserve = false;
  while (!batch.leases.empty() || !batch.outcomes.empty()) {
    if (!write_some(database, batch, std::min(batch.outcomes.size(), batch_limit))) return false;
  }
  if (!write_grants(database, batch)) return false;
  while (!batch.chores.empty()) {
    auto const done = batch.chores.front()(database);
    if (!done && done.error().code == Errc::unavailable) return false;
    if (!done) spdlog::error("journal: {}", done.error().message);
    batch.chores.pop_front();
  }
  return true;
}

bool JournalWriter::write_some(Database& database, Batch& batch, std::size_t outcomes) {
  store::JournalBatch rows;
  for (TimedLease const& lease : batch.leases) rows.leases.push_back(lease.entry);
  for (std::size_t i = 0; i < outcomes; ++i) rows.outcomes.push_back(batch.outcomes[i].entry);
  auto const answer = store::write_journal(database, rows);
  if (!answer && answer.error().code == Errc::unavailable) return false;
  if (!answer && outcomes + rows.leases.size() > 1) {
    // One row that the procedure refuses must not hold up the rest: write them one by one and see which it is.
    spdlog::error("journal: a batch was refused: {}", answer.error().message);
    batch.leases.clear();
    for (auto const& lease : rows.leases) {
      auto const one = store::write_journal(database, {{lease}, {}});
      if (!one && one.error().code == Errc::unavailable) return false;
      if (!one) spdlog::error("journal: the lease of attempt {} was refused: {}", lease.attempt, one.error().message);
    }
    return outcomes == 0 || write_some(database, batch, 1);
  }
  batch.leases.clear();
  SettledBatch settled;
  if (answer) {
    settled.finished = answer->finished_jobs;
    settled.paused = answer->paused_jobs;
    settled.changed = answer->changed_jobs;
    settled.failed = answer->failed_dependents;
  }
  for (std::size_t i = 0; i < outcomes; ++i) {
    auto const verdict =
        answer && i < answer->verdicts.size() ? answer->verdicts[i] : store::JournalReply::Verdict::unknown;
    if (!answer)
      spdlog::error("journal: attempt {} was refused: {}", batch.outcomes[i].entry.attempt, answer.error().message);
    settled.outcomes.push_back({std::move(batch.outcomes[i]), verdict,
                                answer && i < answer->points.size() ? answer->points[i] : std::nullopt});
  }
  batch.outcomes.erase(batch.outcomes.begin(), batch.outcomes.begin() + static_cast<std::ptrdiff_t>(outcomes));
  if (!settled.outcomes.empty()) settled_(std::move(settled));
  return true;
}

bool JournalWriter::reserve(Database& database) {
  auto const first = store::reserve_attempts(database, attempts_per_block);
  if (!first) {
    if (first.error().code != Errc::unavailable)
      spdlog::error("journal: no attempt numbers: {}", first.error().message);
    return false;
  }
  std::lock_guard const lock(mutex_);
  // What is left of the old block is dropped: numbers are plenty, and a block in one piece is simpler.
  next_attempt_ = *first;
  end_of_block_ = *first + attempts_per_block;
  return true;
}

}  // namespace distren

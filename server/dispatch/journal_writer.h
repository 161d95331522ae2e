// The journal's thread: gathers leases and outcomes, writes what has gathered in one transaction, tells who waits for
// it. While one batch is being written the next one gathers, so the batches grow with the load; a transaction has a
// price of its own, so under load they also have a least distance, and a result that comes alone waits for nothing.
// Leases wait a little: those of short frames end unwritten. When the database is away it keeps everything and tries
// again until it is back. Public functions: any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/database/connection.h"
#include "server/dispatch/statuses.h"
#include "server/store/journal.h"
#include "server/store/points.h"

namespace distren {

struct JournalOutcome {
  store::OutcomeEntry entry;
  std::function<void(std::string answer)> answer;
};

struct SettledOutcome {
  JournalOutcome outcome;
  store::JournalReply::Verdict verdict = store::JournalReply::Verdict::unknown;
  std::optional<std::int64_t> points{};  // granted; nothing: held, or no claim
};

struct SettledBatch {
  std::vector<SettledOutcome> outcomes;
  std::vector<store::JournalReply::FinishedJob> finished;  // jobs of which everything is accepted now
  std::vector<store::JournalReply::PausedJob> paused;  // jobs that this batch paused, because their tasks fail alike
  std::vector<store::JournalReply::JobCounts> changed;
  std::vector<store::JournalReply::FailedJob> failed;  // with the job whose output they are made of
};

class JournalWriter {
public:
  // settled is called on the journal's thread with each batch after its commit.
  JournalWriter(DatabaseAddress address, std::function<void(SettledBatch)> settled);
  ~JournalWriter();
  JournalWriter(JournalWriter const&) = delete;
  JournalWriter& operator=(JournalWriter const&) = delete;

  void add(store::LeaseEntry const& lease);
  void add(JournalOutcome outcome);
  void add(std::vector<store::Settlement> const& grants);
  // Something else that must reach the database, after all that was added before it. Its failure is logged; while the
  // database is away it is tried again.
  void add(std::function<Result<void>(Database&)> chore);
  // The next attempt number, from a block reserved in the database; 0 while a new block is being fetched.
  std::int64_t next_attempt();

  void start();
  void stop();                        // writes what has gathered, for at most 10 seconds when the database is away
  [[nodiscard]] bool behind() const;  // the last write failed: the database is away
  [[nodiscard]] JournalStatus status() const;

private:
  struct TimedLease {
    store::LeaseEntry entry;
    std::chrono::steady_clock::time_point since;
  };
  struct Batch {
    std::deque<TimedLease> leases;
    std::vector<JournalOutcome> outcomes;
    std::vector<store::Settlement> grants;
    std::deque<std::function<Result<void>(Database&)>> chores;
    bool reserve = false;
  };
  [[nodiscard]] bool urgent() const;                   // something waits that must be written now
  [[nodiscard]] Batch take_gathered(bool everything);  // leases that are too young stay
  void run();
  void wait_for_work(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point last);
  bool write_grants(Database& database, Batch& batch);
  bool write(Database& database, Batch& batch);  // false: the database is away, try the rest again
  bool write_some(Database& database, Batch& batch, std::size_t outcomes);
  bool reserve(Database& database);

  DatabaseAddress address_;
  std::function<void(SettledBatch)> settled_;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  Batch gathering_;
  std::int64_t next_attempt_ = 0;
  std::int64_t end_of_block_ = 0;
  bool stopping_ = false;
  bool behind_ = false;
  std::size_t writing_ = 0;  // outcomes of the batch that is being written
  std::chrono::steady_clock::time_point writing_since_;
  std::thread thread_;
};

}  // namespace distren

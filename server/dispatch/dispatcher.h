// The dispatcher: one thread that owns runnable jobs, ready tasks, connected slaves and leases in memory. It asks the
// database for nothing per request; what must last goes to the journal. Every public function may be called from any
// thread and is a message to that thread; those that return a value wait for the answer (microseconds, never the disk).
// Replies to slaves leave through SlaveSink, called on the dispatcher's thread; it must not block.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "server/dispatch/blocks.h"
#include "server/dispatch/log_requests.h"
#include "server/dispatch/order.h"
#include "server/dispatch/policy.h"
#include "server/dispatch/slave_capabilities.h"
#include "server/dispatch/statuses.h"
#include "server/store/journal.h"
#include "server/store/statistics.h"

namespace distren {

class Dispatcher {
public:
  virtual ~Dispatcher() = default;

  // Jobs; for server/jobs/ alone. The caller has committed the change first and hands over what the row says since
  // then, with its revision: what is older than something that was told before changes nothing.
  virtual void add_job(store::RunnableJob job, std::vector<store::RunnableTask> tasks,
                       std::vector<store::FailedOn> failures) = 0;  // replaces older rows of the job
  virtual void change_job(store::JobControl control) = 0;           // paused, resumed, another priority, approved
  // Cancelled, or deleted (deleted_revision): its leases are cancelled.
  virtual void remove_job(std::int64_t job, std::int64_t revision, std::string reason) = 0;
  // One frame of a job once more. false: the job or the frame's end is not here yet, it must be added.
  virtual bool reopen(store::JobControl /*control*/, std::int64_t /*task*/) { return false; }
  // What a slave's owner blocks, all of it, in place of what was told before.
  virtual void change_blocks(std::int64_t slave, Blocks blocks) = 0;
  virtual void tell_slave(std::int64_t slave, std::string line) = 0;       // if it is on the line; else nothing
  virtual void disable_slave(std::int64_t slave, std::string reason) = 0;  // takes its work away and disconnects it

  // Questions.
  // Whole lists are one question: in the order asked, what is not here with empty values; empty after the end.
  virtual std::vector<JobStatus> job_statuses(std::vector<std::int64_t> jobs) = 0;
  virtual std::vector<SlaveStatus> slave_statuses(std::vector<std::int64_t> slaves) = 0;
  virtual std::vector<std::pair<std::int64_t, TaskStatus>> tasks_live(std::int64_t job) = 0;  // leased tasks only
  virtual GridStatus grid_live() = 0;
  virtual JournalStatus journal_live() = 0;
  virtual std::vector<std::int64_t> slaves_online() = 0;
  virtual std::vector<UserStatus> users_live() = 0;  // by user; who has nothing is left out
  virtual Explanation why_job(std::int64_t job) = 0;
  virtual Explanation why_slave(std::int64_t slave) = 0;
  // When the job will be done and how many jobs come before it, if more_escrow millipoints were added to its boost.
  virtual std::optional<Forecast> forecast(std::int64_t job, std::int64_t more_escrow) = 0;

  // Points, after the ledger has them.
  virtual void set_total(std::int64_t user, std::int64_t millipoints) = 0;  // ever vested: the user's rank
  virtual void set_escrow(std::int64_t job, std::int64_t millipoints) = 0;  // what is left of the job's boost

  // The last lines of the renderer that is at this task now; nothing: nobody is who could tell. answer comes once, from
  // any thread, within a few seconds.
  virtual void want_log(std::int64_t /*task*/, LogAnswer answer) { answer(std::nullopt); }
  virtual void told_log(std::int64_t /*slave*/, std::int64_t /*attempt*/, std::string /*text*/) {}

  // Slaves on the line. admit: conflict when another instance is signed on; that one is asked whether it still lives.
  virtual Result<void> admit(std::int64_t slave, std::string instance, std::shared_ptr<SlaveSink> sink) = 0;
  virtual void hello(SlaveCapabilities slave) = 0;
  virtual void gone(std::int64_t slave, std::shared_ptr<SlaveSink> sink) = 0;
  virtual void progress(std::int64_t slave, std::int64_t attempt, double fraction) = 0;
  virtual void heard(std::int64_t slave) = 0;

  // Slaves over HTTPS: the same life without a connection. A slave that asked within three heartbeats counts as online.
  // http_hello returns the attempts among `holding` that are no longer wanted, with the reason; conflict: as admit().
  virtual Result<std::vector<std::pair<std::int64_t, std::string>>> http_hello(SlaveCapabilities slave) = 0;
  virtual std::optional<std::string> http_order(std::int64_t slave) = 0;  // an order as JSON, or nothing to do
  virtual std::optional<std::string> http_progress(std::int64_t slave, std::int64_t attempt,
                                                   double fraction) = 0;  // a cancel
  // A result whose image, if any, was checked and staged (result_receiver.h). The answer arrives after the commit.
  // expected_result: nothing when the task needs no result any more.
  virtual std::optional<ExpectedResult> expected_result(std::int64_t attempt, std::int64_t task) = 0;
  virtual CommitDecision begin_commit(AttemptReport report) = 0;
  virtual void abort_commit(std::int64_t attempt) = 0;  // the image could not be stored after all
  virtual void report(AttemptReport report, std::function<void(std::string answer)> done) = 0;
};

// Of one; empty values when the server is stopping.
inline JobStatus job_status_of(Dispatcher& dispatcher, std::int64_t job) {
  auto statuses = dispatcher.job_statuses({job});
  return statuses.empty() ? JobStatus{} : std::move(statuses.front());
}
inline SlaveStatus slave_status_of(Dispatcher& dispatcher, std::int64_t slave) {
  auto statuses = dispatcher.slave_statuses({slave});
  return statuses.empty() ? SlaveStatus{} : std::move(statuses.front());
}

}  // namespace distren

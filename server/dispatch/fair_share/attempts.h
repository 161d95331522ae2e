// The course of attempts: what they cost their owners, how long they should take, and which of them are the last of
// their jobs. The expected work is charged when an attempt begins and corrected when it ends. Owned by FairShareTables,
// like the queues and slaves that it changes. A job's estimate lives until forget_job(). Dispatcher's thread only.
// Times are UNIX ms or ms, work is millipoints, rates are thousandths of a reference core.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "server/dispatch/fair_share/estimate.h"
#include "server/dispatch/fair_share/queues.h"
#include "server/dispatch/fair_share/slaves.h"
#include "server/dispatch/policy.h"

namespace distren {

class FairAttempts {
public:
  using End = std::pair<std::int64_t, std::int64_t>;  // expected end, attempt or job
  struct Attempt {
    PolicyAttempt facts;
    std::int64_t user = 0;
    FairQueues::Side side = FairQueues::everyone;
    std::int64_t weight = 0;
    std::int64_t work = 0;  // as charged
    std::int64_t rate = 0;  // 0: it waits on its slave
    std::int64_t end_ms = 0;
    std::int64_t duplicated_by = 0;
  };
  struct Job {
    JobEstimate estimate;
    std::int64_t rate = 0;           // power times threads at work on it
    std::set<End> running;           // those that may be rendered a second time
    std::int64_t straggling_ms = 0;  // its key among the stragglers, 0: not there
  };

  FairAttempts(FairQueues& queues, FairSlaves& slaves) : queues_(queues), slaves_(slaves) {}

  void add_job(std::int64_t job) { jobs_.try_emplace(job); }
  void ready_changed(std::int64_t job);  // it was queued, or is no longer
  void forget_job(std::int64_t job);     // its attempts end on their own
  void dispatched(PolicyAttempt const& attempt);
  void completed(std::int64_t attempt, PolicyResult const& result);
  void returned(std::int64_t attempt);

  [[nodiscard]] std::int64_t expected_work(std::int64_t job) const;  // of a frame; at least 1
  [[nodiscard]] std::int64_t expected_ms(std::int64_t job, SlaveCapacity const& slave) const;
  [[nodiscard]] int run_length(std::int64_t job, std::int64_t slave) const;
  [[nodiscard]] std::optional<std::int64_t> frame_ms(std::int64_t job, std::int64_t slave) const;
  [[nodiscard]] std::int64_t longest_work() const { return longest_; }  // of the longest frame of late

  [[nodiscard]] Attempt const& at(std::int64_t attempt) const { return attempts_.at(attempt); }
  [[nodiscard]] Job const* find_job(std::int64_t job) const;
  // Jobs without ready tasks, by the latest expected end of what may be rendered a second time.
  [[nodiscard]] std::set<End> const& stragglers() const { return stragglers_; }
  [[nodiscard]] std::int64_t duplicates() const { return duplicates_; }
  // What is being rendered, by the logarithm of the slave's rate: expected end, attempt.
  static constexpr std::size_t speeds = 40;
  [[nodiscard]] static std::size_t speed(std::int64_t rate);
  [[nodiscard]] std::set<End> const& ends(std::size_t speed) const { return ends_[speed]; }

private:
  Job* find_job(std::int64_t job);
  void charge(Attempt const& attempt, std::int64_t work);
  void begin(Attempt& attempt, Job& job, FairSlaves::Slave& slave);
  void leave_slave(Attempt const& attempt);
  void end(std::int64_t attempt, std::int64_t work);
  void list(Attempt const& attempt, bool listed);  // among those that may be rendered a second time
  void refresh_straggler(std::int64_t id, Job& job);

  FairQueues& queues_;
  FairSlaves& slaves_;
  std::unordered_map<std::int64_t, Job> jobs_;
  std::unordered_map<std::int64_t, Attempt> attempts_;
  std::array<std::set<End>, speeds> ends_;
  std::set<End> stragglers_;
  GridEstimate grid_;
  std::int64_t duplicates_ = 0;
  std::int64_t longest_ = 0;
};

}  // namespace distren

// The unfinished tasks of one job in memory: which are ready, in frame order, and which failed where. 16 bytes a task,
// so that a million frames cost little. Tasks have consecutive ids, in frame order. Dispatcher's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/dispatch/order.h"
#include "server/store/journal.h"

namespace distren {

class JobQueue {
public:
  enum class State : std::uint8_t { done, ready, leased, delayed };

  JobQueue(store::RunnableJob job, std::vector<store::RunnableTask> const& tasks,
           std::vector<store::FailedOn> const& failures);

  // The first ready task that has not failed on this slave; it becomes leased.
  std::optional<std::int64_t> take(std::int64_t slave);
  // The same for a policy that keeps frames together: first the probes of a long job (first, middle and last frame),
  // then what came back, then the next of the slave's own run of frames, then a new run of so many.
  std::optional<std::int64_t> take_next(std::int64_t slave, int run_length);
  bool take_this(std::int64_t task);    // a slave came back with it; false: it is not ready
  void return_task(std::int64_t task);  // leased or delayed -> ready
  void delay(std::int64_t task);        // leased -> delayed, until return_task
  void finish(std::int64_t task);       // any -> done
  // It does not return to this slave while others could try it. user: whose slave it is; 0: not known. Returns how many
  // failures count against it.
  int record_failure(std::int64_t task, std::int64_t slave, std::int64_t user, bool counts);
  [[nodiscard]] bool failed_for(std::int64_t task, std::int64_t user) const;  // on a slave of this person
  // On slaves of how many people it failed, those of the job's owner each for itself. Who is not known is nobody.
  [[nodiscard]] std::size_t people_failed(std::int64_t task) const;
  void forget_failures(std::int64_t task);  // it may return to where it failed
  [[nodiscard]] bool failed_on(std::int64_t task, std::int64_t slave) const;

  // Memory that its frames needed of late: the median of what slaves said, so that one liar keeps nobody away. A slave
  // that has rendered one of them has enough, whatever it has.
  void rendered(std::int64_t slave, int memory_mib);
  [[nodiscard]] int memory_mib() const { return memory_mib_; }  // 0: not known
  [[nodiscard]] bool memory_suffices(std::int64_t slave, int memory_mib) const;

  // A frame took longer than the slave lends itself for: it gets none of this job until its limit is higher. ms; 0:
  // none.
  void record_too_long(std::int64_t slave, std::int64_t limit_ms);
  [[nodiscard]] bool too_long_for(std::int64_t slave, std::int64_t limit_ms) const;

  [[nodiscard]] bool owns(std::int64_t task) const;
  [[nodiscard]] State state(std::int64_t task) const { return tasks_[index(task)].state; }
  [[nodiscard]] int frame(std::int64_t task) const { return tasks_[index(task)].frame; }
  [[nodiscard]] int failures(std::int64_t task) const { return tasks_[index(task)].failures; }
  [[nodiscard]] TaskPlace place(std::int64_t task) const {
    return {frame(task), info_.tiles > 1 ? static_cast<int>(index(task)) % info_.tiles + 1 : 0};
  }
  [[nodiscard]] int ready() const;  // of one that needs approval: test frames alone
  [[nodiscard]] int unfinished() const { return unfinished_; }
  [[nodiscard]] int total() const { return info_.tasks; }
  [[nodiscard]] store::RunnableJob const& info() const { return info_; }
  [[nodiscard]] OutputSpec const& output() const { return output_; }
  [[nodiscard]] bool active() const { return info_.state == "active" && !info_.waits; }
  [[nodiscard]] bool pinning() const { return pinning_; }  // its renderer is being written down: nothing is given out
  // Whether what was given out on these terms is rendered by what renders the job now.
  [[nodiscard]] bool same_renderer(AttemptTerms const& terms) const;
  void begin_pinning() { pinning_ = true; }
  void end_pinning(std::optional<store::JobRenderer> const& renderer);  // nothing: it failed
  [[nodiscard]] bool waits() const { return info_.waits; }              // for the job whose output it is made of
  void dependency_met() { info_.waits = false; }
  // Only the first, the middle and the last frame are given out until it is approved.
  [[nodiscard]] bool needs_approval() const { return info_.needs_approval; }
  // done -> ready: it shall be rendered once more. false: it is at work here, for all that the database says.
  bool reopen(std::int64_t task, std::int64_t revision);
  void follow(
      store::JobControl const& control);  // what the row says now; of ended ones nothing, they end by themselves

  std::unordered_multimap<std::int64_t, std::int64_t> leases;  // task -> live attempts; usually one
  std::optional<OrderTemplate> order;                          // made when the first frame is given out
  std::int64_t order_made_ms = 0;

private:
  struct Task {
    int frame = 0;
    State state = State::done;
    std::uint8_t failures = 0;
  };
  struct Failure {
    std::int64_t slave = 0;
    std::int64_t user = 0;  // whose it was then: it may be gone when the next one is judged
  };
  struct FrameRun {
    std::size_t next = 0;
    std::size_t end = 0;
  };
  template <typename Do>
  bool each_test(Do what) const;                     // until it says true; in order
  bool take_at(std::size_t at, std::int64_t slave);  // false: it is not ready, or failed there
  [[nodiscard]] std::size_t index(std::int64_t task) const { return static_cast<std::size_t>(task - info_.first_task); }

  store::RunnableJob info_;
  OutputSpec output_;
  std::vector<Task> tasks_;
  std::size_t next_ = 0;                             // no task before this one is ready, but for those in returned_
  std::size_t next_run_ = 0;                         // tasks before this one are given out or belong to a slave's run
  std::unordered_map<std::int64_t, FrameRun> runs_;  // slave -> the frames that it goes on with
  std::set<std::int64_t> returned_;                  // ready tasks before next_ or next_run_ that were given out before
  std::unordered_map<std::int64_t, std::vector<Failure>> failures_;  // of a task, one a slave
  std::vector<int> memory_seen_;                                     // the latest few
  std::unordered_set<std::int64_t> rendered_by_;
  std::unordered_map<std::int64_t, std::int64_t> too_long_;  // slave -> the limit that was too low
  int memory_mib_ = 0;
  bool pinning_ = false;
  int ready_ = 0;
  int unfinished_ = 0;
};

}  // namespace distren

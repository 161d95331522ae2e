// The dispatcher's state and rules, without thread, clock or socket: messages in, effects out. The dispatcher runs it
// on its thread; tests and the simulator run the very same code with a clock of their own (now_ms, UNIX time).
//
// Life of a task here: ready -> leased -> done; of an attempt: attempt_state.h. A task that failed on a
// slave returns to it only when no other slave that fits is there, after a pause; the third failure is its last.
// Jobs whose tasks fail alike are paused by the journal, which counts them across restarts; the dispatcher is told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/render/render_method.h"
#include "server/dispatch/attempt_table.h"
#include "server/dispatch/benchmarks.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/grants.h"
#include "server/dispatch/job_queue.h"
#include "server/dispatch/job_revisions.h"
#include "server/dispatch/paid_time.h"
#include "server/dispatch/policy.h"

namespace distren {

struct FrameUpdate {  // for people who look at the job: what became of a frame
  std::int64_t job = 0, user = 0, task = 0;
  std::string_view state = "ready";  // as the API calls it
  std::int64_t slave = 0;
  std::string slave_name{};
  double fraction = 0;
  int failures = 0;
  std::string output{};  // of accepted ones, with size and digest
  std::int64_t size = 0;
  std::string sha256{};
  std::int64_t wall_ms = 0, cpu_ms = 0;
  std::string reason{};
};

class DispatchEffects {
public:
  virtual ~DispatchEffects() = default;
  virtual void journal_lease(store::LeaseEntry const& lease) = 0;
  // settled() comes back to the core when the ending is durable; answer (may be empty) is for the one who reported.
  virtual void journal_ending(store::EndingEntry ending, std::function<void(std::string answer)> answer) = 0;
  virtual std::int64_t next_attempt() = 0;                                // 0: none reserved at the moment
  virtual void settle_grants(std::vector<store::Settlement> grants) = 0;  // held ones whose value is known now
  virtual void record_power(std::int64_t slave, store::Method const& method, std::int64_t power) = 0;  // benchmarked
  virtual void frame_changed(FrameUpdate const& /*news*/) {}
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

class DispatchCore {
public:
  DispatchCore(DispatchSettings settings, OrderLinks links, Policy& policy, DispatchEffects& effects);

  // Jobs.
  void add_job(store::RunnableJob job, std::vector<store::RunnableTask> const& tasks,
               std::vector<store::FailedOn> const& failures, std::int64_t now);
  void restore_lease(store::LiveLease const& lease, std::int64_t now);  // at start-up, after add_job
  void change_job(store::JobControl const& control, std::int64_t now);
  void remove_job(std::int64_t job, std::int64_t revision, std::string const& reason, std::int64_t now);
  bool reopen(store::JobControl const& control, std::int64_t task, std::int64_t now);  // false: the job is not here
  // All of it is accepted: what is made of it may begin.
  void job_finished(std::int64_t job, std::int64_t revision, std::int64_t now);

  // Points. What the ledger holds of claims, held grants and measured powers.
  Grants& grants() { return grants_; }
  Benchmarks& powers() { return powers_; }

  // Slaves. sink empty: a slave over HTTPS, whose orders are fetched.
  Result<void> admit(std::int64_t slave, std::string const& instance, std::shared_ptr<SlaveSink> sink,
                     std::int64_t now);
  std::vector<std::pair<std::int64_t, std::string>> hello(SlaveCapabilities const& state, std::int64_t now);
  // Over HTTPS, where nobody signs on before: conflict, as admit().
  Result<std::vector<std::pair<std::int64_t, std::string>>> hello_without_line(SlaveCapabilities const& state,
                                                                               std::int64_t now);
  void gone(std::int64_t slave, SlaveSink const* sink);
  void heard(std::int64_t slave, std::int64_t now);
  void change_blocks(std::int64_t slave, Blocks blocks, std::int64_t now);  // its owner's
  void tell(std::int64_t slave, std::string line);
  void disable(std::int64_t slave, std::string const& reason, std::int64_t now);
  std::optional<std::string> order_for(std::int64_t slave, std::int64_t now);  // HTTPS
  std::optional<std::string> progress(std::int64_t slave, std::int64_t attempt, double fraction, std::int64_t now);

  void want_log(std::int64_t task, Dispatcher::LogAnswer const& answer, std::int64_t now);
  void told_log(std::int64_t slave, std::int64_t attempt, std::string const& text);

  // Results. claim: only one attempt at a time may put its image in place.
  std::optional<ExpectedResult> expected_result(std::int64_t attempt, std::int64_t task) const;
  ResultClaim claim(AttemptReport const& report, std::int64_t now);
  void release(std::int64_t attempt, std::int64_t now);
  void report(AttemptReport report, std::function<void(std::string answer)> answer, std::int64_t now);
  // points: what the ending was granted; nothing: the grant is held, or there was no claim.
  void settled(store::EndingEntry const& ending, store::JournalAnswer::Verdict verdict,
               std::optional<std::int64_t> points, std::function<void(std::string answer)> const& answer,
               std::int64_t now);

  void tick(std::int64_t now);  // each second: expired leases, delayed tasks, silent slaves, hungry slaves

  // Questions.
  JobStatus job_live(std::int64_t job) const;
  JobStatus job_running(std::int64_t job) const;  // without why it waits
  std::vector<std::pair<std::int64_t, TaskStatus>> tasks_live(std::int64_t job) const;
  GridStatus grid_live() const;
  std::vector<UserStatus> users_live() const;
  std::vector<std::int64_t> slaves_online() const;
  bool online(std::int64_t slave) const { return slaves_.contains(slave); }
  std::vector<CurrentTask> slave_work(std::int64_t slave) const;
  [[nodiscard]] std::int64_t owner(std::int64_t slave) const;  // 0: it is not online
  Explanation why_job(std::int64_t job) const;
  Explanation why_slave(std::int64_t slave) const;
  std::string settings_of(std::int64_t slave) const;

private:
  // Results that the journal has not written yet. Beyond the first number nobody gets an order until there are fewer
  // than the second: a database that is slower than the slaves must not fill the memory, nor let results wait for ever
  // longer.
  static constexpr int writing_limit = 4096;
  static constexpr int writing_few = 2048;

  struct Slave {
    SlaveCapabilities state;
    std::string instance;
    std::shared_ptr<SlaveSink> sink;
    std::set<std::int64_t> attempts;
    std::int64_t heard_ms = 0;
    std::int64_t probed_ms = 0;  // a second instance asked for this place; 0: nobody did
    bool greeted = false;        // a hello came
    std::int64_t refused = 0;    // the job that came first and that it may not have; 0: none when last asked
  };

  static Benchmarks power_book(DispatchSettings const& settings);
  static std::string answer_text(std::int64_t attempt, bool accepted, std::string const& reason);

  JobQueue* find_job(std::int64_t job);
  JobQueue const* find_job(std::int64_t job) const;
  [[nodiscard]] JobQueue* job_of(std::int64_t attempt, std::int64_t task);  // by the attempt, else by the task
  [[nodiscard]] JobQueue* owner_of(std::int64_t task) const;
  Attempt& keep(JobQueue& job, Attempt attempt);
  void sync_policy(JobQueue const& job);
  void tell_policy(SlaveCapabilities const& slave, bool here);
  [[nodiscard]] std::int64_t best_power(SlaveCapabilities const& slave) const;   // of one core with its fastest method
  [[nodiscard]] std::int64_t whole_power(SlaveCapabilities const& slave) const;  // of all that it lends now
  [[nodiscard]] std::int64_t kind_of(store::RunnableJob const& job);
  [[nodiscard]] bool worked_on(JobQueue const& job, std::int64_t task) const;  // by a live attempt
  [[nodiscard]] static store::Method const* suitable(SlaveCapabilities const& slave, std::string const& name,
                                                     std::string const& version);  // nullptr: it has none
  [[nodiscard]] bool fits(JobQueue const& job, SlaveCapabilities const& slave) const;
  [[nodiscard]] bool may_have(JobQueue const& job, SlaveCapabilities const& slave) const;
  [[nodiscard]] std::optional<Explanation> refusal(JobQueue const& job, SlaveCapabilities const& slave) const;
  [[nodiscard]] bool kind_fits(std::int64_t kind, SlaveCapabilities const& slave) const;
  [[nodiscard]] bool another_fits(JobQueue const& job, std::int64_t task, std::int64_t not_slave) const;
  std::optional<std::string> give(Slave& slave, std::int64_t now);
  std::string start(JobQueue& job, Slave const& slave, Attempt attempt, std::int64_t now);
  [[nodiscard]] BenchmarkPlan const* plan_of(std::string const& method) const;
  std::optional<std::string> give_benchmark(Slave& slave, store::Method const& method, std::int64_t now);
  void benchmark_ended(AttemptReport const& report, std::function<void(std::string answer)> const& answer,
                       std::int64_t now);
  [[nodiscard]] AttemptTerms terms_of(SlaveCapabilities const& slave, store::Method const& method) const;
  void value(JobQueue& job, Attempt const& attempt, AttemptReport const& report, store::EndingEntry& ending,
             std::int64_t now);
  void remember_claim(store::EndingEntry const& ending, Attempt const& attempt, JobQueue const& job, bool held);
  [[nodiscard]] bool benchmarking(Slave const& slave) const;
  [[nodiscard]] bool may_hold(Slave const& slave, JobQueue const& job) const;
  void feed(Slave& slave, std::int64_t now);  // push orders until its slots are full, and what it may hold besides
  void feed_hungry(std::int64_t now);         // after something became ready
  void feed_some(std::int64_t now);           // a few in turn: their benchmark may be due, a frame may be worth a copy
  void lease(Attempt attempt, std::int64_t now);
  void drop_attempt(std::int64_t attempt, AttemptEvent event = AttemptEvent::end);
  void end_early(std::int64_t attempt, store::Ending ending, std::string const& reason, std::int64_t now);
  void answer_logs(std::function<bool(std::int64_t attempt, std::int64_t until)> const& which,
                   std::optional<std::string> const& text);
  void cancel_on_slave(std::int64_t slave, std::int64_t attempt, std::string const& reason);
  void task_failed(JobQueue& job, store::EndingEntry& ending, std::int64_t now);
  [[nodiscard]] FrameUpdate news(JobQueue const& job, std::int64_t task, std::string_view state,
                                 std::int64_t slave) const;
  void slave_changed(std::int64_t slave);
  void follow(JobQueue& job, store::JobControl const& control, std::int64_t now);
  void drop_job(JobQueue const& job, std::string const& reason);  // with its leases
  void finish_job_if_done(std::int64_t job, std::int64_t now);

  DispatchSettings settings_;
  OrderLinks links_;
  Policy& policy_;
  DispatchEffects& effects_;
  JobRevisions revisions_;
  std::map<std::int64_t, std::unique_ptr<JobQueue>> jobs_;
  std::unordered_map<std::int64_t, Slave> slaves_;
  AttemptTable attempts_;
  std::unordered_map<std::int64_t, Blocks> owner_blocks_;    // slave, here or not; those without any are not in it
  std::map<std::int64_t, JobQueue*> by_first_task_;          // the tasks of a job are consecutive
  std::set<std::pair<std::int64_t, std::int64_t>> waiting_;  // a job, one that is made of its output
  // Jobs of one kind need the same method and version: what fits is asked once for all of them.
  std::map<std::pair<std::string, std::string>, std::int64_t> kind_numbers_;
  std::vector<std::pair<std::string, std::string>> kinds_;
  PaidTime paid_time_;
  struct WantedLog {
    std::int64_t attempt = 0;
    std::int64_t until_ms = 0;
    Dispatcher::LogAnswer answer;
  };
  std::vector<WantedLog> wanted_logs_;
  Grants grants_;
  Benchmarks powers_;
  std::set<std::int64_t> ready_jobs_;  // those that the policy knows
  int writing_ = 0;                    // accepted results that are not settled yet
  bool throttled_ = false;             // too many of them: no orders at the moment
  std::set<std::int64_t> hungry_;      // slaves of the line with a free slot
  std::int64_t fed_ = 0;               // the last one that feed_some asked
  std::multimap<std::int64_t, std::pair<std::int64_t, std::int64_t>> delayed_;  // time -> job, task
};

}  // namespace distren

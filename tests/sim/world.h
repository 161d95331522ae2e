// A grid in memory: people, PCs and jobs around the server's own DispatchCore and FairShare, with events on a clock of
// its own. Deterministic by seed. One thread. Work is millipoints, times are milliseconds, power is thousandths.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/dispatch/core.h"
#include "server/dispatch/fair_share/fair_share.h"
#include "tests/sim/ledger.h"
#include "tests/sim/payroll.h"
#include "tests/sim/random.h"

namespace distren::sim {

inline constexpr std::int64_t hour_ms = 3'600'000;
inline constexpr std::int64_t day_ms = 24 * hour_ms;

struct JobShape {  // what an owner submits
  int frames = 100;
  std::int64_t work = 300'000;  // of a frame
};

struct User {
  Nature nature = Nature::honest;
  std::int64_t points = 0;  // from before
  double jobs_per_day = 0;  // at random times; 0: none
  bool backlogged = false;  // submits the next job before the last one is given out
  JobShape shape;
  bool boosts = false;  // spends what it has on its jobs
  // What happened.
  std::int64_t given = 0;           // work of its frames that began
  std::int64_t waiting_frames = 0;  // not given out yet
  std::int64_t latest_job = 0;      // 0: the next is on its way
  std::int64_t total_at_turn = 0;   // the grid's work when its last turn was
  std::int64_t longest_gap = 0;     // work of others between two turns
};

struct Pc {
  std::int64_t user = 0;
  int cores = 8;
  std::int64_t true_power = 1000;
  double on_hours = 0;  // mean; 0: always on
  double off_hours = 16;
  double vanishes = 0;  // chance that it goes without a word
};

struct Job {
  std::int64_t user = 0;
  JobShape shape;
  double efficiency = 0.8;
  std::int64_t submitted = 0;
  std::int64_t first_start = 0;
  std::int64_t finished = 0;
  int left = 0;
  bool contributor = false;  // its owner, when it was submitted
};

struct WorldSettings {
  std::uint64_t seed = 1;
  PayRules rules{};
  double bursts = 0;  // chance that a submitted job is five jobs
};

class World : DispatchEffects {
public:
  explicit World(WorldSettings settings);
  ~World() override;

  std::int64_t add(User user);  // returns its number, from 1
  std::int64_t add(Pc pc);
  void run(double days);
  void settle();  // ends all jobs, pays what is held, checks the ledger
  [[nodiscard]] std::string why(std::int64_t job) const { return sentence(policy_.explain_job(job)); }

  [[nodiscard]] std::vector<User> const& users() const { return users_; }
  [[nodiscard]] std::vector<Job> const& jobs() const { return jobs_; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] Payroll& payroll() { return payroll_; }
  void forget_measures();  // start measuring now
  std::int64_t total_given = 0;
  std::int64_t longest_frame = 0;
  std::int64_t frames_done = 0;
  std::int64_t copies = 0;
  std::int64_t same_job = 0;  // orders of the job that the PC had before
  std::int64_t orders = 0;

private:
  struct Running {
    std::int64_t job = 0;
    std::int64_t task = 0;
    int frame = 0;
    std::int64_t start = 0;
    std::int64_t cpu_ms = 0;
    AttemptTerms terms{};  // of its lease
  };
  struct Machine : Pc {
    bool on = false;
    std::shared_ptr<SlaveSink> sink;
    std::map<std::int64_t, Running> running;
    std::int64_t last_job = 0;
  };
  enum class Kind { finish, renew, on, off, submit, tick, daily };
  struct Event {
    std::int64_t at = 0;
    std::int64_t order = 0;
    Kind kind = Kind::tick;
    std::int64_t a = 0;
    std::int64_t b = 0;
    bool operator>(Event const& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  struct Sink;

  // DispatchEffects
  void journal_lease(store::LeaseEntry const&) override {}
  void journal_outcome(store::OutcomeEntry outcome, std::function<void(std::string answer)> answer) override;
  std::int64_t next_attempt() override { return ++attempts_; }
  void settle_grants(std::vector<store::Settlement>) override {}  // the payroll does, by the formulas that it compares
  void record_power(std::int64_t, store::Method const&, std::int64_t) override {}
  void pin_renderer(std::int64_t, std::string, std::string) override {}  // every job has one

  void schedule(std::int64_t in_ms, Kind kind, std::int64_t a = 0, std::int64_t b = 0);
  void handle(Event const& event);
  void submit(std::int64_t user);
  void turn_on(std::int64_t pc);
  void turn_off(std::int64_t pc);
  void begin(std::int64_t pc, std::int64_t attempt, std::int64_t task, std::int64_t job, int frame,
             AttemptTerms const& terms);
  void cancel(std::int64_t pc, std::int64_t attempt);
  void finish(std::int64_t pc, std::int64_t attempt);
  void journal();  // the batch: ledger, then the core learns what became of it
  store::JournalReply::Verdict record(store::OutcomeEntry const& outcome);
  void end_job(std::int64_t job);
  [[nodiscard]] std::int64_t frame_work(std::int64_t job, int frame) const;
  [[nodiscard]] std::int64_t job_of_task(std::int64_t task) const;

  WorldSettings settings_;
  Random random_;
  std::int64_t now_ = 1'700'000'000'000;
  std::int64_t attempts_ = 0;
  std::int64_t events_ = 0;
  std::int64_t tasks_ = 0;
  std::vector<User> users_{1};  // number 0 is nobody
  std::vector<Machine> machines_{1};
  std::vector<Job> jobs_{1};
  std::vector<std::int64_t> first_tasks_{0};  // of each job
  std::vector<bool> done_tasks_{true};
  std::unordered_map<std::int64_t, Running> handed_in_;  // between the PC's report and the journal
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
  std::vector<std::pair<store::OutcomeEntry, std::function<void(std::string)>>> batch_;
  Ledger ledger_;
  FairShare policy_;
  Payroll payroll_;
  DispatchCore core_;
};

}  // namespace distren::sim

// Which job a slave serves next. A pure part: no clock, no I/O, no randomness of its own, so that a simulator can
// drive the code that the server runs. Used on the dispatcher's thread only. Times are UNIX ms or ms, work is
// millipoints (economy/points.h). Everything it is told may be told again: what it knows already changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace distren {

struct PolicyJob {
  std::int64_t id = 0;
  std::int64_t user = 0;
  int priority = 50;       // 1 to 100, higher first; compared only among one owner's jobs
  std::int64_t kind = 0;   // jobs of one kind fit the same slaves (method, version, device, tags ...)
  std::int64_t ready = 0;  // tasks that can be given out; 0: not known
  std::int64_t unfinished = 0;
};

struct PolicySlave {  // a slave that asks
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::int64_t now_ms = 0;
  std::function<bool(std::int64_t kind)> fits{};  // empty: every kind does
};

struct SlaveCapacity {
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::int64_t power = 1000;  // of one core, thousandths of the reference core
  int threads = 1;            // of one task
  int slots = 1;              // 0: it is gone
  std::int64_t limit_ms = 0;  // the longest task that it takes; 0: any
};

// Why a job waits, or what a slave was last told: the rule, and its number.
struct PolicyReason {
  enum class Rule {
    unknown,           // nobody told the policy of it
    all_dispatched,    // all of the job's tasks are out
    own_job_first,     // number: the job of the same owner that comes before
    users_ahead,       // number: how many users come before
    next,              // it is served next, by the first slave that fits
    fair_share,        // slave: the user whose turn it was; job: what it got
    files_cached,      // slave: got this job a little early, since it holds its files
    speculative_copy,  // slave: renders a second time what a slower one is at; number: the attempt
    wait_for_faster,   // slave: its frame would end after the job; number: ms until a faster slave is free
    too_long,          // slave: number: ms that the frame would take, more than the slave's limit
    no_suitable_job,   // slave: number: jobs that it was offered and could not take
    no_work,           // slave: no job has a task ready
  };
  Rule rule = Rule::unknown;
  std::int64_t number = 0;
  std::int64_t job = 0;
  std::int64_t user = 0;
  std::int64_t weight = 0;  // thousandths, 0: no contributor
  std::int64_t boost = 0;   // thousandths
};

// Whose turn it was that gave a slave a job: Policy::choose() says it, dispatched() charges it.
struct PolicyTurn {
  int side = 0;  // of the policy's classes
  PolicyReason::Rule rule = PolicyReason::Rule::fair_share;
};

struct PolicyAttempt {
  std::int64_t id = 0;
  std::int64_t job = 0;
  std::int64_t slave = 0;
  std::int64_t now_ms = 0;
  std::int64_t duplicate_of = 0;     // the attempt whose task it does a second time
  std::optional<PolicyTurn> turn{};  // nothing: a lease that was found again, or a second try
};

struct PolicyResult {
  std::int64_t work = 0;  // the claim of economy/points.h: power times CPU time
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  bool accepted = true;  // false: it failed; the work is charged, but says nothing about the job's frames
};

std::string sentence(PolicyReason const& reason);
std::string_view rule_name(PolicyReason::Rule rule);  // as programs read it: "users_ahead"

struct Forecast {
  std::int64_t position = 0;   // 1: served next
  std::int64_t boost = 0;      // thousandths
  std::int64_t remaining = 0;  // millipoints of work left
  std::int64_t finish_ms = 0;  // 0: no slave works, so nobody can say
};

struct Candidate {
  std::int64_t job = 0;
  PolicyTurn turn{};
};

// What a search says of its slave; for Policy::searched() when no order came of it.
struct SearchOutcome {
  bool stopped = false;  // at its last candidate: its turn it is, but not now
  PolicyReason reason{};
  std::int64_t held_for = 0;                                      // the job that it leaves to a faster slave
  std::int64_t held_ms = 0;                                       // since when
  std::optional<std::pair<std::int64_t, std::int64_t>> resume{};  // a long row of refusals goes on here
};

// The jobs that a slave should serve, one after the other, as long as it takes none. Good until anything is told to the
// policy.
class Candidates {
public:
  virtual ~Candidates() = default;
  virtual std::optional<Candidate> next() = 0;  // the one before was refused
  [[nodiscard]] virtual SearchOutcome outcome() const = 0;
};

class Policy {
public:
  virtual ~Policy() = default;
  virtual void add_job(PolicyJob const& job) = 0;  // it has ready tasks now; adding it again updates it
  virtual void remove_job(std::int64_t job) = 0;   // it has none ready, is paused or gone; unknown ids are ignored
  // Jobs in the order in which this slave should serve them. Looks and changes nothing: after it comes dispatched()
  // with the turn of the candidate that was taken, or searched() when none was.
  [[nodiscard]] virtual std::unique_ptr<Candidates> choose(PolicySlave const& slave) const = 0;
  virtual void searched(PolicySlave const& /*slave*/, SearchOutcome const& /*outcome*/) {}

  // Facts from outside. A user nobody told of has no points, a slave is one reference core.
  virtual void set_user(std::int64_t /*user*/, std::int64_t /*total_points*/) {}
  virtual void set_boost(std::int64_t /*job*/, std::int64_t /*escrow*/) {}
  virtual void set_slave(SlaveCapacity const& /*slave*/) {}
  virtual void forget_job(std::int64_t job) { remove_job(job); }  // it is gone for good

  // The course of attempts. dispatched: charges the turn; also when a lease is found again after a restart.
  virtual void dispatched(PolicyAttempt const& /*attempt*/) {}
  virtual void completed(std::int64_t /*attempt*/, PolicyResult const& /*result*/) {}
  virtual void returned(std::int64_t /*attempt*/) {}  // ended without a result: costs nothing

  // For a slave that choose left idle: running attempts worth a second try there, best first.
  [[nodiscard]] virtual std::vector<std::int64_t> stragglers(PolicySlave const& /*slave*/) const { return {}; }
  // How many consecutive frames of this job to keep together on this slave.
  [[nodiscard]] virtual int run_length(std::int64_t /*job*/, std::int64_t /*slave*/) const { return 1; }
  // How long a frame of this job should take there; nothing: nobody knows yet.
  [[nodiscard]] virtual std::optional<std::int64_t> frame_ms(std::int64_t /*job*/, std::int64_t /*slave*/) const {
    return std::nullopt;
  }

  // What it pays on top of each grant of this job, thousandths.
  [[nodiscard]] virtual std::int64_t boost_of(std::int64_t /*job*/) const { return 0; }

  // Questions of people; they may walk all users.
  [[nodiscard]] virtual PolicyReason explain_job(std::int64_t /*job*/) const { return {}; }
  [[nodiscard]] virtual PolicyReason explain_slave(std::int64_t /*slave*/) const { return {}; }
  [[nodiscard]] virtual std::optional<Forecast> forecast(std::int64_t /*job*/, std::int64_t /*more_escrow*/,
                                                         std::int64_t /*now_ms*/) const {
    return std::nullopt;
  }
};

}  // namespace distren

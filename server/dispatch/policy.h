// Which job a slave serves next. A pure part: no clock, no I/O, no randomness of its own, so that a simulator can
// drive the code that the server runs. Used on the dispatcher's thread only. Times are UNIX ms or ms, work is
// millipoints (economy/points.h). Everything it is told may be told again: what it knows already changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

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

struct PolicyAttempt {
  std::int64_t id = 0;
  std::int64_t job = 0;
  std::int64_t slave = 0;
  std::int64_t now_ms = 0;
  std::int64_t copy_of = 0;  // the attempt whose task it does a second time
};

struct PolicyResult {
  std::int64_t work = 0;  // the claim of economy/points.h: power times CPU time
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  bool accepted = true;  // false: it failed; the work is charged, but says nothing about the job's frames
};

// Why a job waits, or what a slave was last told: the rule, and its number.
struct PolicyReason {
  enum class Rule {
    unknown,          // nobody told the policy of it
    nothing_ready,    // all of the job's tasks are out
    own_job_first,    // number: the job of the same owner that comes before
    users_ahead,      // number: how many users come before
    next,             // it is served next, by the first slave that fits
    fair_share,       // slave: the user whose turn it was; job: what it got
    same_files,       // slave: got this job a little early, since it holds its files
    tail_copy,        // slave: renders a second time what a slower one is at; number: the attempt
    wait_for_faster,  // slave: its frame would end after the job; number: ms until a faster slave is free
    too_long,         // slave: number: ms that the frame would take, more than the slave's limit
    nothing_fits,     // slave: number: jobs that it was offered and could not take
    nothing_to_do,    // slave: no job has a task ready
  };
  Rule rule = Rule::unknown;
  std::int64_t number = 0;
  std::int64_t job = 0;
  std::int64_t user = 0;
  std::int64_t weight = 0;  // thousandths, 0: no contributor
  std::int64_t boost = 0;   // thousandths
};
std::string sentence(PolicyReason const& reason);
std::string_view rule_name(PolicyReason::Rule rule);  // as programs read it: "users_ahead"

struct Forecast {
  std::int64_t position = 0;   // 1: served next
  std::int64_t boost = 0;      // thousandths
  std::int64_t remaining = 0;  // millipoints of work left
  std::int64_t finish_ms = 0;  // 0: no slave works, so nobody can say
};

class Policy {
public:
  virtual ~Policy() = default;
  virtual void add_job(PolicyJob const& job) = 0;  // it has ready tasks now; adding it again updates it
  virtual void remove_job(std::int64_t job) = 0;   // it has none ready, is paused or gone; unknown ids are ignored
  // Offers jobs in the order in which this slave should serve them, until take returns true.
  virtual void choose(PolicySlave const& slave, std::function<bool(std::int64_t job)> const& take) = 0;

  // Facts from outside. A user nobody told of has no points, a slave is one reference core.
  virtual void know_user(std::int64_t /*user*/, std::int64_t /*total_points*/) {}
  virtual void know_boost(std::int64_t /*job*/, std::int64_t /*escrow*/) {}
  virtual void know_slave(SlaveCapacity const& /*slave*/) {}
  virtual void forget_job(std::int64_t job) { remove_job(job); }  // it is gone for good

  // The course of attempts. dispatched: from within take, or when a lease is found again after a restart.
  virtual void dispatched(PolicyAttempt const& /*attempt*/) {}
  virtual void completed(std::int64_t /*attempt*/, PolicyResult const& /*result*/) {}
  virtual void returned(std::int64_t /*attempt*/) {}  // ended without a result: costs nothing

  // For a slave that choose left idle: offers running attempts worth a second try elsewhere, until take returns true.
  virtual void copy(PolicySlave const& /*slave*/, std::function<bool(std::int64_t attempt)> const& /*take*/) {}
  // How many consecutive frames of this job to keep together on this slave.
  [[nodiscard]] virtual int block(std::int64_t /*job*/, std::int64_t /*slave*/) const { return 1; }
  // How long a frame of this job should take there; nothing: nobody knows yet.
  [[nodiscard]] virtual std::optional<std::int64_t> frame_ms(std::int64_t /*job*/, std::int64_t /*slave*/) const {
    return std::nullopt;
  }

  // What it pays on top of each grant of this job, thousandths.
  [[nodiscard]] virtual std::int64_t boost_of(std::int64_t /*job*/) const { return 0; }

  // Questions of people; they may walk all users.
  [[nodiscard]] virtual PolicyReason why_job(std::int64_t /*job*/) const { return {}; }
  [[nodiscard]] virtual PolicyReason why_slave(std::int64_t /*slave*/) const { return {}; }
  [[nodiscard]] virtual std::optional<Forecast> forecast(std::int64_t /*job*/, std::int64_t /*more_escrow*/,
                                                         std::int64_t /*now_ms*/) const {
    return std::nullopt;
  }
};

}  // namespace distren

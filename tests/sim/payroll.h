// What becomes of an accepted result: claim, fair value, grant, power, audit, vesting (doc/points.md), with the
// server's own formulas. Liars are made here: what they report, and whether an audit would see it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "server/economy/points.h"
#include "tests/sim/ledger.h"
#include "tests/sim/random.h"

namespace distren::sim {

enum class Nature {
  honest,
  saboteur,  // one frame in five is not rendered: a made-up image, claimed like a real one
  inflator,  // one frame in five is claimed with all the CPU time that the server's clock allows
  boaster,   // hides CPU time when it is benchmarked, as far as the server's clock lets it
  colluder,  // an inflator of all frames whose friends do the same, so that they are each other's fair value
};

struct PayRules {
  int value_cap = 3;              // samples of one user in a fair value
  int power_exponent = 100;       // thousandths
  int power_anchor = 50;          // thousandths
  bool power_at_job_end = false;  // true: with all results of the job known, not only those before
  bool vests_after_audit = true;  // false: only what is audited can be lost, the rest is paid at once
  double benchmark_error = 0.05;  // of one core's power
};

struct Work {  // an accepted result
  std::int64_t attempt = 0;
  std::int64_t job = 0;
  std::int64_t frame = 0;
  std::int64_t owner = 0;
  std::int64_t pc = 0;
  std::int64_t work = 0;    // what the frame takes on the reference core
  std::int64_t cpu_ms = 0;  // what it took here
  std::int64_t wall_ms = 0;
  std::int64_t unfinished = 0;  // frames of the job after this one
  std::int64_t now = 0;
};

struct Purse {                 // of a user, over the simulation
  std::int64_t real_work = 0;  // rendered for others, on the reference core
  std::int64_t results = 0;    // accepted, for others
  std::int64_t caught = 0;     // audits failed
};

class Payroll {
public:
  Payroll(PayRules rules, std::uint64_t seed, Ledger& ledger) : rules_(rules), random_(seed), ledger_(ledger) {}

  void add_pc(std::int64_t pc, std::int64_t user, Nature nature, int cores, std::int64_t true_power);
  // Returns the work that the server believes was done, for the policy.
  std::int64_t accept(Work const& work);
  void end_job(std::int64_t job, std::int64_t owner);
  void age(std::int64_t now);  // pays what was held for a day
  void expect_one_earn_each();

  [[nodiscard]] std::int64_t power(std::int64_t pc) const { return pcs_.at(pc).power; }
  [[nodiscard]] std::int64_t benchmark(std::int64_t pc) const { return pcs_.at(pc).benchmark; }
  [[nodiscard]] bool disabled(std::int64_t pc, std::int64_t now) const { return pcs_.at(pc).disabled_until > now; }
  [[nodiscard]] double power_mean() const;   // of honest PCs' P, in terms of the truth
  [[nodiscard]] double power_error() const;  // mean distance of P from the truth
  [[nodiscard]] Purse const& purse(std::int64_t user) { return purses_[user]; }
  std::function<void(std::int64_t user)> total_changed = [](std::int64_t) {};
  std::function<void(std::int64_t job)> escrow_changed = [](std::int64_t) {};
  std::int64_t audits = 0;

private:
  struct Machine {
    std::int64_t user = 0;
    Nature nature = Nature::honest;
    int cores = 0;
    std::int64_t true_power = 0;
    std::int64_t benchmark = 0;
    std::int64_t power = 0;
    int passed = 0;
    std::vector<std::int64_t> unvested;   // results
    std::vector<std::int64_t> failed_at;  // counts of its results at which an audit failed
    std::int64_t results = 0;
    int times_disabled = 0;
    std::int64_t disabled_until = 0;
  };
  enum class AuditOutcome : std::uint8_t { open, vested, forfeited };
  struct Held {
    std::int64_t attempt = 0;
    std::int64_t frame = 0;
    std::int64_t pc = 0;
    std::int64_t claim = 0;
    std::int64_t ceiling = 0;  // 1.25 demonstrated power * wall
    std::int64_t boost = 0;
    std::int64_t since = 0;
  };
  struct JobBook {
    std::multimap<std::int64_t, economy::Sample> samples;
    std::vector<Held> held;
    std::vector<std::pair<std::int64_t, std::pair<std::int64_t, std::int64_t>>> results;  // pc, frame and claim
    std::set<std::int64_t> users;                                                         // who rendered for it
  };

  [[nodiscard]] std::vector<economy::Sample> near(JobBook const& book, std::int64_t frame) const;
  void pay(std::int64_t job, Held const& held, std::int64_t grant);
  void correct(JobBook const& book);
  void audit(Machine& pc, std::int64_t attempt, bool cheated, std::int64_t now);
  void settle(std::int64_t attempt, AuditOutcome fate);

  PayRules rules_;
  Random random_;
  Ledger& ledger_;
  std::unordered_map<std::int64_t, Machine> pcs_;
  std::unordered_map<std::int64_t, JobBook> books_;
  std::unordered_map<std::int64_t, Purse> purses_;
  std::unordered_map<std::int64_t, AuditOutcome> fates_;  // of results whose grant is still held
  std::int64_t expected_earns_ = 0;
  std::int64_t earns_ = 0;
};

}  // namespace distren::sim

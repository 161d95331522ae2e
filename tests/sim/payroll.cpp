#include "tests/sim/payroll.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "server/economy/fixed_math.h"

namespace distren::sim {

namespace {

constexpr double cheated_share = 0.2;
constexpr std::int64_t day = 86'400'000;
constexpr int audited_first = 10;
constexpr double least_audited = 0.2;

}  // namespace

void Payroll::add_pc(std::int64_t id, std::int64_t user, Nature nature, int cores, std::int64_t true_power) {
  double const error = 1 + rules_.benchmark_error * (2 * random_.uniform() - 1);
  auto const benchmark =
      static_cast<std::int64_t>(static_cast<double>(true_power) * (nature == Nature::boaster ? 1.25 : error));
  pcs_[id] = {.user = user,
              .nature = nature,
              .cores = cores,
              .true_power = true_power,
              .benchmark = benchmark,
              .power = benchmark,
              .unvested = {},
              .failed_at = {}};
}

std::vector<economy::Sample> Payroll::near(JobBook const& book, std::int64_t frame) const {
  constexpr int each_side = 30;  // enough for fifteen, with blocks of frames of one user between them
  std::vector<economy::Sample> found;
  auto const middle = book.samples.lower_bound(frame);
  auto right = middle;
  for (int i = 0; i < each_side && right != book.samples.end(); ++i, ++right) found.push_back(right->second);
  auto left = middle;
  for (int i = 0; i < each_side && left != book.samples.begin(); ++i) found.push_back((--left)->second);
  return found;
}

void Payroll::pay(std::int64_t job, Held const& held, std::int64_t grant) {
  std::int64_t const user = pcs_.at(held.pc).user;
  ledger_.expect(grant <= held.ceiling, fmt::format("result {} is paid {}, above 1.25 times what its PC can do ({})",
                                                    held.attempt, grant, held.ceiling));
  ledger_.expect(grant >= 0 && grant <= held.claim,
                 fmt::format("result {} is paid {} for a claim of {}", held.attempt, grant, held.claim));
  ledger_.earn(held.attempt, user, grant);
  ++earns_;
  if (std::int64_t const extra = economy::payout(held.boost, grant, ledger_.escrow(job)); extra > 0) {
    ledger_.payout(held.attempt, job, extra);
    escrow_changed(job);
  }
  if (auto const fate = fates_.find(held.attempt); fate != fates_.end()) {
    AuditOutcome const decided = fate->second;
    fates_.erase(fate);
    if (decided != AuditOutcome::open) settle(held.attempt, decided);
  }
}

void Payroll::settle(std::int64_t attempt, AuditOutcome fate) {
  if (!ledger_.earned(attempt)) {
    fates_[attempt] = fate;  // as soon as its grant is known
    return;
  }
  if (fate == AuditOutcome::vested)
    ledger_.vest(attempt);
  else
    ledger_.forfeit(attempt);
}

void Payroll::audit(Machine& pc, std::int64_t attempt, bool cheated, std::int64_t now) {
  double const rate = pc.passed < audited_first ? 1 : std::max(1.0 / pc.passed, least_audited);
  pc.unvested.push_back(attempt);
  if (!random_.chance(rate)) {
    if (rules_.vests_after_audit) return;
    for (std::int64_t const each : pc.unvested) settle(each, AuditOutcome::vested);
    pc.unvested.clear();
    return total_changed(pc.user);
  }
  ++audits;
  for (std::int64_t const each : pc.unvested) settle(each, cheated ? AuditOutcome::forfeited : AuditOutcome::vested);
  pc.unvested.clear();
  if (!cheated) {
    ++pc.passed;
    return total_changed(pc.user);
  }
  ++purses_[pc.user].caught;
  pc.passed = 0;
  pc.failed_at.push_back(pc.results);
  std::size_t const fails = pc.failed_at.size();
  if (fails >= 3 && pc.results - pc.failed_at[fails - 3] < 30) {
    pc.disabled_until = now + day * (std::int64_t{1} << std::min(pc.times_disabled++, 6));
    pc.failed_at.clear();
  }
}

std::int64_t Payroll::accept(Work const& work) {
  Machine& pc = pcs_.at(work.pc);
  ++pc.results;
  bool const cheated = pc.nature == Nature::saboteur && random_.chance(cheated_share);
  bool const inflated =
      pc.nature == Nature::colluder || (pc.nature == Nature::inflator && random_.chance(cheated_share));
  std::int64_t const machine_ms = work.wall_ms * pc.cores;
  std::int64_t const claimed = economy::claim({.power = pc.power,
                                               .benchmark = pc.benchmark,
                                               .cores = pc.cores,
                                               .cpu_ms = inflated ? machine_ms * 2 : work.cpu_ms,
                                               .wall_ms = work.wall_ms});
  Held const held{.attempt = work.attempt,
                  .frame = work.frame,
                  .pc = work.pc,
                  .claim = claimed,
                  .ceiling = economy::scaled(pc.benchmark * 5, machine_ms, 4 * 1000 * economy::ms_per_millipoint) + 1,
                  .boost = economy::boost(ledger_.escrow(work.job), claimed * (work.unfinished + 1)),
                  .since = work.now};
  if (pc.user == work.owner) return claimed;  // one's own job earns nothing, and is no sample
  Purse& purse = purses_[pc.user];
  purse.real_work += cheated ? 0 : work.work;
  ++purse.results;
  ++expected_earns_;
  JobBook& book = books_[work.job];
  auto const value = economy::fair_value(near(book, work.frame), work.frame, pc.user, rules_.value_cap);
  std::int64_t believed = claimed;
  if (value) {
    std::int64_t const grant = economy::grant(claimed, *value);
    ledger_.expect(grant * 100 <= *value * 115,
                   fmt::format("result {} is paid {}, above 1.15 V ({})", work.attempt, grant, *value));
    pay(work.job, held, grant);
    if (!rules_.power_at_job_end)
      pc.power =
          economy::corrected_power(pc.power, pc.benchmark, *value, claimed, rules_.power_exponent, rules_.power_anchor);
    believed = grant;
  } else {
    book.held.push_back(held);
  }
  if (rules_.power_at_job_end) book.results.push_back({work.pc, {work.frame, claimed}});
  book.samples.emplace(work.frame, economy::Sample{work.frame, pc.user, claimed});
  // A value can form for what is held when somebody new has rendered; looking each time would cost too much.
  bool const somebody_new = book.users.insert(pc.user).second;
  if (book.users.size() > 2 && (somebody_new || book.held.size() < 8)) {
    std::erase_if(book.held, [&](Held const& each) {
      std::int64_t const user = pcs_.at(each.pc).user;
      auto const now_known = economy::fair_value(near(book, each.frame), each.frame, user, rules_.value_cap);
      if (now_known) pay(work.job, each, economy::grant(each.claim, *now_known));
      return now_known.has_value();
    });
  }
  audit(pc, work.attempt, cheated, work.now);
  return believed;
}

void Payroll::age(std::int64_t now) {
  for (auto& [job, book] : books_) {
    auto const id = job;
    JobBook& of = book;
    std::erase_if(of.held, [&](Held const& each) {
      if (now - each.since < day) return false;
      pay(id, each, economy::grant_without_value(each.claim, near(of, each.frame)));
      return true;
    });
  }
}

// One step per PC and job: the sum of fair values against the sum of claims, when nothing of the job is missing. With
// the results that came before only, every frame would be compared with shorter ones: the short ones come in first.
void Payroll::correct(JobBook const& book) {
  std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> sums;
  for (auto const& [pc, result] : book.results) {
    auto const value = economy::fair_value(near(book, result.first), result.first, pcs_.at(pc).user, rules_.value_cap);
    if (!value) continue;
    sums[pc].first += *value;
    sums[pc].second += result.second;
  }
  for (auto const& [id, sum] : sums) {
    Machine& pc = pcs_.at(id);
    pc.power = economy::corrected_power(pc.power, pc.benchmark, sum.first, sum.second, rules_.power_exponent,
                                        rules_.power_anchor);
  }
}

void Payroll::end_job(std::int64_t job, std::int64_t owner) {
  if (auto const found = books_.find(job); found != books_.end()) {
    for (Held const& each : found->second.held)
      pay(job, each, economy::grant_without_value(each.claim, near(found->second, each.frame)));
    correct(found->second);
    books_.erase(found);
  }
  ledger_.refund(job, owner);
}

void Payroll::expect_one_earn_each() {
  std::int64_t held = 0;
  for (auto const& [job, book] : books_) held += static_cast<std::int64_t>(book.held.size());
  ledger_.expect(
      earns_ + held == expected_earns_,
      fmt::format("{} results of others were accepted, {} earned, {} are held", expected_earns_, earns_, held));
}

namespace {

// The mean of what `of` says of each honest PC that has worked for a while.
template <typename Pcs, typename Of>
double over_honest(Pcs const& pcs, Of of) {
  double sum = 0;
  double count = 0;
  for (auto const& [id, pc] : pcs) {
    if (pc.nature != Nature::honest || pc.results < 20) continue;
    sum += of(static_cast<double>(pc.power) / static_cast<double>(pc.true_power));
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace

double Payroll::power_mean() const {
  return over_honest(pcs_, [](double ratio) { return ratio; });
}

double Payroll::power_error() const {
  return over_honest(pcs_, [](double ratio) { return std::abs(ratio - 1); });
}

}  // namespace distren::sim

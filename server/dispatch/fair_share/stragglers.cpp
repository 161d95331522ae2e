#include "server/dispatch/fair_share/stragglers.h"

#include <algorithm>
#include <functional>

#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

namespace {

constexpr std::int64_t faster_within_ms = 120'000;
constexpr int looked_at = 8;  // candidates per row

// How long all that is left of the job takes at its present rate.
std::int64_t rest_ms(FairAttempts const& attempts, FairQueues::Job const& job, FairAttempts::Job const& run) {
  std::int64_t const left = economy::scaled(attempts.expected_work(job.facts.id), job.facts.unfinished, 1);
  return economy::scaled(economy::scaled(left, economy::ms_per_millipoint * economy::unit_power, run.rate), 1000,
                         run.estimate.efficiency());
}

// Those that should end last, and those that should have ended long ago: what is overdue by a while is expected to need
// as long again.
std::vector<std::int64_t> straggling_jobs(FairAttempts const& attempts) {
  auto const& stragglers = attempts.stragglers();
  std::vector<std::int64_t> jobs;
  auto last = stragglers.rbegin();
  for (int i = 0; i < looked_at && last != stragglers.rend(); ++i, ++last) jobs.push_back(last->second);
  auto first = stragglers.begin();
  for (int i = 0; i < looked_at && first != stragglers.end(); ++i, ++first) jobs.push_back(first->second);
  return jobs;
}

}  // namespace

std::optional<std::int64_t> faster_in(FairShareTables const& tables, FairQueues::Job const& job,
                                      SlaveCapacity const& slave, HeldBack held, std::int64_t now) {
  std::int64_t const id = job.facts.id;
  FairAttempts const& attempts = tables.attempts;
  FairAttempts::Job const* const run = attempts.find_job(id);
  if (run == nullptr || run->rate == 0 || job.facts.unfinished == 0 || !run->estimate.work()) return std::nullopt;
  if (held.job == id && now - held.since_ms >= faster_within_ms) return std::nullopt;
  std::int64_t const ms = attempts.expected_ms(id, slave);
  if (ms <= rest_ms(attempts, job, *run)) return std::nullopt;
  for (std::size_t i = FairAttempts::speed(rate_of(slave)) + 1; i < FairAttempts::speeds; ++i) {
    auto const& ends = attempts.ends(i);
    auto end = ends.lower_bound({now, 0});
    for (int seen = 0; seen < looked_at && end != ends.end() && end->first <= now + faster_within_ms; ++end, ++seen) {
      FairAttempts::Attempt const& attempt = attempts.at(end->second);
      FairQueues::Job const* const other = tables.queues.find(attempt.facts.job);
      if (other == nullptr || other->facts.kind != job.facts.kind) continue;
      std::int64_t const there = economy::scaled(ms, rate_of(slave), attempt.rate);
      if (end->first - now + there < ms) return end->first - now;
    }
  }
  return std::nullopt;
}

std::vector<std::int64_t> find_stragglers(FairShareTables const& tables, PolicySlave const& asking) {
  FairAttempts const& attempts = tables.attempts;
  if (attempts.stragglers().empty() || (attempts.duplicates() + 1) * 10 > tables.slaves.slots()) return {};
  FairSlaves::Slave const* const slave = tables.slaves.find(asking.id);
  if (slave == nullptr) return {};

  std::vector<FairAttempts::End> gains;  // what is left, attempt
  for (std::int64_t const id : straggling_jobs(attempts)) {
    if (asking.fits && !asking.fits(tables.queues.at(id).facts.kind)) continue;
    std::int64_t const here = attempts.expected_ms(id, slave->facts);
    if (slave->facts.limit_ms > 0 && here > slave->facts.limit_ms) continue;
    auto const& running = attempts.find_job(id)->running;
    for (FairAttempts::End const& each : {*running.rbegin(), *running.begin()}) {
      FairAttempts::Attempt const& attempt = attempts.at(each.second);
      FairSlaves::Slave const* const other = tables.slaves.find(attempt.facts.slave);
      if (attempt.facts.slave == asking.id || (other != nullptr && other->facts.user == asking.user)) continue;
      std::int64_t const left = std::max(each.first - asking.now_ms, asking.now_ms - each.first);
      if (left > here + here / 2) gains.emplace_back(left, each.second);
    }
  }
  std::ranges::sort(gains, std::greater<>{});
  gains.erase(std::unique(gains.begin(), gains.end()), gains.end());
  std::vector<std::int64_t> found;
  found.reserve(gains.size());
  for (auto const& [left, attempt] : gains) found.push_back(attempt);
  return found;
}

}  // namespace distren

#include "server/dispatch/fair_share/explain.h"

#include <algorithm>

#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

namespace {

using Side = FairQueues::Side;
using Rule = PolicyReason::Rule;

std::int64_t work_left(FairAttempts const& attempts, FairQueues::Job const& job) {
  return economy::scaled(attempts.expected_work(job.facts.id),
                         std::max({job.facts.unfinished, job.facts.ready, std::int64_t{1}}), 1);
}

// The virtual time at which a user's next frame would be paid for: there a boost shows at once.
std::int64_t due(FairShareTables const& tables, Side side, FairQueues::User const& user, FairQueues::Job const& first) {
  FairQueues const& queues = tables.queues;
  std::int64_t const weight = FairQueues::weight(side, user, first.boost);
  std::int64_t const v =
      user.in[side] ? user.v[side] : std::max(user.v[side], queues.least(side).value_or(queues.in(side).floor));
  return v + (weight > 0 ? economy::scaled(tables.attempts.expected_work(first.facts.id), 1'000'000, weight) : 0);
}

struct OwnJobs {  // of one owner that come before a job of his
  std::int64_t count = 0;
  std::int64_t work = 0;
};
OwnJobs own_jobs_before(FairShareTables const& tables, FairQueues::User const& user, FairQueues::Job const& job) {
  OwnJobs before;
  for (auto const& [kind, keys] : user.jobs) {
    for (auto key = keys.begin(); key != keys.end() && *key < job.key; ++key) {
      if (key->id == job.facts.id) continue;
      ++before.count;
      before.work += work_left(tables.attempts, tables.queues.at(key->id));
    }
  }
  return before;
}

struct OtherUsers {
  std::int64_t ahead = 0;
  std::int64_t weights = 0;  // of contributors
};
OtherUsers other_users(FairShareTables const& tables, Side side, std::int64_t user, std::int64_t own_due) {
  OtherUsers others;
  for (auto const& [id, other] : tables.queues.users()) {
    if (id == user || !other.in[FairQueues::everyone]) continue;
    FairQueues::Job const& first = *tables.queues.first_job(other);
    if (other.in[FairQueues::contributors])
      others.weights += FairQueues::weight(FairQueues::contributors, other, first.boost);
    if (other.in[side] && due(tables, side, other, first) < own_due) ++others.ahead;
  }
  return others;
}

}  // namespace

PolicyReason explain_share(FairQueues const& queues, std::int64_t id) {
  FairQueues::Job const* const job = queues.find(id);
  if (job == nullptr || job->facts.user == 0) return {};
  PolicyReason reason{.job = id, .user = job->facts.user, .boost = job->boost};
  FairQueues::User const* const user = queues.find_user(job->facts.user);
  if (user == nullptr || !job->queued) {
    reason.rule = Rule::all_dispatched;
    return reason;
  }
  reason.weight = FairQueues::weight(FairQueues::contributors, *user, job->boost);
  if (FairQueues::Job const* const first = queues.first_job(*user); first != job) {
    reason.rule = Rule::own_job_first;
    reason.number = first->facts.id;
    return reason;
  }
  Side const side =
      user->in[FairQueues::contributors] && reason.weight > 0 ? FairQueues::contributors : FairQueues::everyone;
  FairQueues::Place const own{user->v[side], job->facts.user};
  for (auto const& [other_id, other] : queues.users()) {
    if (other.in[side] && FairQueues::Place(other.v[side], other_id) < own) ++reason.number;
  }
  reason.rule = reason.number == 0 ? Rule::next : Rule::users_ahead;
  return reason;
}

std::optional<Forecast> forecast_share(FairShareTables const& tables, std::int64_t id, std::int64_t more_escrow,
                                       std::int64_t now_ms) {
  FairQueues::Job const* const found = tables.queues.find(id);
  if (found == nullptr || found->facts.user == 0) return std::nullopt;
  FairQueues::Job job = *found;  // as it would be with the boost
  FairQueues::User const& user = tables.queues.user_of(job);
  Forecast forecast{.remaining = work_left(tables.attempts, job)};
  job.boost = economy::boost(job.escrow + std::max<std::int64_t>(more_escrow, 0), forecast.remaining);
  forecast.boost = job.boost;
  job.key.unboosted = job.boost == 0;

  std::int64_t const own = FairQueues::weight(FairQueues::contributors, user, job.boost);
  Side const side = own > 0 ? FairQueues::contributors : FairQueues::everyone;
  OwnJobs const before = own_jobs_before(tables, user, job);
  OtherUsers const others = other_users(tables, side, job.facts.user, due(tables, side, user, job));
  forecast.position = 1 + before.count + others.ahead;
  std::int64_t const weights = own + others.weights;

  // Thousandths of the grid that are this user's while all others have work.
  std::int64_t share =
      200'000 / std::max<std::int64_t>(1, static_cast<std::int64_t>(tables.queues.in(FairQueues::everyone).users));
  share += own > 0 ? economy::scaled(800'000, own, weights) : weights == 0 ? share * 4 : 0;
  std::int64_t const rate = economy::scaled(tables.slaves.rate(), share, 1'000'000);
  if (rate > 0) {
    std::int64_t const cpu_ms =
        economy::scaled(before.work + forecast.remaining, economy::ms_per_millipoint * economy::unit_power, rate);
    FairAttempts::Job const* const run = tables.attempts.find_job(id);
    std::int64_t const efficiency = run == nullptr ? JobEstimate().efficiency() : run->estimate.efficiency();
    forecast.finish_ms = now_ms + economy::scaled(cpu_ms, 1000, efficiency);
  }
  return forecast;
}

}  // namespace distren

// FairShare: the questions of people. Why does my job wait, why does this slave idle, what would a boost change?
#include <fmt/format.h>

#include <algorithm>

#include "server/dispatch/fair_share.h"
#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

namespace {

std::string decimal(std::int64_t thousandths) {
  return fmt::format("{}.{:02}", thousandths / 1000, thousandths % 1000 / 10);
}

std::string seconds(std::int64_t ms) {
  return fmt::format("{} s", (ms + 999) / 1000);
}

std::string weights(PolicyReason const& reason) {
  std::string text =
      reason.weight > 0 ? fmt::format("weight {}", decimal(reason.weight)) : "from the fifth that all share alike";
  if (reason.boost > 0) text += fmt::format(", boost {}", decimal(reason.boost));
  return text;
}

}  // namespace

std::string sentence(PolicyReason const& reason) {
  using Rule = PolicyReason::Rule;
  switch (reason.rule) {
    case Rule::unknown:
      return "the dispatcher does not know it";
    case Rule::all_dispatched:
      return "all of its frames are given out or wait to be tried again";
    case Rule::own_job_first:
      return fmt::format("its owner's job {} comes first, by priority, boost or age", reason.number);
    case Rule::users_ahead:
      return fmt::format("{} {} further behind their share come first ({})", reason.number,
                         reason.number == 1 ? "user who is" : "users who are", weights(reason));
    case Rule::next:
      return fmt::format("it is next: the first slave that fits renders it ({})", weights(reason));
    case Rule::fair_share:
      return fmt::format("job {}: it was user {}'s turn ({})", reason.job, reason.user, weights(reason));
    case Rule::files_cached:
      return fmt::format("job {}: it holds its files, and user {} was little ahead of his turn ({})", reason.job,
                         reason.user, weights(reason));
    case Rule::speculative_copy:
      return fmt::format("job {}: no frame was waiting, so it renders a second time what attempt {} is slow at",
                         reason.job, reason.number);
    case Rule::wait_for_faster:
      return fmt::format(
          "job {} is nearly done and would wait for this slave; one at least twice as fast is free in {}", reason.job,
          seconds(reason.number));
    case Rule::too_long:
      return fmt::format("a frame of job {} would take {}, more than this slave's limit", reason.job,
                         seconds(reason.number));
    case Rule::no_suitable_job:
      return fmt::format("none of the {} waiting jobs that it was offered fits it", reason.number);
    case Rule::no_work:
      return "no job has a frame waiting";
  }
  return {};
}

std::string_view rule_name(PolicyReason::Rule rule) {
  using Rule = PolicyReason::Rule;
  switch (rule) {
    case Rule::unknown:
      return "unknown";
    case Rule::all_dispatched:
      return "nothing_ready";
    case Rule::own_job_first:
      return "own_job_first";
    case Rule::users_ahead:
      return "users_ahead";
    case Rule::next:
      return "next";
    case Rule::fair_share:
      return "fair_share";
    case Rule::files_cached:
      return "same_files";
    case Rule::speculative_copy:
      return "tail_copy";
    case Rule::wait_for_faster:
      return "wait_for_faster";
    case Rule::too_long:
      return "too_long";
    case Rule::no_suitable_job:
      return "nothing_fits";
    case Rule::no_work:
      return "nothing_to_do";
  }
  return "unknown";
}

std::int64_t FairShare::boost_of(std::int64_t job) const {
  auto const found = jobs_.find(job);
  return found == jobs_.end() ? 0 : found->second.boost;
}

PolicyReason FairShare::explain_job(std::int64_t id) const {
  auto const found = jobs_.find(id);
  if (found == jobs_.end() || found->second.facts.user == 0) return {};
  Job const& job = found->second;
  PolicyReason reason{.job = id, .user = job.facts.user, .boost = job.boost};
  auto const owner = users_.find(job.facts.user);
  if (owner == users_.end() || !job.queued) {
    reason.rule = Rule::all_dispatched;
    return reason;
  }
  User const& user = owner->second;
  reason.weight = weight(contributors, user, job);
  if (Job const* const first = first_job(user); first != &job) {
    reason.rule = Rule::own_job_first;
    reason.number = first->facts.id;
    return reason;
  }
  Side const side = user.in[contributors] && reason.weight > 0 ? contributors : everyone;
  for (auto const& [other_id, other] : users_) {
    if (other.in[side] && std::pair(other.v[side], other_id) < std::pair(user.v[side], owner->first)) ++reason.number;
  }
  reason.rule = reason.number == 0 ? Rule::next : Rule::users_ahead;
  return reason;
}

PolicyReason FairShare::explain_slave(std::int64_t id) const {
  auto const found = slaves_.find(id);
  return found == slaves_.end() ? PolicyReason{} : found->second.reason;
}

std::optional<Forecast> FairShare::forecast(std::int64_t id, std::int64_t more_escrow, std::int64_t now_ms) const {
  auto const found = jobs_.find(id);
  if (found == jobs_.end() || found->second.facts.user == 0) return std::nullopt;
  Job job = found->second;
  User const& user = users_.at(job.facts.user);
  auto const work_left = [this](Job const& of) {
    return economy::scaled(expected_work(of), std::max({of.facts.unfinished, of.facts.ready, std::int64_t{1}}), 1);
  };
  Forecast forecast{.remaining = work_left(job)};
  job.boost = economy::boost(job.escrow + std::max<std::int64_t>(more_escrow, 0), forecast.remaining);
  forecast.boost = job.boost;
  job.key.unboosted = job.boost == 0;

  // By the virtual time at which each user's next frame would be paid for: there a boost shows at once.
  std::int64_t const own = weight(contributors, user, job);
  Side const side = own > 0 ? contributors : everyone;
  auto const due = [this, side](User const& of, Job const& first) {
    std::int64_t const each = weight(side, of, first);
    std::int64_t const v = of.in[side] ? of.v[side] : std::max(of.v[side], least(side).value_or(classes_[side].floor));
    return v + (each > 0 ? economy::scaled(expected_work(first), 1'000'000, each) : 0);
  };
  std::int64_t before = 0;  // work of the owner's jobs that come first
  forecast.position = 1;
  for (auto const& [kind, keys] : user.jobs) {
    for (auto key = keys.begin(); key != keys.end() && *key < job.key; ++key) {
      if (key->id == id) continue;
      ++forecast.position;
      before += work_left(jobs_.at(key->id));
    }
  }
  std::int64_t weights = own;
  std::int64_t const own_due = due(user, job);
  for (auto const& [other_id, other] : users_) {
    if (other_id == job.facts.user || !other.in[everyone]) continue;
    Job const& first = *first_job(other);
    if (other.in[contributors]) weights += weight(contributors, other, first);
    if (other.in[side] && due(other, first) < own_due) ++forecast.position;
  }
  // Thousandths of the grid that are this user's while all others have work.
  std::int64_t share = 200'000 / std::max<std::int64_t>(1, static_cast<std::int64_t>(classes_[everyone].users));
  share += own > 0 ? economy::scaled(800'000, own, weights) : weights == 0 ? share * 4 : 0;
  std::int64_t const rate = economy::scaled(rate_, share, 1'000'000);
  if (rate > 0) {
    std::int64_t const cpu_ms =
        economy::scaled(before + forecast.remaining, economy::ms_per_millipoint * economy::unit_power, rate);
    forecast.finish_ms = now_ms + economy::scaled(cpu_ms, 1000, job.estimate.efficiency());
  }
  return forecast;
}

}  // namespace distren

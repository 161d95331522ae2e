#include "server/dispatch/fair_share/attempts.h"

#include <algorithm>
#include <bit>

#include "server/economy/fixed_math.h"

namespace distren {

namespace {

constexpr std::int64_t run_ms = 900'000;
constexpr std::int64_t max_run_length = 1000;
constexpr std::int64_t max_behind = 16;  // longest frames: who could not be served for long does not get it all back

}  // namespace

std::size_t FairAttempts::speed(std::int64_t rate) {
  return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(rate, 1))));
}

FairAttempts::Job const* FairAttempts::find_job(std::int64_t job) const {
  auto const found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : &found->second;
}

FairAttempts::Job* FairAttempts::find_job(std::int64_t job) {
  auto const found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : &found->second;
}

// Expectations -------------------------------------------------------------------------------------------------------

std::int64_t FairAttempts::expected_work(std::int64_t id) const {
  Job const* const job = find_job(id);
  auto const known = job == nullptr ? std::nullopt : job->estimate.work();
  return std::max<std::int64_t>(1, known.value_or(grid_.work()));
}

std::int64_t FairAttempts::expected_ms(std::int64_t id, SlaveCapacity const& slave) const {
  Job const* const job = find_job(id);
  std::int64_t const efficiency = job == nullptr ? JobEstimate().efficiency() : job->estimate.efficiency();
  return distren::frame_ms(expected_work(id), slave.power, slave.threads, efficiency);
}

std::optional<std::int64_t> FairAttempts::frame_ms(std::int64_t job_id, std::int64_t slave_id) const {
  Job const* const job = find_job(job_id);
  FairSlaves::Slave const* const slave = slaves_.find(slave_id);
  if (job == nullptr || slave == nullptr || !job->estimate.work()) return std::nullopt;
  return expected_ms(job_id, slave->facts);
}

int FairAttempts::run_length(std::int64_t job, std::int64_t slave) const {
  auto const each = frame_ms(job, slave);
  return each ? static_cast<int>(std::clamp<std::int64_t>(run_ms / *each, 1, max_run_length)) : 1;
}

// From the order to the end ------------------------------------------------------------------------------------------

void FairAttempts::charge(Attempt const& attempt, std::int64_t work) {
  queues_.charge(attempt.side, attempt.user, attempt.weight, work);
}

void FairAttempts::dispatched(PolicyAttempt const& facts) {
  FairQueues::Job const* const queued = queues_.find(facts.job);
  if (queued == nullptr || attempts_.contains(facts.id)) return;
  Job& job = jobs_[facts.job];
  FairSlaves::Slave& slave = slaves_.add(facts.slave);

  Attempt& attempt = attempts_[facts.id];
  attempt.facts = facts;
  attempt.user = queued->facts.user;
  attempt.side = facts.turn ? static_cast<FairQueues::Side>(facts.turn->side) : FairQueues::everyone;
  attempt.weight = queues_.weight(attempt.side, *queued);
  attempt.work = expected_work(facts.job);
  attempt.end_ms = facts.now_ms + expected_ms(facts.job, slave.facts);
  longest_ = std::max(longest_, attempt.work);
  queues_.begin_turn(attempt.side, attempt.user, economy::scaled(longest_, max_behind * 1000, 1));
  charge(attempt, attempt.work);

  if (slave.has_room()) {
    begin(attempt, job, slave);
  } else {
    if (auto const before = attempts_.find(slave.waiting.empty() ? 0 : slave.waiting.back()); before != attempts_.end())
      attempt.end_ms = std::max(attempt.end_ms, before->second.end_ms);
    attempt.end_ms += expected_ms(facts.job, slave.facts);
    slave.waiting.push_back(facts.id);
  }
  if (auto const first = facts.duplicate_of == 0 ? attempts_.end() : attempts_.find(facts.duplicate_of);
      first != attempts_.end()) {
    first->second.duplicated_by = facts.id;
    list(first->second, false);
    ++duplicates_;
  } else {
    attempt.facts.duplicate_of = 0;
    list(attempt, true);
  }

  slaves_.took(facts.slave, facts.job);
  if (facts.turn) slave.resume.reset();
  bool const duplicate = attempt.facts.duplicate_of != 0;
  using Rule = PolicyReason::Rule;
  slave.reason = {.rule = duplicate    ? Rule::speculative_copy
                          : facts.turn ? facts.turn->rule
                                       : Rule::fair_share,
                  .number = attempt.facts.duplicate_of,
                  .job = facts.job,
                  .user = attempt.user,
                  .weight = attempt.side == FairQueues::contributors ? attempt.weight : 0,
                  .boost = queued->boost};
}

void FairAttempts::begin(Attempt& attempt, Job& job, FairSlaves::Slave& slave) {
  ++slave.working;
  attempt.rate = rate_of(slave.facts);
  job.rate += attempt.rate;
  ends_[speed(attempt.rate)].emplace(attempt.end_ms, attempt.facts.id);
}

// An attempt has left its slave: the next that waits there begins.
void FairAttempts::leave_slave(Attempt const& attempt) {
  FairSlaves::Slave& slave = slaves_.at(attempt.facts.slave);
  if (attempt.rate == 0) {
    std::erase(slave.waiting, attempt.facts.id);
    return;
  }
  --slave.working;
  ends_[speed(attempt.rate)].erase({attempt.end_ms, attempt.facts.id});
  if (Job* const job = find_job(attempt.facts.job); job != nullptr)
    job->rate = std::max<std::int64_t>(0, job->rate - attempt.rate);
  while (!slave.waiting.empty() && slave.has_room()) {
    Attempt& next = attempts_.at(slave.waiting.front());
    slave.waiting.pop_front();
    if (Job* const job = find_job(next.facts.job); job != nullptr) begin(next, *job, slave);
  }
}

void FairAttempts::end(std::int64_t id, std::int64_t work) {
  auto const found = attempts_.find(id);
  if (found == attempts_.end()) return;
  Attempt const attempt = found->second;
  attempts_.erase(found);
  charge(attempt, std::clamp<std::int64_t>(work, 0, frame_work_limit) - attempt.work);
  leave_slave(attempt);
  list(attempt, false);
  if (attempt.facts.duplicate_of != 0) {
    --duplicates_;
    if (auto const first = attempts_.find(attempt.facts.duplicate_of); first != attempts_.end()) {
      first->second.duplicated_by = 0;
      list(first->second, true);
    }
  } else if (auto const second = attempts_.find(attempt.duplicated_by); second != attempts_.end()) {
    --duplicates_;
    second->second.facts.duplicate_of = 0;  // the task is this one's alone now
    list(second->second, true);
  }
}

void FairAttempts::completed(std::int64_t id, PolicyResult const& result) {
  auto const found = attempts_.find(id);
  if (found == attempts_.end()) return;
  if (Job* const job = find_job(found->second.facts.job); result.accepted && job != nullptr) {
    FairSlaves::Slave const* const slave = slaves_.find(found->second.facts.slave);
    job->estimate.add(result.work, result.cpu_ms, result.wall_ms, slave == nullptr ? 1 : slave->facts.threads);
    if (grid_.empty()) longest_ = 0;  // it was a guess, and what it allows would be spent before it fades
    grid_.add(result.work);
    longest_ -= longest_ / 4096;  // one monstrous frame is not remembered for ever
    longest_ = std::max(longest_, *job->estimate.work());
  }
  end(id, result.work);
}

void FairAttempts::returned(std::int64_t id) {
  end(id, 0);
}

// Stragglers ---------------------------------------------------------------------------------------------------------

void FairAttempts::list(Attempt const& attempt, bool listed) {
  Job* const job = find_job(attempt.facts.job);
  if (job == nullptr) return;
  End const key{attempt.end_ms, attempt.facts.id};
  if (listed)
    job->running.insert(key);
  else
    job->running.erase(key);
  refresh_straggler(attempt.facts.job, *job);
}

void FairAttempts::refresh_straggler(std::int64_t id, Job& job) {
  FairQueues::Job const* const queued = queues_.find(id);
  bool const ready = queued != nullptr && queued->queued;
  std::int64_t const end = ready || job.running.empty() ? 0 : job.running.rbegin()->first;
  if (end == job.straggling_ms) return;
  if (job.straggling_ms != 0) stragglers_.erase({job.straggling_ms, id});
  if (end != 0) stragglers_.emplace(end, id);
  job.straggling_ms = end;
}

void FairAttempts::ready_changed(std::int64_t id) {
  if (Job* const job = find_job(id); job != nullptr) refresh_straggler(id, *job);
}

void FairAttempts::forget_job(std::int64_t id) {
  Job const* const job = find_job(id);
  if (job == nullptr) return;
  if (job->straggling_ms != 0) stragglers_.erase({job->straggling_ms, id});
  jobs_.erase(id);
}

}  // namespace distren

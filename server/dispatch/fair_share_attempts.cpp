// FairShare: what attempts cost their owners, how long they will take, and which are worth a second try elsewhere.
#include <algorithm>
#include <bit>

#include "server/dispatch/fair_share.h"
#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

namespace {

constexpr std::size_t files_kept = 4;
constexpr std::int64_t run_ms = 900'000;
constexpr std::int64_t max_run_length = 1000;
constexpr std::int64_t faster_within_ms = 120'000;
constexpr std::int64_t max_behind = 16;  // longest frames: who could not be served for long does not get it all back
constexpr int looked_at = 8;             // candidates per row: a second copy or a wait is a gain, not a duty

std::size_t speed(std::int64_t rate) {
  return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(rate, 1))));
}

std::int64_t rate_of(SlaveCapacity const& slave) {
  return slave.power * slave.threads;
}

}  // namespace

std::int64_t FairShare::expected_work(Job const& job) const {
  return std::max<std::int64_t>(1, job.estimate.work().value_or(grid_.work()));
}

std::int64_t FairShare::expected_ms(Job const& job, SlaveCapacity const& slave) const {
  return distren::frame_ms(expected_work(job), slave.power, slave.threads, job.estimate.efficiency());
}

int FairShare::run_length(std::int64_t job_id, std::int64_t slave_id) const {
  auto const job = jobs_.find(job_id);
  auto const slave = slaves_.find(slave_id);
  if (job == jobs_.end() || slave == slaves_.end() || !job->second.estimate.work()) return 1;
  std::int64_t const frames = run_ms / expected_ms(job->second, slave->second.facts);
  return static_cast<int>(std::clamp<std::int64_t>(frames, 1, max_run_length));
}

std::optional<std::int64_t> FairShare::frame_ms(std::int64_t job_id, std::int64_t slave_id) const {
  auto const job = jobs_.find(job_id);
  auto const slave = slaves_.find(slave_id);
  if (job == jobs_.end() || slave == slaves_.end() || !job->second.estimate.work()) return std::nullopt;
  return expected_ms(job->second, slave->second.facts);
}

// Near its end a job is better off without a slave that would finish one frame after everything else, if one at least
// twice as fast is free soon. A slave waits so at most two minutes.
std::optional<std::int64_t> FairShare::faster_in(Job const& job, SlaveCapacity const& slave, std::int64_t held_for,
                                                 std::int64_t held_ms, std::int64_t now) const {
  if (job.rate == 0 || job.facts.unfinished == 0 || !job.estimate.work()) return std::nullopt;
  if (held_for == job.facts.id && now - held_ms >= faster_within_ms) return std::nullopt;
  std::int64_t const ms = expected_ms(job, slave);
  std::int64_t const left = economy::scaled(expected_work(job), job.facts.unfinished, 1);
  std::int64_t const job_ms =
      economy::scaled(economy::scaled(left, economy::ms_per_millipoint * economy::unit_power, job.rate), 1000,
                      job.estimate.efficiency());
  if (ms <= job_ms) return std::nullopt;
  for (std::size_t i = speed(rate_of(slave)) + 1; i < ends_.size(); ++i) {
    auto end = ends_[i].lower_bound({now, 0});
    for (int seen = 0; seen < looked_at && end != ends_[i].end() && end->first <= now + faster_within_ms;
         ++end, ++seen) {
      Attempt const& attempt = attempts_.at(end->second);
      auto const other = jobs_.find(attempt.facts.job);
      if (other == jobs_.end() || other->second.facts.kind != job.facts.kind) continue;
      std::int64_t const there = economy::scaled(ms, rate_of(slave), attempt.rate);
      if (end->first - now + there < ms) return end->first - now;
    }
  }
  return std::nullopt;
}

// The course of attempts --------------------------------------------------------------------------------------------

void FairShare::charge(Attempt const& attempt, std::int64_t work) {
  Class& in = classes_[attempt.side];
  std::int64_t const by = economy::scaled(work, 1'000'000, in.share);
  if (std::int64_t v = 0; !__builtin_add_overflow(in.v, by, &v)) in.v = v;
  move(attempt.side, attempt.user, users_[attempt.user], economy::scaled(work, 1'000'000, attempt.weight));
}

void FairShare::begin_turn(Attempt const& attempt, User& user) {
  Class& in = classes_[attempt.side];
  std::int64_t const lag = economy::scaled(longest_, max_behind * 1000, 1);
  in.v = std::max(in.v, classes_[attempt.side == everyone ? contributors : everyone].v - lag);
  if (user.v[attempt.side] < in.floor - lag)
    move(attempt.side, attempt.user, user, in.floor - lag - user.v[attempt.side]);
  in.floor = std::max(in.floor, user.v[attempt.side]);
}

void FairShare::dispatched(PolicyAttempt const& facts) {
  auto const found = jobs_.find(facts.job);
  if (found == jobs_.end() || attempts_.contains(facts.id)) return;
  Job& job = found->second;
  User& user = users_[job.facts.user];
  Slave& slave = slaves_.try_emplace(facts.slave, Slave{.facts = {.id = facts.slave, .slots = 0}}).first->second;

  Attempt& attempt = attempts_[facts.id];
  attempt.facts = facts;
  attempt.user = job.facts.user;
  attempt.side = facts.turn ? static_cast<Side>(facts.turn->side) : everyone;
  attempt.weight = weight(attempt.side, user, job);
  attempt.work = expected_work(job);
  attempt.end_ms = facts.now_ms + expected_ms(job, slave.facts);
  longest_ = std::max(longest_, attempt.work);
  begin_turn(attempt, user);
  charge(attempt, attempt.work);

  if (slave.working < std::max(1, slave.facts.slots)) {
    begin(attempt, job, slave);
  } else {
    if (auto const before = attempts_.find(slave.waiting.empty() ? 0 : slave.waiting.back()); before != attempts_.end())
      attempt.end_ms = std::max(attempt.end_ms, before->second.end_ms);
    attempt.end_ms += expected_ms(job, slave.facts);
    slave.waiting.push_back(facts.id);
  }
  if (auto const first = facts.duplicate_of == 0 ? attempts_.end() : attempts_.find(facts.duplicate_of);
      first != attempts_.end()) {
    first->second.duplicated_by = facts.id;
    list_running(first->second, job, false);
    ++duplicates_;
  } else {
    attempt.facts.duplicate_of = 0;
    list_running(attempt, job, true);
  }

  std::erase(slave.recent, facts.job);
  slave.recent.insert(slave.recent.begin(), facts.job);
  if (slave.recent.size() > files_kept) slave.recent.pop_back();
  slave.held_for = 0;
  if (facts.turn) slave.resume.reset();
  bool const copied = attempt.facts.duplicate_of != 0;
  slave.reason = {.rule = copied       ? Rule::speculative_copy
                          : facts.turn ? facts.turn->rule
                                       : Rule::fair_share,
                  .number = attempt.facts.duplicate_of,
                  .job = facts.job,
                  .user = job.facts.user,
                  .weight = attempt.side == contributors ? attempt.weight : 0,
                  .boost = job.boost};
}

void FairShare::begin(Attempt& attempt, Job& job, Slave& slave) {
  ++slave.working;
  attempt.rate = rate_of(slave.facts);
  job.rate += attempt.rate;
  ends_[speed(attempt.rate)].emplace(attempt.end_ms, attempt.facts.id);
}

// An attempt has left its slave: the next that waits there begins.
void FairShare::leave_slave(Attempt const& attempt) {
  Slave& slave = slaves_.at(attempt.facts.slave);
  if (attempt.rate == 0) {
    std::erase(slave.waiting, attempt.facts.id);
    return;
  }
  --slave.working;
  ends_[speed(attempt.rate)].erase({attempt.end_ms, attempt.facts.id});
  if (auto const job = jobs_.find(attempt.facts.job); job != jobs_.end())
    job->second.rate = std::max<std::int64_t>(0, job->second.rate - attempt.rate);
  while (!slave.waiting.empty() && slave.working < std::max(1, slave.facts.slots)) {
    Attempt& next = attempts_.at(slave.waiting.front());
    slave.waiting.pop_front();
    auto const job = jobs_.find(next.facts.job);
    if (job != jobs_.end()) begin(next, job->second, slave);
  }
}

void FairShare::end(std::int64_t id, std::int64_t work) {
  auto const found = attempts_.find(id);
  if (found == attempts_.end()) return;
  Attempt const attempt = found->second;
  attempts_.erase(found);
  charge(attempt, std::clamp<std::int64_t>(work, 0, frame_work_limit) - attempt.work);
  leave_slave(attempt);
  auto const job = jobs_.find(attempt.facts.job);
  if (job != jobs_.end()) list_running(attempt, job->second, false);
  if (attempt.facts.duplicate_of != 0) {
    --duplicates_;
    if (auto const first = attempts_.find(attempt.facts.duplicate_of); first != attempts_.end()) {
      first->second.duplicated_by = 0;
      if (job != jobs_.end()) list_running(first->second, job->second, true);
    }
  } else if (auto const second = attempts_.find(attempt.duplicated_by); second != attempts_.end()) {
    --duplicates_;
    second->second.facts.duplicate_of = 0;  // the task is this one's alone now
    if (job != jobs_.end()) list_running(second->second, job->second, true);
  }
}

void FairShare::completed(std::int64_t id, PolicyResult const& result) {
  auto const found = attempts_.find(id);
  if (found == attempts_.end()) return;
  if (auto const job = jobs_.find(found->second.facts.job); result.accepted && job != jobs_.end()) {
    auto const slave = slaves_.find(found->second.facts.slave);
    job->second.estimate.add(result.work, result.cpu_ms, result.wall_ms,
                             slave == slaves_.end() ? 1 : slave->second.facts.threads);
    if (grid_.empty()) longest_ = 0;  // it was a guess, and what it allows would be spent before it fades
    grid_.add(result.work);
    longest_ -= longest_ / 4096;  // one monstrous frame is not remembered for ever
    longest_ = std::max(longest_, *job->second.estimate.work());
  }
  end(id, result.work);
}

void FairShare::returned(std::int64_t id) {
  end(id, 0);
}

// Second tries -------------------------------------------------------------------------------------------------------

void FairShare::list_running(Attempt const& attempt, Job& job, bool listed) {
  Key const key{attempt.end_ms, attempt.facts.id};
  if (listed)
    job.running.insert(key);
  else
    job.running.erase(key);
  refresh_straggler(job);
}

void FairShare::refresh_straggler(Job& job) {
  std::int64_t const end = job.queued || job.running.empty() ? 0 : job.running.rbegin()->first;
  if (end == job.straggling_ms) return;
  if (job.straggling_ms != 0) stragglers_.erase({job.straggling_ms, job.facts.id});
  if (end != 0) stragglers_.emplace(end, job.facts.id);
  job.straggling_ms = end;
}

std::vector<std::int64_t> FairShare::stragglers(PolicySlave const& asking) const {
  if (stragglers_.empty() || (duplicates_ + 1) * 10 > slots_) return {};
  auto const slave = slaves_.find(asking.id);
  if (slave == slaves_.end()) return {};
  // Those that should end last, and those that should have ended long ago: what is overdue by a while is expected to
  // need as long again.
  std::vector<std::int64_t> jobs;
  auto last = stragglers_.rbegin();
  for (int i = 0; i < looked_at && last != stragglers_.rend(); ++i, ++last) jobs.push_back(last->second);
  auto first = stragglers_.begin();
  for (int i = 0; i < looked_at && first != stragglers_.end(); ++i, ++first) jobs.push_back(first->second);

  std::vector<Key> gains;
  for (std::int64_t const id : jobs) {
    Job const& job = jobs_.at(id);
    if (asking.fits && !asking.fits(job.facts.kind)) continue;
    std::int64_t const here = expected_ms(job, slave->second.facts);
    if (slave->second.facts.limit_ms > 0 && here > slave->second.facts.limit_ms) continue;
    for (Key const& each : {*job.running.rbegin(), *job.running.begin()}) {
      Attempt const& attempt = attempts_.at(each.second);
      auto const other = slaves_.find(attempt.facts.slave);
      if (attempt.facts.slave == asking.id || (other != slaves_.end() && other->second.facts.user == asking.user))
        continue;
      std::int64_t const left = std::max(each.first - asking.now_ms, asking.now_ms - each.first);
      if (left > here + here / 2) gains.emplace_back(left, each.second);
    }
  }
  std::ranges::sort(gains, std::greater<>{});
  gains.erase(std::unique(gains.begin(), gains.end()), gains.end());
  std::vector<std::int64_t> attempts;
  attempts.reserve(gains.size());
  for (auto const& [left, attempt] : gains) attempts.push_back(attempt);
  return attempts;
}

}  // namespace distren

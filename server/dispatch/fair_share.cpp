// FairShare: who waits where.
#include "server/dispatch/fair_share.h"

#include <algorithm>

#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

std::optional<std::int64_t> FairShare::least(Side side) const {
  std::optional<std::int64_t> v;
  for (auto const& [kind, queue] : classes_[side].queues) {
    if (!queue.empty()) v = std::min(v.value_or(queue.begin()->first), queue.begin()->first);
  }
  return v;
}

void FairShare::enter(Side side, std::int64_t id, User& user) {
  Class& in = classes_[side];
  // Who was away has no claim on the time that he missed, nor loses what he had ahead. The floor counts too, since the
  // one furthest behind may be there only because no slave fits him.
  user.v[side] = std::max({user.v[side], least(side).value_or(in.floor), in.floor});
  if (in.users++ == 0) in.v = std::max(in.v, classes_[side == everyone ? contributors : everyone].v);
  user.in[side] = true;
  for (auto const& [kind, jobs] : user.jobs) in.queues[kind].emplace(user.v[side], id);
}

void FairShare::leave(Side side, std::int64_t id, User& user) {
  Class& in = classes_[side];
  --in.users;
  user.in[side] = false;
  for (auto const& [kind, jobs] : user.jobs) in.queues[kind].erase({user.v[side], id});
}

void FairShare::place(std::int64_t id, User& user) {
  bool const waiting = !user.jobs.empty();
  std::array<bool, 2> const belongs{waiting && (user.weight > 0 || user.boosted > 0), waiting};
  for (Side const side : {everyone, contributors}) {
    if (belongs[side] && !user.in[side]) enter(side, id, user);
    if (!belongs[side] && user.in[side]) leave(side, id, user);
  }
}

void FairShare::move(Side side, std::int64_t id, User& user, std::int64_t by) {
  std::int64_t const before = user.v[side];
  if (__builtin_add_overflow(before, by, &user.v[side])) user.v[side] = before;
  if (!user.in[side]) return;
  for (auto const& [kind, jobs] : user.jobs) {
    auto& queue = classes_[side].queues[kind];
    queue.erase({before, id});
    queue.emplace(user.v[side], id);
  }
}

void FairShare::queue(Job& job) {
  job.queued = true;
  job.key = {100 - job.facts.priority, job.boost == 0, job.facts.id};
  User& user = users_[job.facts.user];
  auto& jobs = user.jobs[job.facts.kind];
  if (jobs.empty()) {
    for (Side const side : {contributors, everyone}) {
      if (user.in[side]) classes_[side].queues[job.facts.kind].emplace(user.v[side], job.facts.user);
    }
  }
  jobs.insert(job.key);
  if (job.boost > 0) ++user.boosted;
  ++kinds_[job.facts.kind];
  place(job.facts.user, user);
}

void FairShare::unqueue(Job& job) {
  job.queued = false;
  User& user = users_[job.facts.user];
  auto const found = user.jobs.find(job.facts.kind);
  found->second.erase(job.key);
  if (!job.key.unboosted) --user.boosted;
  if (found->second.empty()) {
    for (Side const side : {contributors, everyone}) {
      if (user.in[side]) classes_[side].queues[job.facts.kind].erase({user.v[side], job.facts.user});
    }
    user.jobs.erase(found);
  }
  if (auto const kind = kinds_.find(job.facts.kind); --kind->second == 0) {
    for (Class& each : classes_) each.queues.erase(kind->first);
    kinds_.erase(kind);
  }
  place(job.facts.user, user);
}

void FairShare::refresh_boost(Job& job) {
  std::int64_t const frames = std::max<std::int64_t>({job.facts.unfinished, job.facts.ready, 1});
  job.boost = economy::boost(job.escrow, economy::scaled(expected_work(job), frames, 1));
}

void FairShare::add_job(PolicyJob const& facts) {
  Job& job = jobs_[facts.id];
  bool const same = job.queued && job.facts.user == facts.user && job.facts.kind == facts.kind &&
                    job.facts.priority == facts.priority;
  if (job.queued && !same) unqueue(job);
  job.facts = facts;
  refresh_boost(job);
  if (job.queued && job.key.unboosted != (job.boost == 0)) unqueue(job);
  if (!job.queued) queue(job);
  refresh_straggler(job);
}

void FairShare::remove_job(std::int64_t id) {
  auto const found = jobs_.find(id);
  if (found == jobs_.end()) return;
  if (found->second.queued) unqueue(found->second);
  found->second.facts.ready = 0;
  refresh_straggler(found->second);
}

void FairShare::forget_job(std::int64_t id) {
  auto const found = jobs_.find(id);
  if (found == jobs_.end()) return;
  remove_job(id);
  if (found->second.straggling_ms != 0) stragglers_.erase({found->second.straggling_ms, id});
  jobs_.erase(found);  // its attempts end on their own
}

void FairShare::set_user(std::int64_t id, std::int64_t total_points) {
  User& user = users_[id];
  user.weight = economy::user_weight(total_points);
  place(id, user);
}

void FairShare::set_boost(std::int64_t id, std::int64_t escrow) {
  Job& job = jobs_[id];
  job.facts.id = id;
  job.escrow = escrow;
  refresh_boost(job);
  if (!job.queued || job.key.unboosted == (job.boost == 0)) return;
  unqueue(job);
  queue(job);
}

void FairShare::set_slave(SlaveCapacity const& facts) {
  auto const rate = [](SlaveCapacity const& f) { return f.power * f.threads * f.slots; };
  SlaveCapacity& known = slaves_.try_emplace(facts.id, Slave{.facts = {.slots = 0}}).first->second.facts;
  slots_ -= known.slots;
  rate_ -= rate(known);
  known = facts;
  known.power = std::clamp<std::int64_t>(facts.power, 1, economy::power_limit);
  known.threads = std::clamp(facts.threads, 1, economy::cores_limit);
  known.slots = std::clamp(facts.slots, 0, economy::cores_limit);
  slots_ += known.slots;
  rate_ += rate(known);
}

}  // namespace distren

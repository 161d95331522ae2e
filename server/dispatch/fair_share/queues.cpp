#include "server/dispatch/fair_share/queues.h"

#include <algorithm>

#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

namespace {

constexpr std::int64_t min_weight = 100;

std::int64_t boost_of(FairQueues::Job const& job, std::int64_t frame_work) {
  std::int64_t const frames = std::max<std::int64_t>({job.facts.unfinished, job.facts.ready, 1});
  return economy::boost(job.escrow, economy::scaled(frame_work, frames, 1));
}

}  // namespace

std::optional<std::int64_t> FairQueues::least(Side side) const {
  std::optional<std::int64_t> v;
  for (auto const& [kind, queue] : classes_[side].queues) {
    if (!queue.empty()) v = std::min(v.value_or(queue.begin()->first), queue.begin()->first);
  }
  return v;
}

std::int64_t FairQueues::weight(Side side, User const& user, std::int64_t boost) {
  if (side == everyone) return 1000;
  // Without rank of his own a user has exactly the priority that he pays for.
  if (user.weight == 0) return boost == 0 ? 0 : std::max(boost, min_weight);
  return user.weight * (1000 + boost) / 1000;
}

std::int64_t FairQueues::weight(Side side, Job const& job) const {
  User const* const user = find_user(job.facts.user);
  return weight(side, user == nullptr ? User{} : *user, job.boost);
}

FairQueues::Job const* FairQueues::find(std::int64_t job) const {
  auto const found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : &found->second;
}

FairQueues::User const* FairQueues::find_user(std::int64_t user) const {
  auto const found = users_.find(user);
  return found == users_.end() ? nullptr : &found->second;
}

FairQueues::Job const* FairQueues::first_job(User const& user) const {
  std::optional<JobKey> first;
  for (auto const& [kind, jobs] : user.jobs) first = std::min(first.value_or(*jobs.begin()), *jobs.begin());
  return first ? &jobs_.at(first->id) : nullptr;
}

void FairQueues::enter(Side side, std::int64_t id, User& user) {
  Class& in = classes_[side];
  // Who was away has no claim on the time that he missed, nor loses what he had ahead. The floor counts too, since the
  // one furthest behind may be there only because no slave fits him.
  user.v[side] = std::max({user.v[side], least(side).value_or(in.floor), in.floor});
  if (in.users++ == 0) in.v = std::max(in.v, other_than(side).v);
  user.in[side] = true;
  for (auto const& [kind, jobs] : user.jobs) in.queues[kind].emplace(user.v[side], id);
}

void FairQueues::leave(Side side, std::int64_t id, User& user) {
  Class& in = classes_[side];
  --in.users;
  user.in[side] = false;
  for (auto const& [kind, jobs] : user.jobs) in.queues[kind].erase({user.v[side], id});
}

void FairQueues::place(std::int64_t id, User& user) {
  bool const waiting = !user.jobs.empty();
  std::array<bool, 2> const belongs{waiting && (user.weight > 0 || user.boosted > 0), waiting};
  for (Side const side : {everyone, contributors}) {
    if (belongs[side] && !user.in[side]) enter(side, id, user);
    if (!belongs[side] && user.in[side]) leave(side, id, user);
  }
}

void FairQueues::move(Side side, std::int64_t id, User& user, std::int64_t by) {
  std::int64_t const before = user.v[side];
  if (__builtin_add_overflow(before, by, &user.v[side])) user.v[side] = before;
  if (!user.in[side]) return;
  for (auto const& [kind, jobs] : user.jobs) {
    auto& queue = classes_[side].queues[kind];
    queue.erase({before, id});
    queue.emplace(user.v[side], id);
  }
}

void FairQueues::queue(Job& job) {
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

void FairQueues::unqueue(Job& job) {
  take_out(job);
  place(job.facts.user, users_[job.facts.user]);
}

// Its user stays where he is: who comes back is put beside the one furthest behind, who may just have been charged for
// much that he holds.
void FairQueues::take_out(Job& job) {
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
}

void FairQueues::add(PolicyJob const& facts, std::int64_t frame_work) {
  Job& job = jobs_[facts.id];
  bool const same = job.queued && job.facts.user == facts.user && job.facts.kind == facts.kind &&
                    job.facts.priority == facts.priority;
  if (job.queued && !same) job.facts.user == facts.user ? take_out(job) : unqueue(job);
  job.facts = facts;
  job.boost = boost_of(job, frame_work);
  if (job.queued && job.key.unboosted != (job.boost == 0)) take_out(job);
  if (!job.queued) queue(job);
}

bool FairQueues::remove(std::int64_t id) {
  auto const found = jobs_.find(id);
  if (found == jobs_.end()) return false;
  if (found->second.queued) unqueue(found->second);
  found->second.facts.ready = 0;
  return true;
}

void FairQueues::forget(std::int64_t id) {
  if (remove(id)) jobs_.erase(id);
}

void FairQueues::set_user(std::int64_t id, std::int64_t total_points) {
  User& user = users_[id];
  user.weight = economy::user_weight(total_points);
  place(id, user);
}

void FairQueues::set_boost(std::int64_t id, std::int64_t escrow, std::int64_t frame_work) {
  Job& job = jobs_[id];
  job.facts.id = id;
  job.escrow = escrow;
  job.boost = boost_of(job, frame_work);
  if (!job.queued || job.key.unboosted == (job.boost == 0)) return;
  unqueue(job);
  queue(job);
}

void FairQueues::begin_turn(Side side, std::int64_t id, std::int64_t lag) {
  Class& in = classes_[side];
  User& user = users_[id];
  in.v = std::max(in.v, other_than(side).v - lag);
  if (user.v[side] < in.floor - lag) move(side, id, user, in.floor - lag - user.v[side]);
  in.floor = std::max(in.floor, user.v[side]);
}

void FairQueues::charge(Side side, std::int64_t user, std::int64_t weight, std::int64_t work) {
  Class& in = classes_[side];
  std::int64_t const by = economy::scaled(work, 1'000'000, in.share);
  if (std::int64_t v = 0; !__builtin_add_overflow(in.v, by, &v)) in.v = v;
  move(side, user, users_[user], economy::scaled(work, 1'000'000, weight));
}

}  // namespace distren

// FairShare: who waits where, and whose turn it is.
#include "server/dispatch/fair_share.h"

#include <algorithm>
#include <unordered_set>

#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

namespace {

constexpr std::size_t refusals_at_once = 500;  // then the slave waits for its next turn, and the search goes on there
constexpr std::int64_t least_weight = 100;

}  // namespace

struct FairShare::Search {
  PolicySlave const& asking;
  std::function<bool(std::int64_t job)> const& take;
  Slave& slave;
  std::vector<std::int64_t> kinds;           // those that fit
  std::unordered_set<std::int64_t> refused;  // jobs
  std::optional<PolicyReason> obstacle;      // the first that is worth telling
  [[nodiscard]] bool tired() const { return refused.size() >= refusals_at_once; }
  [[nodiscard]] bool fits(std::int64_t kind) const { return std::ranges::binary_search(kinds, kind); }
};

// Who waits where ---------------------------------------------------------------------------------------------------

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
  refresh_tail(job);
}

void FairShare::remove_job(std::int64_t id) {
  auto const found = jobs_.find(id);
  if (found == jobs_.end()) return;
  if (found->second.queued) unqueue(found->second);
  found->second.facts.ready = 0;
  refresh_tail(found->second);
}

void FairShare::forget_job(std::int64_t id) {
  auto const found = jobs_.find(id);
  if (found == jobs_.end()) return;
  remove_job(id);
  if (found->second.tail != 0) tails_.erase({found->second.tail, id});
  jobs_.erase(found);  // its attempts end on their own
}

void FairShare::know_user(std::int64_t id, std::int64_t total_points) {
  User& user = users_[id];
  user.weight = economy::user_weight(total_points);
  place(id, user);
}

void FairShare::know_boost(std::int64_t id, std::int64_t escrow) {
  Job& job = jobs_[id];
  job.facts.id = id;
  job.escrow = escrow;
  refresh_boost(job);
  if (!job.queued || job.key.unboosted == (job.boost == 0)) return;
  unqueue(job);
  queue(job);
}

void FairShare::know_slave(SlaveCapacity const& facts) {
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

// Whose turn it is --------------------------------------------------------------------------------------------------

std::int64_t FairShare::weight(Side side, User const& user, Job const& job) const {
  if (side == everyone) return 1000;
  // Without rank of his own a user has exactly the priority that he pays for.
  if (user.weight == 0) return job.boost == 0 ? 0 : std::max(job.boost, least_weight);
  return user.weight * (1000 + job.boost) / 1000;
}

bool FairShare::offer(Job& job, Side side, Rule rule, Search& search) {
  std::int64_t const id = job.facts.id;
  if (search.refused.contains(id)) return false;
  SlaveCapacity const& facts = search.slave.facts;
  std::int64_t const now = search.asking.now_ms;
  std::optional<PolicyReason> obstacle;
  if (std::int64_t const ms = expected_ms(job, facts); facts.limit_ms > 0 && ms > facts.limit_ms) {
    obstacle = {.rule = Rule::too_long, .number = ms, .job = id, .user = job.facts.user};
  } else if (auto const wait = faster_in(job, search.slave, now)) {
    if (search.slave.held_for != id) {
      search.slave.held_for = id;
      search.slave.held_ms = now;
    }
    obstacle = {.rule = Rule::wait_for_faster, .number = *wait, .job = id, .user = job.facts.user};
  } else {
    turn_ = {id, side, rule};
    bool const taken = search.take(id);  // may change everything here: touch nothing after it
    turn_.reset();
    if (taken) return true;
  }
  search.refused.insert(id);
  if (obstacle && !search.obstacle) search.obstacle = obstacle;
  return false;
}

bool FairShare::serve_user(Side side, std::int64_t id, Search& search) {
  User& user = users_.at(id);
  // The owner's order over the kinds that fit: a merge of few sorted rows.
  std::vector<std::pair<std::set<JobKey>::const_iterator, std::set<JobKey>::const_iterator>> rows;
  for (auto const& [kind, jobs] : user.jobs) {
    if (search.fits(kind)) rows.emplace_back(jobs.begin(), jobs.end());
  }
  while (!search.tired()) {
    auto best = rows.end();
    for (auto row = rows.begin(); row != rows.end(); ++row) {
      if (row->first != row->second && (best == rows.end() || *row->first < *best->first)) best = row;
    }
    if (best == rows.end()) return false;
    Job& job = jobs_.at(best->first->id);
    ++best->first;
    if (weight(side, user, job) > 0 && offer(job, side, Rule::fair_share, search)) return true;
  }
  return false;
}

// A job whose files the slave holds goes first while its owner would still be less than the longest frame ahead of the
// one who is furthest behind: nobody gets further ahead without this rule, so the starvation bound holds with it.
bool FairShare::serve_same_files(Side side, Search& search) {
  std::optional<std::int64_t> behind;
  for (std::int64_t const kind : search.kinds) {
    auto const queue = classes_[side].queues.find(kind);
    if (queue == classes_[side].queues.end() || queue->second.empty()) continue;
    behind = std::min(behind.value_or(queue->second.begin()->first), queue->second.begin()->first);
  }
  if (!behind) return false;
  std::vector<std::int64_t> const recent = search.slave.recent;
  for (std::int64_t const id : recent) {
    auto const found = jobs_.find(id);
    if (found == jobs_.end() || !found->second.queued || !search.fits(found->second.facts.kind)) continue;
    Job& job = found->second;
    User const& user = users_.at(job.facts.user);
    std::int64_t const own = weight(side, user, job);
    if (!user.in[side] || own == 0) continue;
    Job const* const first = first_job(user);
    if (first->key.later != job.key.later || first->key.unboosted != job.key.unboosted) continue;
    std::int64_t const ahead = user.v[side] - *behind;
    if (ahead > economy::scaled(std::max(longest_ - expected_work(job), std::int64_t{0}), 1'000'000, own)) continue;
    if (offer(job, side, ahead > 0 || first != &job ? Rule::same_files : Rule::fair_share, search)) return true;
  }
  return false;
}

bool FairShare::serve(Side side, Search& search) {
  if (!search.slave.resume && serve_same_files(side, search)) return true;
  std::vector<std::pair<std::set<Key>::const_iterator, std::set<Key>::const_iterator>> rows;
  for (std::int64_t const kind : search.kinds) {
    auto const queue = classes_[side].queues.find(kind);
    if (queue == classes_[side].queues.end()) continue;
    auto const& waiting = queue->second;
    rows.emplace_back(search.slave.resume ? waiting.lower_bound(*search.slave.resume) : waiting.begin(), waiting.end());
  }
  for (;;) {
    std::optional<Key> next;
    for (auto const& [row, end] : rows) {
      if (row != end && (!next || *row < *next)) next = *row;
    }
    if (!next) return false;
    for (auto& [row, end] : rows) {
      if (row != end && *row == *next) ++row;
    }
    if (search.tired()) {
      if (side == everyone) search.slave.resume = *next;
      return false;
    }
    if (serve_user(side, next->second, search)) return true;
  }
}

void FairShare::choose(PolicySlave const& asking, std::function<bool(std::int64_t job)> const& take) {
  Slave& slave = slaves_.try_emplace(asking.id, Slave{.facts = {.id = asking.id, .user = asking.user, .slots = 0}})
                     .first->second;  // stays where it is while others are added
  Search search{.asking = asking, .take = take, .slave = slave, .kinds = {}, .refused = {}, .obstacle = {}};
  for (auto const& [kind, count] : kinds_) {
    if (!asking.fits || asking.fits(kind)) search.kinds.push_back(kind);
  }
  bool served = false;
  if (slave.resume) {  // everyone's row holds all jobs
    served = serve(everyone, search);
    if (!served && !search.tired()) slave.resume.reset();
  }
  if (!served && !search.tired()) {
    bool const contributors_first =
        classes_[contributors].users > 0 && classes_[contributors].v <= classes_[everyone].v;
    served = serve(contributors_first ? contributors : everyone, search) ||
             serve(contributors_first ? everyone : contributors, search);
  }
  if (served) {
    slave.resume.reset();
    return;
  }
  if (search.obstacle) {
    slave.reason = *search.obstacle;
  } else if (kinds_.empty()) {
    slave.reason = {.rule = Rule::nothing_to_do};
  } else {
    std::int64_t jobs = static_cast<std::int64_t>(search.refused.size());
    for (auto const& [kind, count] : kinds_) jobs += search.fits(kind) ? 0 : count;
    slave.reason = {.rule = Rule::nothing_fits, .number = jobs};
  }
}

FairShare::Job const* FairShare::first_job(User const& user) const {
  std::optional<JobKey> first;
  for (auto const& [kind, jobs] : user.jobs) first = std::min(first.value_or(*jobs.begin()), *jobs.begin());
  return first ? &jobs_.at(first->id) : nullptr;
}

}  // namespace distren

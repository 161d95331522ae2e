// A dispatcher without slaves, around the policy alone: jobs have frames of known work, an attempt ends when the test
// says so, and the clock is the test's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "server/dispatch/fair_share/fair_share.h"

namespace distren {

class PolicyGrid {
public:
  FairShare policy;
  std::int64_t now = 1'000'000;

  void job(std::int64_t id, std::int64_t user, std::int64_t frames, std::int64_t work, int priority = 50,
           std::int64_t kind = 0) {
    jobs_[id] = {
        .facts = {.id = id, .user = user, .priority = priority, .kind = kind, .ready = frames, .unfinished = frames},
        .work = work};
    policy.add_job(jobs_[id].facts);
  }
  void pc(std::int64_t id, std::int64_t user = 900, std::int64_t power = 1000, int threads = 1) {
    policy.set_slave({.id = id, .user = user, .power = power, .threads = threads, .slots = 1});
    rates_[id] = power * threads;
  }
  // The slave asks and gets a frame of the job that it returns; 0: nothing.
  std::int64_t give(std::int64_t slave, std::set<std::int64_t> const& refuse = {},
                    std::function<bool(std::int64_t kind)> fits = {}) {
    PolicySlave const asking{.id = slave, .user = 900, .now_ms = now, .fits = std::move(fits)};
    auto const search = policy.choose(asking);
    while (auto const candidate = search->next()) {
      ++offers;
      if (refuse.contains(candidate->job)) continue;
      start(candidate->job, slave, 0, candidate->turn);
      return candidate->job;
    }
    policy.searched(asking, search->outcome());
    return 0;
  }
  std::int64_t copy(std::int64_t slave, std::int64_t user) {
    auto const found = policy.stragglers({.id = slave, .user = user, .now_ms = now, .fits = {}});
    if (found.empty()) return 0;
    start(attempts.at(found.front()), slave, found.front());
    return found.front();
  }
  void finish(std::int64_t attempt) {
    Job& of = jobs_.at(attempts.at(attempt));
    --of.facts.unfinished;
    auto const rate = rates_.find(slave_of_[attempt]);
    std::int64_t const wall = of.work * 60 * 1000 / (rate == rates_.end() ? 1000 : rate->second);
    policy.completed(attempt, {.work = of.work, .cpu_ms = of.work * 60, .wall_ms = wall});
    attempts.erase(attempt);
  }
  void lose(std::int64_t attempt) {
    Job& of = jobs_.at(attempts.at(attempt));
    policy.returned(attempt);
    ++of.facts.ready;
    policy.add_job(of.facts);
    attempts.erase(attempt);
  }
  // Frames given one after the other, each finished at once; how many each job got.
  std::map<std::int64_t, int> serve(int frames, std::int64_t slave = 1) {
    std::map<std::int64_t, int> got;
    for (int i = 0; i < frames; ++i) {
      std::int64_t const id = give(slave);
      if (id == 0) break;
      ++got[id];
      finish(latest);
    }
    return got;
  }

  std::map<std::int64_t, std::int64_t> attempts;  // attempt -> job
  std::int64_t latest = 0;
  int offers = 0;

private:
  struct Job {
    PolicyJob facts;
    std::int64_t work = 0;
  };
  void start(std::int64_t id, std::int64_t slave, std::int64_t duplicate_of, std::optional<PolicyTurn> turn = {}) {
    attempts[++latest] = id;
    slave_of_[latest] = slave;
    policy.dispatched(
        {.id = latest, .job = id, .slave = slave, .now_ms = now, .duplicate_of = duplicate_of, .turn = turn});
    if (duplicate_of != 0) return;
    PolicyJob& facts = jobs_.at(id).facts;
    if (--facts.ready == 0)
      policy.remove_job(id);
    else
      policy.add_job(facts);
  }
  std::map<std::int64_t, Job> jobs_;
  std::map<std::int64_t, std::int64_t> rates_;
  std::map<std::int64_t, std::int64_t> slave_of_;
};

}  // namespace distren

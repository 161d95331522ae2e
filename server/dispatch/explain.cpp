// DispatchCore: what people ask. What runs, what waits, and why.
#include <fmt/format.h>

#include <algorithm>

#include "server/dispatch/core.h"

namespace distren {

JobStatus DispatchCore::job_live(std::int64_t id) const {
  JobStatus live = job_running(id);
  if (live.leased == 0 && find_job(id) != nullptr) live.waiting = why_job(id).sentence;
  return live;
}

JobStatus DispatchCore::job_running(std::int64_t id) const {
  JobStatus live;
  JobQueue const* const job = find_job(id);
  if (job == nullptr) return live;
  for (auto const& [task, attempt] : job->leases) {
    ++live.leased;
    live.running += attempts_.at(attempt).fraction;
  }
  return live;
}

std::int64_t DispatchCore::owner(std::int64_t slave) const {
  auto const found = slaves_.find(slave);
  return found == slaves_.end() ? 0 : found->second.state.user;
}

FrameUpdate DispatchCore::news(JobQueue const& job, std::int64_t task, std::string_view state,
                               std::int64_t slave) const {
  auto const found = slaves_.find(slave);
  return {.job = job.info().id,
          .user = job.info().user,
          .task = task,
          .state = state,
          .slave = slave,
          .slave_name = found == slaves_.end() ? std::string() : found->second.state.name,
          .failures = job.failures(task)};
}

void DispatchCore::slave_changed(std::int64_t slave) {
  if (auto const user = owner(slave); user != 0) effects_.slave_changed(slave, user);
}

Explanation DispatchCore::why_job(std::int64_t id) const {
  JobQueue const* const job = find_job(id);
  if (job == nullptr) return {.rule = "ended", .sentence = "none of its frames is left to render"};
  auto const& info = job->info();
  if (job->waits())
    return {.rule = "waits_for_job",
            .number = info.after,
            .sentence = fmt::format("it is made of the output of job {}, which is not finished", info.after)};
  if (!job->active()) return {.rule = "paused", .sentence = "it is paused"};
  if (slaves_.empty() && job->leases.empty()) return {.rule = "no_slave", .sentence = "no slave is online"};
  if (job->leases.empty() &&
      std::ranges::none_of(slaves_, [&](auto const& slave) { return fits(*job, slave.second.state); }))
    return {.rule = "no_slave_fits",
            .number = static_cast<std::int64_t>(slaves_.size()),
            .sentence = fmt::format("none of the {} slaves online has {} {} or newer", slaves_.size(), info.method,
                                    info.version)};
  if (job->leases.empty() && std::ranges::none_of(slaves_, [&](auto const& slave) {
        return job->memory_suffices(slave.first, slave.second.state.memory_mib);
      }))
    return {.rule = "no_slave_has_the_memory",
            .number = job->memory_mib(),
            .sentence = fmt::format("its frames need about {} MiB, and no slave online has a fifth more than that",
                                    job->memory_mib())};
  if (job->leases.empty() && std::ranges::none_of(slaves_, [&](auto const& slave) {
        return fits(*job, slave.second.state) && may_have(*job, slave.second.state);
      }))
    return {.rule = "refused_by_slaves",
            .number = static_cast<std::int64_t>(slaves_.size()),
            .sentence =
                "every slave online that could render it has blocked it, or its frames take longer than that "
                "slave lends itself for"};
  if (job->held() && job->ready() == 0 && job->leases.empty())
    return {.rule = "waits_for_approval",
            .number = job->unfinished(),
            .sentence = fmt::format("its test frames were rendered; approve it to have the other {} rendered, too",
                                    job->unfinished())};
  if (job->ready() == 0) {
    if (job->leases.empty())
      return {.rule = "failed_before",
              .number = job->unfinished(),
              .sentence = "the frames left failed before and wait to be tried again"};
    return {.rule = "nothing_ready",
            .number = static_cast<std::int64_t>(job->leases.size()),
            .sentence = fmt::format("all that is left is being rendered: {} {}", job->leases.size(),
                                    job->leases.size() == 1 ? "frame" : "frames")};
  }
  PolicyReason const reason = policy_.why_job(id);
  return {.rule = std::string(rule_name(reason.rule)), .number = reason.number, .sentence = sentence(reason)};
}

Explanation DispatchCore::why_slave(std::int64_t id) const {
  auto const found = slaves_.find(id);
  if (found == slaves_.end()) return {.rule = "offline", .sentence = "it is not connected"};
  Slave const& slave = found->second;
  if (!slave.greeted) return {.rule = "no_hello", .sentence = "it has not said yet what it has"};
  if (slave.state.slots < 1) return {.rule = "no_slots", .sentence = "it takes no work at the moment"};
  if (slave.state.methods.empty())
    return {.rule = "no_method", .sentence = "it found none of the programs that this grid renders with"};
  if (benchmarking(slave))
    return {.rule = "benchmark",
            .number = *slave.attempts.begin(),
            .sentence = "it renders the benchmark that says how fast it is"};
  // Without its first benchmark a method gets no orders; the next try says when.
  if (auto const failed = powers_.waiting(id, slave.state.methods); failed && slave.attempts.empty())
    return {.rule = "benchmark_failed",
            .number = std::max<std::int64_t>(0, failed->next_try_ms - slave.heard_ms) / 1000,
            .sentence =
                fmt::format("its benchmark failed and is tried again in {} s: {}",
                            std::max<std::int64_t>(0, failed->next_try_ms - slave.heard_ms) / 1000, failed->reason)};
  if (JobQueue const* const refused = find_job(slave.refused); refused != nullptr && slave.attempts.empty()) {
    if (auto const why = refusal(*refused, slave.state)) return *why;
  }
  PolicyReason const reason = policy_.why_slave(id);
  if (slave.attempts.empty() && reason.rule == PolicyReason::Rule::unknown)
    return {.rule = "nothing_to_do", .sentence = "no job has a frame waiting"};
  return {.rule = std::string(rule_name(reason.rule)), .number = reason.number, .sentence = sentence(reason)};
}

std::vector<std::pair<std::int64_t, TaskStatus>> DispatchCore::tasks_live(std::int64_t id) const {
  std::vector<std::pair<std::int64_t, TaskStatus>> tasks;
  JobQueue const* const job = find_job(id);
  if (job == nullptr) return tasks;
  for (auto const& [task, leased] : job->leases) {
    Attempt const& attempt = attempts_.at(leased);
    tasks.push_back({attempt.task, {attempt.slave, attempt.fraction}});
  }
  return tasks;
}

std::int64_t DispatchCore::whole_power(SlaveCapabilities const& slave) const {
  return slave.slots > 0 && !slave.methods.empty() ? best_power(slave) * slave.cores : 0;
}

std::vector<std::int64_t> DispatchCore::slaves_online() const {
  std::vector<std::int64_t> ids;
  ids.reserve(slaves_.size());
  for (auto const& [id, slave] : slaves_) ids.push_back(id);
  return ids;
}

std::vector<UserStatus> DispatchCore::users_live() const {
  std::map<std::int64_t, UserStatus> users;
  for (auto const& [id, slave] : slaves_) {
    if (!slave.greeted) continue;
    auto& user = users[slave.state.user];
    ++user.slaves;
    user.power += whole_power(slave.state);
  }
  for (auto const& [id, job] : jobs_) {
    if (!job->active() && job->leases.empty()) continue;
    auto& user = users[job->info().user];
    if (job->active()) user.ready += job->ready();
    user.leased += static_cast<std::int64_t>(job->leases.size());
  }
  std::vector<UserStatus> out;
  for (auto& [id, user] : users) {
    user.user = id;
    out.push_back(user);
  }
  return out;
}

GridStatus DispatchCore::grid_live() const {
  GridStatus live;
  for (auto const& [id, slave] : slaves_) {
    live.slots += std::max(0, slave.state.slots);
    live.power += whole_power(slave.state);
  }
  live.slaves_online = static_cast<int>(slaves_.size());
  for (auto const& [id, job] : jobs_) {
    live.tasks_leased += static_cast<std::int64_t>(job->leases.size());
    if (!job->active()) continue;
    ++live.jobs_active;
    live.tasks_ready += job->ready();
  }
  return live;
}

std::vector<CurrentTask> DispatchCore::slave_work(std::int64_t id) const {
  std::vector<CurrentTask> work;
  auto const found = slaves_.find(id);
  if (found == slaves_.end()) return work;
  for (std::int64_t const attempt_id : found->second.attempts) {
    Attempt const& attempt = attempts_.at(attempt_id);
    work.push_back({attempt.job, attempt.task, attempt.id, attempt.frame, attempt.fraction});
  }
  return work;
}

}  // namespace distren

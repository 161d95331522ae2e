#include "server/dispatch/status.h"

#include <algorithm>
#include <map>

#include "server/dispatch/core.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/eligibility.h"
#include "server/dispatch/explain.h"

namespace distren {

namespace {

void count(TaskPhases& phases, TaskPhase phase) {
  ++(phase == TaskPhase::checking    ? phases.checking
     : phase == TaskPhase::rendering ? phases.rendering
                                     : phases.assigned);
}

JobStatus status_of(DispatchCore const& core, std::int64_t id, MethodsHere& methods) {
  JobStatus status = job_progress(core, id);
  if (status.leased == 0 && core.jobs.find(id) != nullptr) status.waiting = explain_job(core, id, methods).sentence;
  return status;
}

}  // namespace

JobStatus job_status(DispatchCore const& core, std::int64_t id) {
  MethodsHere methods;
  return status_of(core, id, methods);
}

std::vector<JobStatus> job_statuses(DispatchCore const& core, std::vector<std::int64_t> const& jobs, std::int64_t now) {
  std::vector<JobStatus> statuses;
  statuses.reserve(jobs.size());
  MethodsHere methods;
  for (std::int64_t const id : jobs) {
    statuses.push_back(status_of(core, id, methods));
    JobQueue const* const job = core.jobs.find(id);
    // When nobody here can render it, nobody can say when it is ready.
    if (job != nullptr && (core.slaves.empty() || !job->leases.empty() || any_can_render(core, *job, methods)))
      statuses.back().forecast = forecast(core, id, 0, now);
  }
  return statuses;
}

std::vector<SlaveStatus> slave_statuses(DispatchCore const& core, std::vector<std::int64_t> const& slaves) {
  std::vector<SlaveStatus> statuses;
  statuses.reserve(slaves.size());
  for (std::int64_t const id : slaves) {
    SlaveStatus& status = statuses.emplace_back();
    status.tasks = current_tasks(core, id);
    ConnectedSlave const* const here = core.slaves.find(id);
    if (here == nullptr) continue;
    status.online = true;
    status.settings = here->state.settings;
    status.software_name = here->state.software_name;
    status.software_version = here->state.software_version;
  }
  return statuses;
}

JobStatus job_status_of(Dispatcher& dispatcher, std::int64_t job) {
  auto statuses =
      dispatcher.ask([job](DispatchCore const& core, std::int64_t now) { return job_statuses(core, {job}, now); });
  return statuses.empty() ? JobStatus{} : std::move(statuses.front());
}

SlaveStatus slave_status_of(Dispatcher& dispatcher, std::int64_t slave) {
  auto statuses =
      dispatcher.ask([slave](DispatchCore const& core, std::int64_t) { return slave_statuses(core, {slave}); });
  return statuses.empty() ? SlaveStatus{} : std::move(statuses.front());
}

std::optional<bool> is_offered(Dispatcher& dispatcher, std::string const& method, std::string const& version) {
  RendererNeed const need{.method = method, .min_version = version};
  return dispatcher.ask([&](DispatchCore const& core, std::int64_t) {
    std::optional<bool> offered;
    for (auto const& [id, slave] : core.slaves)
      if (slave.greeted && !slave.state.methods.empty())  // else it still tries what it has
        offered = offered.value_or(false) || suitable(slave.state.methods, need) != nullptr;
    return offered;
  });
}

std::optional<Forecast> forecast(DispatchCore const& core, std::int64_t job, std::int64_t more_escrow,
                                 std::int64_t now) {
  return core.policy.forecast(job, more_escrow, now);
}

JobStatus job_progress(DispatchCore const& core, std::int64_t id) {
  JobStatus live;
  JobQueue const* const job = core.jobs.find(id);
  if (job == nullptr) return live;
  for (auto lease = job->leases.begin(); lease != job->leases.end();) {  // those of one task are neighbours
    auto const task = lease->first;
    auto furthest = TaskPhase::assigned;
    for (; lease != job->leases.end() && lease->first == task; ++lease) {
      Attempt const& attempt = core.attempts.at(lease->second);
      ++live.leased;
      live.running += attempt.fraction;
      furthest = std::max(furthest, phase_of(attempt));
    }
    count(live.phases, furthest);
  }
  return live;
}

TaskPhase phase_of(Attempt const& attempt) {
  if (attempt.committing()) return TaskPhase::checking;
  return attempt.reported ? TaskPhase::rendering : TaskPhase::assigned;
}

std::vector<std::pair<std::int64_t, TaskStatus>> task_statuses(DispatchCore const& core, std::int64_t id) {
  std::vector<std::pair<std::int64_t, TaskStatus>> tasks;
  JobQueue const* const job = core.jobs.find(id);
  if (job == nullptr) return tasks;
  for (auto const& [task, leased] : job->leases) {
    Attempt const& attempt = core.attempts.at(leased);
    TaskStatus const status{attempt.slave, attempt.fraction, phase_of(attempt)};
    if (tasks.empty() || tasks.back().first != task) {  // those of one task are neighbours
      tasks.emplace_back(task, status);
    } else if (std::pair(status.phase, status.fraction) >
               std::pair(tasks.back().second.phase, tasks.back().second.fraction)) {
      tasks.back().second = status;
    }
  }
  return tasks;
}

GridStatus grid_status(DispatchCore const& core) {
  GridStatus live;
  for (auto const& [id, slave] : core.slaves) {
    live.slots += std::max(0, slave.state.slots);
    live.power += total_power(core, slave.state);
  }
  live.slaves_online = static_cast<int>(core.slaves.size());
  for (auto const& [id, attempt] : core.attempts)
    if (!attempt.benchmark) count(live.phases, phase_of(attempt));
  for (auto const& [id, job] : core.jobs) {
    live.tasks_leased += static_cast<std::int64_t>(job->leases.size());
    if (!job->active()) continue;
    ++live.jobs_active;
    live.tasks_ready += job->ready();
  }
  return live;
}

GridStatus grid_status(Dispatcher& dispatcher) {
  return dispatcher.ask([](DispatchCore const& core, std::int64_t) { return grid_status(core); });
}

std::vector<UserStatus> user_statuses(DispatchCore const& core) {
  std::map<std::int64_t, UserStatus> users;
  for (auto const& [id, slave] : core.slaves) {
    if (!slave.greeted) continue;
    auto& user = users[slave.state.user];
    ++user.slaves;
    user.power += total_power(core, slave.state);
  }
  for (auto const& [id, job] : core.jobs) {
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

std::vector<std::int64_t> slaves_online(DispatchCore const& core) {
  std::vector<std::int64_t> ids;
  ids.reserve(core.slaves.size());
  for (auto const& [id, slave] : core.slaves) ids.push_back(id);
  return ids;
}

std::vector<CurrentTask> current_tasks(DispatchCore const& core, std::int64_t id) {
  std::vector<CurrentTask> work;
  ConnectedSlave const* const found = core.slaves.find(id);
  if (found == nullptr) return work;
  for (std::int64_t const attempt_id : found->attempts) {
    Attempt const& attempt = core.attempts.at(attempt_id);
    work.push_back({attempt.job, attempt.task, attempt.id, attempt.frame, attempt.fraction});
  }
  return work;
}

std::int64_t owner_of(DispatchCore const& core, std::int64_t slave) {
  ConnectedSlave const* const found = core.slaves.find(slave);
  return found == nullptr ? 0 : found->state.user;
}

FrameUpdate frame_update(DispatchCore const& core, JobQueue const& job, std::int64_t task, std::string_view state,
                         std::int64_t slave) {
  ConnectedSlave const* const found = core.slaves.find(slave);
  return {.job = job.info().id,
          .user = job.info().user,
          .task = task,
          .state = state,
          .slave = slave,
          .slave_name = found == nullptr ? std::string() : found->state.name,
          .failures = job.failures(task)};
}

void slave_changed(DispatchCore& core, std::int64_t slave) {
  if (auto const user = owner_of(core, slave); user != 0) core.effects.slave_changed(slave, user);
}

std::int64_t best_power(DispatchCore const& core, SlaveCapabilities const& slave) {
  std::int64_t power = 1;  // jobs of its slower methods are rare enough to be estimated by the fastest
  for (store::Method const& method : slave.methods) power = std::max(power, core.benchmarks.of(slave.id, method).power);
  return power;
}

std::int64_t total_power(DispatchCore const& core, SlaveCapabilities const& slave) {
  return slave.slots > 0 && !slave.methods.empty() ? best_power(core, slave) * slave.cores : 0;
}

}  // namespace distren

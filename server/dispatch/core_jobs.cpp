// DispatchCore: jobs come, pause and go; what memory knows of them.
#include <fmt/format.h>

#include <algorithm>

#include "server/dispatch/core.h"
#include "server/dispatch/version.h"

namespace distren {

DispatchCore::DispatchCore(DispatchSettings settings, OrderLinks links, Policy& policy, DispatchEffects& effects)
    : settings_(std::move(settings)), links_(std::move(links)), policy_(policy), effects_(effects) {}

JobQueue* DispatchCore::find_job(std::int64_t job) {
  auto const found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : found->second.get();
}

JobQueue const* DispatchCore::find_job(std::int64_t job) const {
  return const_cast<DispatchCore*>(this)->find_job(job);
}

// The policy knows exactly the jobs that have something to give.
void DispatchCore::sync_policy(JobQueue const& job) {
  if (job.active() && job.ready() > 0)
    policy_.add_job({job.info().id, job.info().user, job.info().priority});
  else
    policy_.remove_job(job.info().id);
}

void DispatchCore::add_job(store::RunnableJob job, std::vector<store::RunnableTask> const& tasks,
                           std::vector<store::FailedOn> const& failures, std::int64_t now) {
  std::int64_t const id = job.id;
  if (jobs_.contains(id)) remove_job(id, "the job was read again", now);
  auto queue = std::make_unique<JobQueue>(std::move(job), tasks, failures);
  sync_policy(*queue);
  jobs_.emplace(id, std::move(queue));
  feed_hungry(now);
}

void DispatchCore::restore_lease(store::LiveLease const& lease, std::int64_t now) {
  for (auto& [id, job] : jobs_) {
    if (!job->owns(lease.task) || !job->take_this(lease.task)) continue;
    Attempt attempt{.id = lease.attempt,
                    .task = lease.task,
                    .job = id,
                    .slave = lease.slave,
                    .frame = job->frame(lease.task),
                    .expires_ms = lease.expires_ms,
                    .journaled_ms = lease.expires_ms};
    // Its holder had no chance to renew while the server was away: give it time to come back.
    attempt.expires_ms = std::max(attempt.expires_ms, now + 3 * settings_.heartbeat_ms);
    job->leases.insert(attempt.id);
    attempts_.emplace(attempt.id, attempt);
    sync_policy(*job);
    return;
  }
}

void DispatchCore::pause_job(std::int64_t id) {
  JobQueue* const job = find_job(id);
  if (job == nullptr) return;
  job->activate(false);
  sync_policy(*job);
}

void DispatchCore::resume_job(std::int64_t id, std::int64_t now) {
  JobQueue* const job = find_job(id);
  if (job == nullptr) return;
  job->activate(true);
  sync_policy(*job);
  feed_hungry(now);
}

void DispatchCore::remove_job(std::int64_t id, std::string const& reason, std::int64_t now) {
  JobQueue* const job = find_job(id);
  if (job == nullptr) return;
  policy_.remove_job(id);
  std::set<std::int64_t> const leases = job->leases;
  for (std::int64_t const attempt : leases) {
    std::int64_t const slave = attempts_.at(attempt).slave;
    cancel_on_slave(slave, attempt, reason);
    drop_attempt(attempt);
  }
  jobs_.erase(id);
  feed_hungry(now);
}

void DispatchCore::change_priority(std::int64_t id, int priority) {
  JobQueue* const job = find_job(id);
  if (job == nullptr) return;
  job->change_priority(priority);
  sync_policy(*job);
}

void DispatchCore::finish_job_if_done(std::int64_t id) {
  JobQueue const* const job = find_job(id);
  if (job == nullptr || job->unfinished() > 0) return;
  policy_.remove_job(id);
  jobs_.erase(id);
}

JobLive DispatchCore::job_live(std::int64_t id) const {
  JobLive live;
  JobQueue const* const job = find_job(id);
  if (job == nullptr) return live;
  for (std::int64_t const attempt : job->leases) {
    ++live.leased;
    live.running += attempts_.at(attempt).fraction;
  }
  if (live.leased > 0) return live;
  auto const& info = job->info();
  if (!job->active()) {
    live.waiting = "it is paused";
  } else if (slaves_.empty()) {
    live.waiting = "no slave is online";
  } else if (std::ranges::none_of(slaves_, [&](auto const& slave) { return fits(*job, slave.second.state); })) {
    live.waiting =
        fmt::format("none of the {} slaves online has {} {} or newer", slaves_.size(), info.method, info.version);
  } else if (job->ready() == 0) {
    live.waiting = "the frames left failed before and wait to be tried again";
  } else {
    live.waiting = "the slaves that fit are busy with jobs that come first";
  }
  return live;
}

std::vector<std::pair<std::int64_t, TaskLive>> DispatchCore::tasks_live(std::int64_t id) const {
  std::vector<std::pair<std::int64_t, TaskLive>> tasks;
  JobQueue const* const job = find_job(id);
  if (job == nullptr) return tasks;
  for (std::int64_t const leased : job->leases) {
    Attempt const& attempt = attempts_.at(leased);
    tasks.push_back({attempt.task, {attempt.slave, attempt.fraction}});
  }
  return tasks;
}

GridLive DispatchCore::grid_live() const {
  GridLive live;
  live.slaves_online = static_cast<int>(slaves_.size());
  for (auto const& [id, job] : jobs_) {
    if (!job->active()) continue;
    ++live.jobs_active;
    live.tasks_ready += job->ready();
  }
  live.tasks_leased = static_cast<std::int64_t>(attempts_.size());
  return live;
}

}  // namespace distren

// DispatchCore: jobs come, pause and go; what memory knows of them.
#include <algorithm>

#include "server/dispatch/core.h"

namespace distren {

DispatchCore::DispatchCore(DispatchSettings settings, OrderLinks links, Policy& policy, DispatchEffects& effects)
    : settings_(std::move(settings)),
      links_(std::move(links)),
      policy_(policy),
      effects_(effects),
      powers_(power_book(settings_)) {}

JobQueue* DispatchCore::find_job(std::int64_t job) {
  auto const found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : found->second.get();
}

JobQueue const* DispatchCore::find_job(std::int64_t job) const {
  return const_cast<DispatchCore*>(this)->find_job(job);
}

// The policy knows exactly the jobs that have something to give.
void DispatchCore::sync_policy(JobQueue const& job) {
  if (job.active() && job.ready() > 0) {
    ready_jobs_.insert(job.info().id);
    policy_.add_job({.id = job.info().id,
                     .user = job.info().user,
                     .priority = job.info().priority,
                     .kind = kind_of(job.info()),
                     .ready = job.ready(),
                     .unfinished = job.unfinished()});
  } else {
    ready_jobs_.erase(job.info().id);
    policy_.remove_job(job.info().id);
  }
}

std::int64_t DispatchCore::kind_of(store::RunnableJob const& job) {
  auto const [found, added] =
      kind_numbers_.try_emplace({job.method, job.version}, static_cast<std::int64_t>(kinds_.size()));
  if (added) kinds_.push_back(found->first);
  return found->second;
}

void DispatchCore::add_job(store::RunnableJob job, std::vector<store::RunnableTask> const& tasks,
                           std::vector<store::FailedOn> const& failures, std::int64_t now) {
  std::int64_t const id = job.id;
  if (jobs_.contains(id)) remove_job(id, "the job was read again", now);
  auto queue = std::make_unique<JobQueue>(std::move(job), tasks, failures);
  if (queue->waits()) waiting_.emplace(queue->info().after, id);
  sync_policy(*queue);
  by_first_task_[queue->info().first_task] = queue.get();
  jobs_.emplace(id, std::move(queue));
  feed_hungry(now);
}

void DispatchCore::restore_lease(store::LiveLease const& lease, std::int64_t now) {
  JobQueue* const job = owner_of(lease.task);
  if (job == nullptr || !job->take_this(lease.task)) return;
  Attempt attempt{.id = lease.attempt,
                  .task = lease.task,
                  .job = job->info().id,
                  .slave = lease.slave,
                  .frame = job->frame(lease.task),
                  .expires_ms = lease.expires_ms,
                  .journaled_ms = lease.expires_ms};
  // Its holder had no chance to renew while the server was away: give it time to come back.
  attempt.expires_ms = std::max(attempt.expires_ms, now + 3 * settings_.heartbeat_ms);
  sync_policy(*job);
  policy_.dispatched({.id = attempt.id, .job = attempt.job, .slave = lease.slave, .now_ms = now});
  keep(*job, std::move(attempt));
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
  policy_.forget_job(id);
  ready_jobs_.erase(id);
  grants_.forget_job(id);
  auto const leases = job->leases;
  for (auto const& [task, attempt] : leases) {
    std::int64_t const slave = attempts_.at(attempt).slave;
    cancel_on_slave(slave, attempt, reason);
    drop_attempt(attempt);
  }
  by_first_task_.erase(job->info().first_task);
  waiting_.erase({job->info().after, id});
  jobs_.erase(id);
  feed_hungry(now);
}

void DispatchCore::change_priority(std::int64_t id, int priority) {
  JobQueue* const job = find_job(id);
  if (job == nullptr) return;
  job->change_priority(priority);
  sync_policy(*job);
}

void DispatchCore::approve_job(std::int64_t id, std::int64_t now) {
  JobQueue* const job = find_job(id);
  if (job == nullptr) return;
  job->approve();
  sync_policy(*job);
  feed_hungry(now);
}

bool DispatchCore::reopen(std::int64_t id, std::int64_t task, std::int64_t now) {
  JobQueue* const job = find_job(id);
  if (job == nullptr || !job->owns(task)) return false;
  job->reopen(task);
  job->activate(true);
  effects_.frame_changed(news(*job, task, "ready", 0));
  sync_policy(*job);
  feed_hungry(now);
  return true;
}

void DispatchCore::job_finished(std::int64_t id, std::int64_t now) {
  auto next = waiting_.lower_bound({id, 0});
  while (next != waiting_.end() && next->first == id) {
    if (JobQueue* const job = find_job(next->second)) {
      job->wait_no_more();
      sync_policy(*job);
    }
    next = waiting_.erase(next);
  }
  feed_hungry(now);
}

void DispatchCore::finish_job_if_done(std::int64_t id) {
  JobQueue const* const job = find_job(id);
  if (job == nullptr || job->unfinished() > 0) return;
  policy_.forget_job(id);
  ready_jobs_.erase(id);
  grants_.forget_job(id);
  by_first_task_.erase(job->info().first_task);
  jobs_.erase(id);
}

}  // namespace distren

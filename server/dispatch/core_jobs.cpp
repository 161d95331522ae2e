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
  if (revisions_.ended_since(id, job.revision)) return;
  if (JobQueue const* const here = find_job(id)) {
    if (job.revision <= here->info().revision) return;
    drop_job(*here, "the job was read again");
  }
  revisions_.learn({.job = id,
                    .revision = job.revision,
                    .state = job.state == "active" ? store::JobState::active : store::JobState::paused,
                    .priority = job.priority,
                    .held = job.held});
  revisions_.queued(id);
  // What it waited for was finished after its row was read.
  if (auto const* const before = revisions_.find(job.after); before != nullptr && job.waits)
    job.waits = before->state != store::JobState::finished;
  auto queue = std::make_unique<JobQueue>(std::move(job), tasks, failures);
  queue->follow(*revisions_.find(id));  // it may have been paused since its row was read
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

void DispatchCore::change_job(store::JobControl const& control, std::int64_t now) {
  if (!revisions_.learn(control)) return;
  JobQueue* const job = find_job(control.job);
  if (job == nullptr) return revisions_.left_queue(control.job, now);
  follow(*job, control, now);
}

void DispatchCore::follow(JobQueue& job, store::JobControl const& control, std::int64_t now) {
  job.follow(control);
  sync_policy(job);
  feed_hungry(now);
}

// The leases go with it, for the ledger of who renders what must not name a job that is not there.
void DispatchCore::drop_job(JobQueue const& job, std::string const& reason) {
  std::int64_t const id = job.info().id;
  policy_.forget_job(id);
  ready_jobs_.erase(id);
  grants_.forget_job(id);
  auto const leases = job.leases;
  for (auto const& [task, attempt] : leases) {
    cancel_on_slave(attempts_.at(attempt).slave, attempt, reason);
    drop_attempt(attempt);
  }
  by_first_task_.erase(job.info().first_task);
  waiting_.erase({job.info().after, id});
  jobs_.erase(id);
}

void DispatchCore::remove_job(std::int64_t id, std::int64_t revision, std::string const& reason, std::int64_t now) {
  JobQueue const* const job = find_job(id);
  if (job != nullptr && revision < job->info().revision) return;
  revisions_.learn({.job = id, .revision = revision, .state = store::JobState::cancelled});
  if (job != nullptr) drop_job(*job, reason);
  revisions_.left_queue(id, now);
  feed_hungry(now);
}

bool DispatchCore::reopen(store::JobControl const& control, std::int64_t task, std::int64_t now) {
  JobQueue* const job = find_job(control.job);
  // What ended in the database may not have been settled here yet: then the job must be read again.
  if (job == nullptr || !job->owns(task) || !job->reopen(task, control.revision)) return false;
  effects_.frame_changed(news(*job, task, "ready", 0));
  revisions_.learn(control);
  follow(*job, *revisions_.find(control.job), now);
  return true;
}

void DispatchCore::job_finished(std::int64_t id, std::int64_t revision, std::int64_t now) {
  // When all of it shall be rendered once more, what is made of it waits for that.
  if (auto const* const known = revisions_.find(id); known != nullptr && revision < known->revision) return;
  revisions_.learn({.job = id, .revision = revision, .state = store::JobState::finished});
  if (find_job(id) == nullptr) revisions_.left_queue(id, now);
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

void DispatchCore::finish_job_if_done(std::int64_t id, std::int64_t now) {
  JobQueue const* const job = find_job(id);
  if (job == nullptr || job->unfinished() > 0) return;
  // What was read before is not to be rendered again; a job that is requeued has a higher revision.
  store::JobControl ended = *revisions_.find(id);
  ended.state = store::JobState::failed;
  revisions_.replace(ended);
  drop_job(*job, "nothing of this job is left to render");
  revisions_.left_queue(id, now);
}

}  // namespace distren

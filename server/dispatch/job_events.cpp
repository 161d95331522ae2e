#include "server/dispatch/job_events.h"

#include <memory>
#include <utility>

#include "server/dispatch/attempt_events.h"
#include "server/dispatch/core.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"

namespace distren {

// The policy knows exactly the jobs that have something to give.
void sync_policy(DispatchCore& core, JobQueue const& job) {
  if (job.active() && job.ready() > 0) {
    core.jobs.set_ready(job.info().id, true);
    core.policy.add_job({.id = job.info().id,
                         .user = job.info().user,
                         .priority = job.info().priority,
                         .kind = core.jobs.kind_of(job.info()),
                         .ready = job.ready(),
                         .unfinished = job.unfinished()});
  } else {
    core.jobs.set_ready(job.info().id, false);
    core.policy.remove_job(job.info().id);
  }
}

// The leases go with it, for the ledger of who renders what must not name a job that is not there.
void drop_job(DispatchCore& core, JobQueue const& job, std::string const& reason) {
  std::int64_t const id = job.info().id;
  core.policy.forget_job(id);
  core.grants.forget_job(id);
  auto const leases = job.leases;
  for (auto const& [task, attempt] : leases) {
    cancel_on_slave(core, core.attempts.at(attempt).slave, attempt, "job_ended", reason);
    remove_attempt(core, attempt);
  }
  core.jobs.erase(id);
}

void follow(DispatchCore& core, JobQueue& job, store::JobControl const& control, std::int64_t now) {
  job.follow(control);
  sync_policy(core, job);
  dispatch_to_idle(core, now);
}

void add_job(DispatchCore& core, store::RunnableJob job, std::vector<store::RunnableTask> const& tasks,
             std::vector<store::FailedOn> const& failures, std::int64_t now) {
  std::int64_t const id = job.id;
  if (core.revisions.ended_since(id, job.revision)) return;
  if (JobQueue const* const here = core.jobs.find(id)) {
    if (job.revision <= here->info().revision) return;
    drop_job(core, *here, "the job was read again");
  }
  core.revisions.learn({.job = id,
                        .revision = job.revision,
                        .state = job.state == "active" ? store::JobState::active : store::JobState::paused,
                        .priority = job.priority,
                        .needs_approval = job.needs_approval});
  core.revisions.queued(id);
  // What it waited for was finished after its row was read.
  if (auto const* const before = core.revisions.find(job.after); before != nullptr && job.waits)
    job.waits = before->state != store::JobState::finished;
  auto queue = std::make_unique<JobQueue>(std::move(job), tasks, failures);
  queue->follow(*core.revisions.find(id));  // it may have been paused since its row was read
  sync_policy(core, core.jobs.add(std::move(queue)));
  dispatch_to_idle(core, now);
}

void change_job(DispatchCore& core, store::JobControl const& control, std::int64_t now) {
  if (!core.revisions.learn(control)) return;
  JobQueue* const job = core.jobs.find(control.job);
  if (job == nullptr) return core.revisions.left_queue(control.job, now);
  follow(core, *job, control, now);
}

void renderer_pinned(DispatchCore& core, std::int64_t id, std::optional<store::JobRenderer> const& renderer,
                     std::int64_t now) {
  JobQueue* const job = core.jobs.find(id);
  if (job == nullptr || !job->pinning()) return;
  job->end_pinning(renderer);
  sync_policy(core, *job);
  if (renderer) dispatch_to_idle(core, now);  // else the next tick asks again
}

void remove_job(DispatchCore& core, std::int64_t id, std::int64_t revision, std::string const& reason,
                std::int64_t now) {
  JobQueue const* const job = core.jobs.find(id);
  if (job != nullptr && revision < job->info().revision) return;
  core.revisions.learn({.job = id, .revision = revision, .state = store::JobState::cancelled});
  if (job != nullptr) drop_job(core, *job, reason);
  core.revisions.left_queue(id, now);
  dispatch_to_idle(core, now);
}

bool reopen_task(DispatchCore& core, store::JobControl const& control, std::int64_t task, std::int64_t now) {
  JobQueue* const job = core.jobs.find(control.job);
  // What ended in the database may not have been settled here yet: then the job must be read again.
  if (job == nullptr || !job->owns(task) || !job->reopen(task, control.revision)) return false;
  core.effects.frame_changed(frame_update(core, *job, task, "ready", 0));
  core.revisions.learn(control);
  follow(core, *job, *core.revisions.find(control.job), now);
  return true;
}

void job_finished(DispatchCore& core, std::int64_t id, std::int64_t revision, std::int64_t now) {
  // When all of it shall be rendered once more, what is made of it waits for that.
  if (auto const* const known = core.revisions.find(id); known != nullptr && revision < known->revision) return;
  core.revisions.learn({.job = id, .revision = revision, .state = store::JobState::finished});
  if (core.jobs.find(id) == nullptr) core.revisions.left_queue(id, now);
  for (std::int64_t const dependent : core.jobs.take_dependents(id)) {
    JobQueue* const job = core.jobs.find(dependent);
    if (job == nullptr) continue;
    job->dependency_met();
    sync_policy(core, *job);
  }
  dispatch_to_idle(core, now);
}

void forget_job_if_done(DispatchCore& core, std::int64_t id, std::int64_t now) {
  JobQueue const* const job = core.jobs.find(id);
  if (job == nullptr || job->unfinished() > 0) return;
  // What was read before is not to be rendered again; a job that is requeued has a higher revision.
  store::JobControl ended = *core.revisions.find(id);
  ended.state = store::JobState::failed;
  core.revisions.replace(ended);
  drop_job(core, *job, "nothing of this job is left to render");
  core.revisions.left_queue(id, now);
}

}  // namespace distren

#include "server/dispatch/attempt_events.h"

#include <algorithm>
#include <utility>

#include "common/protocol/codec.h"
#include "common/protocol/result.h"
#include "server/dispatch/core.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"
#include "server/dispatch/task_text.h"

namespace distren {

Attempt& add_attempt(DispatchCore& core, JobQueue& job, Attempt attempt) {
  job.leases.emplace(attempt.task, attempt.id);
  return core.attempts.add(std::move(attempt));
}

void lease_attempt(DispatchCore& core, Attempt attempt, std::int64_t now, std::optional<PolicyTurn> turn) {
  attempt.expires_ms = attempt.journaled_ms = now + core.settings.lease_ms;
  attempt.sent_ms = now;
  if (ConnectedSlave* const slave = core.slaves.find(attempt.slave); slave != nullptr) {
    slave->attempts.insert(attempt.id);
    attempt.session = slave->session;
  }
  core.effects.journal_lease({attempt.id, attempt.task, attempt.slave, attempt.expires_ms});
  core.policy.dispatched({.id = attempt.id,
                          .job = attempt.job,
                          .slave = attempt.slave,
                          .now_ms = now,
                          .duplicate_of = attempt.duplicate_of,
                          .turn = turn});
  JobQueue& job = *core.jobs.find(attempt.job);
  core.effects.frame_changed(frame_update(core, job, attempt.task, "assigned", attempt.slave));
  slave_changed(core, attempt.slave);
  add_attempt(core, job, std::move(attempt));
}

void restore_lease(DispatchCore& core, store::LiveLease const& lease, std::int64_t now) {
  JobQueue* const job = core.jobs.of_task(lease.task);
  if (job == nullptr || !job->take_this(lease.task)) return;
  Attempt attempt{.id = lease.attempt,
                  .task = lease.task,
                  .job = job->info().id,
                  .slave = lease.slave,
                  .frame = job->frame(lease.task),
                  .expires_ms = lease.expires_ms,
                  .journaled_ms = lease.expires_ms};
  // Its holder had no chance to renew while the server was away: give it time to come back.
  attempt.expires_ms = std::max(attempt.expires_ms, now + 3 * core.settings.heartbeat_ms);
  sync_policy(core, *job);
  core.policy.dispatched({.id = attempt.id, .job = attempt.job, .slave = lease.slave, .now_ms = now});
  add_attempt(core, *job, std::move(attempt));
}

void remove_attempt(DispatchCore& core, std::int64_t id, AttemptEvent event) {
  auto const attempt = core.attempts.remove(id, event);
  if (!attempt) return;
  core.policy.returned(id);  // nothing new to it when it was reported
  if (JobQueue* const job = core.jobs.find(attempt->job)) {
    auto const [first, last] = job->leases.equal_range(attempt->task);
    auto const own = std::find_if(first, last, [id](auto const& each) { return each.second == id; });
    if (own != last) job->leases.erase(own);
  }
  // What is committing left its slot free when it was reported.
  if (ConnectedSlave* const slave = core.slaves.find(attempt->slave);
      slave != nullptr && slave->attempts.erase(id) > 0) {
    if (slave->greeted) core.slaves.idle.insert(slave->state.id);
  }
  slave_changed(core, attempt->slave);
}

// A live attempt ends without a word from its slave: expired, lost, taken away. Its task is ready again.
void end_attempt(DispatchCore& core, std::int64_t id, store::Outcome outcome, std::string const& reason,
                 std::int64_t now) {
  Attempt const attempt = core.attempts.at(id);
  remove_attempt(core, id, outcome == store::Outcome::expired ? AttemptEvent::expire : AttemptEvent::end);
  if (attempt.benchmark) {
    if (outcome != store::Outcome::returned) core.benchmarks.failed(attempt.slave, attempt.method, reason, now);
    return;
  }
  if (JobQueue* const job = core.jobs.find(attempt.job)) {
    if (!job->leases.contains(attempt.task)) {
      job->return_task(attempt.task);
      core.effects.frame_changed(frame_update(core, *job, attempt.task, "ready", 0));
    }
    sync_policy(core, *job);
  }
  core.effects.journal_outcome({.attempt = id,
                                .task = attempt.task,
                                .slave = attempt.slave,
                                .outcome = outcome,
                                .reason = reason,
                                .result_code = protocol::ResultCode::interrupted,
                                .verdict_code = outcome == store::Outcome::cancelled ? protocol::VerdictCode::job_ended
                                                                                     : protocol::VerdictCode::none},
                               {});
}

void end_lost_attempt(DispatchCore& core, std::int64_t id, std::string const& reason, std::int64_t now) {
  Attempt const& attempt = core.attempts.at(id);
  ConnectedSlave const* const slave = core.slaves.find(attempt.slave);
  if (!attempt.named && slave != nullptr && slave->session == attempt.session)
    cancel_on_slave(core, attempt.slave, id, "not_wanted", "this frame was not fetched in time");
  end_attempt(core, id, store::Outcome::returned, reason, now);
}

void return_attempt(DispatchCore& core, std::int64_t slave, std::int64_t id, std::string const& reason,
                    std::int64_t now) {
  Attempt const* const attempt = core.attempts.find(id);
  if (attempt == nullptr || attempt->slave != slave || attempt->committing()) return;
  end_attempt(core, id, store::Outcome::returned, reason, now);
  dispatch_to_idle(core, now);
}

void name_attempt(DispatchCore& core, Attempt& attempt, std::int64_t now) {
  attempt.named = true;
  attempt.left_out = false;
  renew_lease(core, attempt, now);
}

bool leave_out(DispatchCore const& core, Attempt& attempt, std::uint64_t session, std::int64_t now) {
  std::int64_t const until = attempt.sent_ms + core.settings.heartbeat_ms;
  if (attempt.named || attempt.session != session || now >= until) return false;
  attempt.left_out = true;
  attempt.expires_ms = std::min(attempt.expires_ms, until);
  return true;
}

void renew_lease(DispatchCore& core, Attempt& attempt, std::int64_t now) {
  attempt.expires_ms = now + core.settings.lease_ms;
  if (attempt.benchmark || attempt.journaled_ms - now >= core.settings.lease_ms / 2) return;
  // The journal's expiry lags: write it again now and then, not with every sign of life.
  attempt.journaled_ms = attempt.expires_ms;
  core.effects.journal_lease({attempt.id, attempt.task, attempt.slave, attempt.expires_ms});
}

void report_progress(DispatchCore& core, std::int64_t slave, protocol::AttemptProgress const& progress,
                     std::int64_t now) {
  slave_seen(core, slave, now);
  Attempt* const found = core.attempts.find(progress.attempt);
  if (found == nullptr || found->slave != slave)
    return cancel_on_slave(core, slave, progress.attempt, "not_wanted", "this frame is not wanted any more");
  Attempt& attempt = *found;
  attempt.fraction = progress.fraction;
  attempt.reported = progress.phase == protocol::Phase::rendering || progress.phase == protocol::Phase::uploading;
  if (JobQueue const* const job = attempt.benchmark ? nullptr : core.jobs.find(attempt.job); job != nullptr) {
    FrameUpdate update = frame_update(core, *job, attempt.task, phase_name(phase_of(attempt)), slave);
    update.fraction = attempt.fraction;
    core.effects.frame_changed(update);
    slave_changed(core, slave);
  }
  name_attempt(core, attempt, now);
}

}  // namespace distren

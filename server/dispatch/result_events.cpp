#include "server/dispatch/result_events.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/protocol/codec.h"
#include "common/protocol/result.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/benchmark_orders.h"
#include "server/dispatch/core.h"
#include "server/dispatch/eligibility.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/payment.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"

namespace distren {

namespace {

constexpr int failures_allowed = 3;            // that count
constexpr std::size_t people_allowed = 5;      // on whose slaves it failed, whoever's fault they say it was
constexpr std::int64_t first_delay_ms = 5000;  // before a task returns to the only slave that fits; doubles each time

}  // namespace

// What the one who reported it is told.
std::string verdict_text(std::int64_t attempt, bool accepted, protocol::VerdictCode code, std::string const& reason) {
  return protocol::write(accepted ? protocol::accepted(attempt) : protocol::rejected(attempt, code, reason));
}

JobQueue const* job_of(DispatchCore const& core, std::int64_t attempt, std::int64_t task) {
  if (Attempt const* const own = core.attempts.find(attempt)) return core.jobs.find(own->job);
  return core.jobs.of_task(task);
}

JobQueue* job_of(DispatchCore& core, std::int64_t attempt, std::int64_t task) {
  if (Attempt const* const own = core.attempts.find(attempt)) return core.jobs.find(own->job);
  return core.jobs.of_task(task);
}

std::optional<ExpectedResult> expected_result(DispatchCore const& core, std::int64_t attempt, std::int64_t task) {
  if (Attempt const* const found = core.attempts.find(attempt); found != nullptr && found->benchmark) {
    BenchmarkVariant const& variant = *found->benchmark;
    BenchmarkPlan const* const plan = plan_of(core, found->method.name);
    return ExpectedResult{.name = {},
                          .output = {plan->method.benchmark->format, "", variant.width, variant.height},
                          .code = variant.frame};
  }
  JobQueue const* const job = job_of(core, attempt, task);
  if (core.attempts.state(attempt) == AttemptState::ended) return std::nullopt;
  if (job == nullptr || !job->owns(task) || job->state(task) == JobQueue::State::done) return std::nullopt;
  TaskPlace const place = job->place(task);
  return ExpectedResult{.job = job->info().id,
                        .name = output_name(job->output(), place),
                        .tile = place.tile != 0,
                        .output = output_of(job->output(), place)};
}

void abort_commit(DispatchCore& core, std::int64_t id, std::int64_t now) {
  if (!core.attempts.apply(id, AttemptEvent::abort_commit)) return;
  Attempt& attempt = *core.attempts.find(id);
  attempt.expires_ms = std::max(attempt.expires_ms, now + 3 * core.settings.heartbeat_ms);  // its slave tries again
}

CommitDecision begin_commit(DispatchCore& core, AttemptReport const& report, std::int64_t now) {
  slave_seen(core, report.slave, now);
  JobQueue* const job = job_of(core, report.attempt, report.task);
  if (job == nullptr || job->state(report.task) == JobQueue::State::done || !job->same_renderer(report.terms))
    return CommitDecision::not_needed;
  auto const [first, last] = job->leases.equal_range(report.task);
  if (std::any_of(first, last, [&core](auto const& lease) { return core.attempts.at(lease.second).committing(); }))
    return CommitDecision::busy;
  if (!after(core.attempts.state(report.attempt), AttemptEvent::begin_commit)) return CommitDecision::not_needed;
  if (core.attempts.find(report.attempt) == nullptr) {
    // Its lease ran out, perhaps another slave has the task by now. The work is done, so it counts if it is first.
    job->take_this(report.task);
    add_attempt(core, *job,
                {.id = report.attempt,
                 .task = report.task,
                 .job = job->info().id,
                 .slave = report.slave,
                 .frame = job->frame(report.task),
                 .terms = report.terms});
    sync_policy(core, *job);
  }
  core.attempts.apply(report.attempt, AttemptEvent::begin_commit);
  core.attempts.find(report.attempt)->fraction = 1;
  core.attempts.find(report.attempt)->named = true;
  FrameUpdate checking = frame_update(core, *job, report.task, "checking", report.slave);
  checking.fraction = 1;
  core.effects.frame_changed(checking);
  return CommitDecision::proceed;
}

namespace {

// Whether this failure on a slave of this user counts against the task. What a slave says of the fault is its own word:
// the job's fault counts once for all slaves of a person, those of the job's owner apart, and not at all of who is not
// known. Where nobody else could try, each failure counts.
bool counts_against(JobQueue const& job, store::OutcomeEntry const& outcome, std::int64_t user, bool elsewhere) {
  if (!elsewhere) return true;
  if (outcome.outcome != store::Outcome::rejected && protocol::fault_of(outcome.result_code) != protocol::Fault::job)
    return false;
  if (user == 0) return false;
  return user == job.info().user || !job.failed_for(outcome.task, user);
}

void task_failed(DispatchCore& core, JobQueue& job, store::OutcomeEntry& outcome, std::int64_t user, std::int64_t now) {
  std::int64_t const task = outcome.task;
  bool const elsewhere = another_can_render(core, job, task, outcome.slave);
  outcome.counts = counts_against(job, outcome, user, elsewhere);
  int const failures = job.record_failure(task, outcome.slave, user, outcome.counts);
  if (job.leases.contains(task)) return;  // another attempt may still do it
  if (failures >= failures_allowed || job.people_failed(task) >= people_allowed) {
    outcome.counts = outcome.task_failed = true;
    job.finish(task);
  } else if (elsewhere) {
    job.return_task(task);
  } else {
    job.delay(task);
    core.jobs.delay(job.info().id, task, now + (first_delay_ms << (failures - 1)));
  }
  FrameUpdate failed = frame_update(core, job, task, outcome.task_failed ? "failed" : "ready", outcome.slave);
  failed.failures = failures;
  failed.outcome = outcome.outcome == store::Outcome::rejected ? "rejected" : "failed";
  failed.code = store::failure_code(outcome);
  failed.reason = outcome.reason;
  failed.warnings = outcome.warnings;
  failed.wall_ms = outcome.wall_ms;
  failed.cpu_ms = outcome.cpu_ms;
  core.effects.frame_changed(failed);
}

// Three faults of its machine in a row, and it is offered nothing for a while. A download that failed may be the
// server's fault, and would make every slave of the grid rest at once.
void note_fault(DispatchCore& core, AttemptReport const& report, JobQueue const& job, std::int64_t now) {
  if (report.outcome == store::Outcome::accepted) return core.faults.worked(report.slave);
  using protocol::ResultCode;
  if (report.outcome == store::Outcome::rejected || report.result_code == ResultCode::download_failed) return;
  if (protocol::fault_of(report.result_code) != protocol::Fault::machine) return;
  if (core.faults.failed(report.slave, job.info().user, report.reason, now))
    spdlog::warn("dispatcher: slave={} gets no orders for a while: {}", report.slave, quote(report.reason));
}

}  // namespace

void report_result(DispatchCore& core, AttemptReport report, std::function<void(std::string answer)> answer,
                   std::int64_t now) {
  using store::Outcome;
  slave_seen(core, report.slave, now);
  if (Attempt const* const own = core.attempts.find(report.attempt); own != nullptr && own->benchmark)
    return benchmark_ended(core, report, answer, now);
  if (JobQueue const* const of = job_of(core, report.attempt, report.task);
      of != nullptr && report.outcome == Outcome::accepted) {
    bool const lacks_image = report.output.empty() && !of->output().format.empty();
    if (lacks_image && core.attempts.find(report.attempt) != nullptr) {
      report.outcome = Outcome::rejected;
      report.reason = "the result names no output";
      report.code = protocol::VerdictCode::upload_missing;
    } else if (!lacks_image && core.attempts.state(report.attempt) != AttemptState::committing) {
      (void)begin_commit(core, report,
                         now);  // of a method without images: what has one is committing when it comes here
    }
  }
  bool const committing = core.attempts.state(report.attempt) == AttemptState::committing;
  Attempt* const attempt = core.attempts.find(report.attempt);
  // While its image is being written down, and when it is out no longer, the database alone says what else it says.
  bool const counts = attempt != nullptr && committing == (report.outcome == Outcome::accepted);
  std::int64_t const job_id = counts ? attempt->job : 0;
  JobQueue* const job = core.jobs.find(job_id);
  if (job != nullptr) note_fault(core, report, *job, now);
  store::OutcomeEntry outcome{.attempt = report.attempt,
                              .task = report.task,
                              .slave = report.slave,
                              .outcome = report.outcome,
                              .cpu_ms = report.cpu_ms,
                              .wall_ms = report.wall_ms,
                              .memory_mib = report.memory_mib,
                              .may_win = job != nullptr && report.outcome == Outcome::accepted,
                              .output = std::move(report.output),
                              .output_size = report.output_size,
                              .output_sha256 = std::move(report.output_sha256),
                              .more_outputs = std::move(report.more_outputs),
                              .reason = std::move(report.reason),
                              .result_code = report.result_code,
                              .verdict_code = report.code,
                              .warnings = std::move(report.warnings)};
  std::int64_t user = owner_of(core, report.slave);  // of its lease rather: the slave may be away by now
  if (job != nullptr && report.outcome != Outcome::returned) {
    if (attempt->terms.user == 0) attempt->terms = report.terms;  // found again after a restart
    if (attempt->terms.user != 0) user = attempt->terms.user;
    assess(core, *job, *attempt, report, outcome, now);
  }
  if (job != nullptr && report.outcome == Outcome::accepted) {
    if (ConnectedSlave* const slave = core.slaves.find(report.slave); slave != nullptr)
      slave->attempts.erase(report.attempt);
  } else if (job != nullptr) {
    remove_attempt(core, report.attempt);
    if (report.outcome == Outcome::returned) {
      if (ConnectedSlave* const slave = core.slaves.find(report.slave);
          report.result_code == protocol::ResultCode::too_long && slave != nullptr)
        job->record_too_long(report.slave, slave->state.max_frame_ms);
      if (!job->leases.contains(report.task)) {
        job->return_task(report.task);
        core.effects.frame_changed(frame_update(core, *job, report.task, "ready", 0));
      }
    } else {
      task_failed(core, *job, outcome, user, now);
    }
    sync_policy(core, *job);
  }
  if (outcome.outcome == store::Outcome::accepted) ++core.backlog.unwritten;
  core.effects.journal_outcome(std::move(outcome), std::move(answer));
  if (job != nullptr) forget_job_if_done(core, job_id, now);
  // The slave has a free slot from now on; it does not wait for the commit.
  if (ConnectedSlave* const slave = core.slaves.find(report.slave); slave != nullptr) dispatch(core, *slave, now);
  if (report.outcome != store::Outcome::accepted) dispatch_to_idle(core, now);
}

void settle(DispatchCore& core, store::OutcomeEntry const& outcome, store::JournalReply::Verdict verdict,
            std::optional<std::int64_t> points, std::function<void(std::string answer)> const& answer,
            std::int64_t now) {
  using Verdict = store::JournalReply::Verdict;
  if (outcome.outcome == store::Outcome::accepted) --core.backlog.unwritten;
  Attempt const* const found = core.attempts.find(outcome.attempt);
  if (found != nullptr && found->committing() && outcome.may_win) {
    std::int64_t const job_id = found->job;
    JobQueue* const job = core.jobs.find(job_id);
    if (job != nullptr && verdict == Verdict::accepted) remember_claim(core, outcome, *found, *job, !points);
    remove_attempt(core, outcome.attempt);
    if (job != nullptr && (verdict == Verdict::accepted || verdict == Verdict::superseded)) {
      std::vector<std::int64_t> freed;
      while (job->leases.contains(outcome.task)) {  // copies of it
        std::int64_t const other = job->leases.find(outcome.task)->second;
        std::int64_t const slave = core.attempts.at(other).slave;
        cancel_on_slave(core, slave, other, "superseded", "another slave finished this frame first");
        remove_attempt(core, other);
        freed.push_back(slave);
        core.effects.journal_outcome({.attempt = other,
                                      .task = outcome.task,
                                      .slave = slave,
                                      .outcome = store::Outcome::cancelled,
                                      .reason = "another slave was first",
                                      .verdict_code = protocol::VerdictCode::superseded},
                                     {});
      }
      if (verdict == Verdict::accepted) {
        FrameUpdate done = frame_update(core, *job, outcome.task, "finished", outcome.slave);
        done.output = outcome.output;
        done.size = outcome.output_size;
        auto const measured = output_of(job->output(), job->place(outcome.task));
        done.width = measured.width;
        done.height = measured.height;
        done.sha256 = outcome.output_sha256;
        done.more_outputs = outcome.more_outputs;
        done.wall_ms = outcome.wall_ms;
        done.cpu_ms = outcome.cpu_ms;
        done.warnings = outcome.warnings;
        core.effects.frame_changed(done);
      }
      job->finish(outcome.task);
      sync_policy(core, *job);
      forget_job_if_done(core, job_id, now);
      for (std::int64_t const id : freed) {
        if (ConnectedSlave* const slave = core.slaves.find(id); slave != nullptr) dispatch(core, *slave, now);
      }
    } else if (job != nullptr) {
      if (!job->leases.contains(outcome.task)) job->return_task(outcome.task);
      sync_policy(core, *job);
      dispatch_to_idle(core, now);
    }
  }
  if (core.backlog.throttled && core.backlog.unwritten < unwritten_few) {
    core.backlog.throttled = false;
    dispatch_to_idle(core, now);
  }
  if (!answer) return;
  if (verdict == Verdict::accepted || verdict == Verdict::recorded) {
    bool const refused = outcome.outcome == store::Outcome::rejected;
    return answer(verdict_text(outcome.attempt, !refused, outcome.verdict_code, outcome.reason));
  }
  using enum protocol::VerdictCode;
  if (verdict == Verdict::superseded)
    return answer(verdict_text(outcome.attempt, false, superseded, "another slave's result for this frame came first"));
  if (verdict == Verdict::ended)
    return answer(verdict_text(outcome.attempt, false, lease_invalid,
                               "this frame was given up, or taken from this slave, before"));
  answer(verdict_text(outcome.attempt, false, job_ended, "the job of this frame is gone"));
}

}  // namespace distren

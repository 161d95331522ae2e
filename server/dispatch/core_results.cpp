// DispatchCore: leases begin and end; results are claimed, reported, settled.
#include <fmt/format.h>

#include <algorithm>

#include "common/protocol/codec.h"
#include "common/protocol/result.h"
#include "server/dispatch/core.h"

namespace distren {

namespace {

constexpr int failures_allowed = 3;
constexpr std::int64_t first_delay_ms = 5000;  // before a task returns to the only slave that fits; doubles each time

}  // namespace

// What the one who reported it is told.
std::string DispatchCore::answer_text(std::int64_t attempt, bool accepted, std::string const& reason) {
  return accepted ? protocol::write(protocol::Accepted{attempt}) : protocol::write(protocol::Rejected{attempt, reason});
}

void DispatchCore::lease(Attempt attempt, std::int64_t now) {
  attempt.expires_ms = attempt.journaled_ms = now + settings_.lease_ms;
  if (auto const slave = slaves_.find(attempt.slave); slave != slaves_.end()) slave->second.attempts.insert(attempt.id);
  effects_.journal_lease({attempt.id, attempt.task, attempt.slave, attempt.expires_ms});
  policy_.dispatched(
      {.id = attempt.id, .job = attempt.job, .slave = attempt.slave, .now_ms = now, .copy_of = attempt.copy_of});
  JobQueue& job = *find_job(attempt.job);
  effects_.frame_changed(news(job, attempt.task, "leased", attempt.slave));
  slave_changed(attempt.slave);
  keep(job, std::move(attempt));
}

Attempt& DispatchCore::keep(JobQueue& job, Attempt attempt) {
  job.leases.emplace(attempt.task, attempt.id);
  return attempts_.add(std::move(attempt));
}

void DispatchCore::drop_attempt(std::int64_t id, AttemptEvent event) {
  auto const attempt = attempts_.remove(id, event);
  if (!attempt) return;
  policy_.returned(id);  // nothing new to it when it was reported
  if (JobQueue* const job = find_job(attempt->job)) {
    auto const [first, last] = job->leases.equal_range(attempt->task);
    auto const own = std::find_if(first, last, [id](auto const& each) { return each.second == id; });
    if (own != last) job->leases.erase(own);
  }
  // What is committing left its slot free when it was reported.
  if (auto const slave = slaves_.find(attempt->slave); slave != slaves_.end() && slave->second.attempts.erase(id) > 0) {
    if (slave->second.sink && slave->second.greeted) hungry_.insert(slave->first);
  }
  slave_changed(attempt->slave);
}

// A live attempt ends without a word from its slave: expired, lost, taken away. Its task is ready again.
void DispatchCore::end_early(std::int64_t id, store::Ending ending, std::string const& reason, std::int64_t now) {
  Attempt const attempt = attempts_.at(id);
  drop_attempt(id, ending == store::Ending::expired ? AttemptEvent::expire : AttemptEvent::end);
  if (attempt.benchmark) {
    if (ending != store::Ending::returned) powers_.failed(attempt.slave, attempt.method, reason, now);
    return;
  }
  if (JobQueue* const job = find_job(attempt.job)) {
    if (!worked_on(*job, attempt.task)) {
      job->give_back(attempt.task);
      effects_.frame_changed(news(*job, attempt.task, "ready", 0));
    }
    sync_policy(*job);
  }
  effects_.journal_ending(
      {.attempt = id, .task = attempt.task, .slave = attempt.slave, .ending = ending, .reason = reason}, {});
}

bool DispatchCore::worked_on(JobQueue const& job, std::int64_t task) const {
  return job.leases.contains(task);
}

JobQueue* DispatchCore::job_of(std::int64_t attempt, std::int64_t task) {
  if (Attempt const* const own = attempts_.find(attempt)) return find_job(own->job);
  return owner_of(task);
}

JobQueue* DispatchCore::owner_of(std::int64_t task) const {
  auto const after = by_first_task_.upper_bound(task);
  if (after == by_first_task_.begin()) return nullptr;
  JobQueue* const job = std::prev(after)->second;
  return job->owns(task) ? job : nullptr;
}

std::optional<ExpectedResult> DispatchCore::expected_result(std::int64_t attempt, std::int64_t task) const {
  if (Attempt const* const found = attempts_.find(attempt); found != nullptr && found->benchmark) {
    BenchmarkVariant const& variant = *found->benchmark;
    BenchmarkPlan const* const plan = plan_of(found->method.name);
    return ExpectedResult{.name = {},
                          .output = {plan->method.benchmark->format, "", variant.width, variant.height},
                          .code = variant.frame};
  }
  JobQueue const* const job = const_cast<DispatchCore*>(this)->job_of(attempt, task);
  if (attempts_.state(attempt) == AttemptState::ended) return std::nullopt;
  if (job == nullptr || !job->owns(task) || job->state(task) == JobQueue::State::done) return std::nullopt;
  TaskPlace const place = job->place(task);
  return ExpectedResult{
      .job = job->info().id, .name = output_name(job->output(), place), .output = output_of(job->output(), place)};
}

void DispatchCore::release(std::int64_t id, std::int64_t now) {
  if (!attempts_.apply(id, AttemptEvent::abort_commit)) return;
  Attempt& attempt = *attempts_.find(id);
  attempt.expires_ms = std::max(attempt.expires_ms, now + 3 * settings_.heartbeat_ms);  // its slave tries again
}

ResultClaim DispatchCore::claim(AttemptReport const& report, std::int64_t now) {
  heard(report.slave, now);
  JobQueue* const job = job_of(report.attempt, report.task);
  if (job == nullptr || job->state(report.task) == JobQueue::State::done) return ResultClaim::settled;
  auto const [first, last] = job->leases.equal_range(report.task);
  if (std::any_of(first, last, [this](auto const& lease) { return attempts_.at(lease.second).committing(); }))
    return ResultClaim::busy;
  if (!after(attempts_.state(report.attempt), AttemptEvent::begin_commit)) return ResultClaim::settled;
  if (attempts_.find(report.attempt) == nullptr) {
    // Its lease ran out, perhaps another slave has the task by now. The work is done, so it counts if it is first.
    job->take_this(report.task);
    keep(*job, {.id = report.attempt,
                .task = report.task,
                .job = job->info().id,
                .slave = report.slave,
                .frame = job->frame(report.task),
                .terms = report.terms});
    sync_policy(*job);
  }
  attempts_.apply(report.attempt, AttemptEvent::begin_commit);
  attempts_.find(report.attempt)->fraction = 1;
  return ResultClaim::go;
}

void DispatchCore::report(AttemptReport report, std::function<void(std::string answer)> answer, std::int64_t now) {
  using store::Ending;
  heard(report.slave, now);
  if (Attempt const* const own = attempts_.find(report.attempt); own != nullptr && own->benchmark)
    return benchmark_ended(report, answer, now);
  if (JobQueue const* const of = job_of(report.attempt, report.task);
      of != nullptr && report.ending == Ending::accepted) {
    bool const lacks_image = report.output.empty() && !of->output().format.empty();
    if (lacks_image && attempts_.find(report.attempt) != nullptr) {
      report.ending = Ending::rejected;
      report.reason = "the result names no output";
    } else if (!lacks_image && attempts_.state(report.attempt) != AttemptState::committing) {
      (void)claim(report, now);  // of a method without images: what has one is committing when it comes here
    }
  }
  bool const committing = attempts_.state(report.attempt) == AttemptState::committing;
  Attempt* const attempt = attempts_.find(report.attempt);
  // While its image is being written down, and when it is out no longer, the database alone says what else it says.
  bool const counts = attempt != nullptr && committing == (report.ending == Ending::accepted);
  std::int64_t const job_id = counts ? attempt->job : 0;
  JobQueue* const job = find_job(job_id);
  store::EndingEntry ending{.attempt = report.attempt,
                            .task = report.task,
                            .slave = report.slave,
                            .ending = report.ending,
                            .cpu_ms = report.cpu_ms,
                            .wall_ms = report.wall_ms,
                            .memory_mib = report.memory_mib,
                            .may_win = job != nullptr && report.ending == Ending::accepted,
                            .output = std::move(report.output),
                            .output_size = report.output_size,
                            .output_sha256 = std::move(report.output_sha256),
                            .reason = std::move(report.reason)};
  if (job != nullptr && report.ending != Ending::returned) {
    if (attempt->terms.user == 0) attempt->terms = report.terms;  // found again after a restart
    value(*job, *attempt, report, ending, now);
  }
  if (job != nullptr && report.ending == Ending::accepted) {
    if (auto const slave = slaves_.find(report.slave); slave != slaves_.end())
      slave->second.attempts.erase(report.attempt);
  } else if (job != nullptr) {
    drop_attempt(report.attempt);
    if (report.ending == Ending::returned) {
      if (auto const slave = slaves_.find(report.slave); report.too_long && slave != slaves_.end())
        job->record_too_long(report.slave, slave->second.state.limit_ms());
      if (!worked_on(*job, report.task)) {
        job->give_back(report.task);
        effects_.frame_changed(news(*job, report.task, "ready", 0));
      }
    } else {
      task_failed(*job, ending, now);
    }
    sync_policy(*job);
  }
  if (ending.ending == store::Ending::accepted) ++writing_;
  effects_.journal_ending(std::move(ending), std::move(answer));
  if (job != nullptr) finish_job_if_done(job_id, now);
  // The slave has a free slot from now on; it does not wait for the commit.
  if (auto const slave = slaves_.find(report.slave); slave != slaves_.end()) feed(slave->second, now);
  if (report.ending != store::Ending::accepted) feed_hungry(now);
}

void DispatchCore::task_failed(JobQueue& job, store::EndingEntry& ending, std::int64_t now) {
  std::int64_t const task = ending.task;
  int const failures = job.record_failure(task, ending.slave);
  if (worked_on(job, task)) return;  // another attempt may still do it
  if (failures >= failures_allowed) {
    ending.task_failed = true;
    job.finish(task);
  } else if (another_fits(job, task, ending.slave)) {
    job.give_back(task);
  } else {
    job.delay(task);
    delayed_.emplace(now + (first_delay_ms << (failures - 1)), std::pair{job.info().id, task});
  }
  FrameUpdate failed = news(job, task, ending.task_failed ? "failed" : "ready", ending.slave);
  failed.failures = failures;
  failed.reason = ending.reason;
  failed.wall_ms = ending.wall_ms;
  failed.cpu_ms = ending.cpu_ms;
  effects_.frame_changed(failed);
}

void DispatchCore::settled(store::EndingEntry const& ending, store::JournalAnswer::Verdict verdict,
                           std::optional<std::int64_t> points, std::function<void(std::string answer)> const& answer,
                           std::int64_t now) {
  using Verdict = store::JournalAnswer::Verdict;
  if (ending.ending == store::Ending::accepted) --writing_;
  Attempt const* const found = attempts_.find(ending.attempt);
  if (found != nullptr && found->committing() && ending.may_win) {
    std::int64_t const job_id = found->job;
    JobQueue* const job = find_job(job_id);
    if (job != nullptr && verdict == Verdict::accepted) remember_claim(ending, *found, *job, !points);
    drop_attempt(ending.attempt);
    if (job != nullptr && (verdict == Verdict::accepted || verdict == Verdict::superseded)) {
      std::vector<std::int64_t> freed;
      while (job->leases.contains(ending.task)) {  // copies of it
        std::int64_t const other = job->leases.find(ending.task)->second;
        std::int64_t const slave = attempts_.at(other).slave;
        cancel_on_slave(slave, other, "another slave finished this frame first");
        drop_attempt(other);
        freed.push_back(slave);
        effects_.journal_ending({.attempt = other,
                                 .task = ending.task,
                                 .slave = slave,
                                 .ending = store::Ending::cancelled,
                                 .reason = "another slave was first"},
                                {});
      }
      if (verdict == Verdict::accepted) {
        FrameUpdate done = news(*job, ending.task, "accepted", ending.slave);
        done.output = ending.output;
        done.size = ending.output_size;
        done.sha256 = ending.output_sha256;
        done.wall_ms = ending.wall_ms;
        done.cpu_ms = ending.cpu_ms;
        effects_.frame_changed(done);
      }
      job->finish(ending.task);
      sync_policy(*job);
      finish_job_if_done(job_id, now);
      for (std::int64_t const id : freed) {
        if (auto const slave = slaves_.find(id); slave != slaves_.end()) feed(slave->second, now);
      }
    } else if (job != nullptr) {
      if (!worked_on(*job, ending.task)) job->give_back(ending.task);
      sync_policy(*job);
      feed_hungry(now);
    }
  }
  if (throttled_ && writing_ < writing_few) {
    throttled_ = false;
    feed_hungry(now);
  }
  if (!answer) return;
  if (verdict == Verdict::accepted || verdict == Verdict::recorded) {
    bool const refused = ending.ending == store::Ending::rejected;
    answer(answer_text(ending.attempt, !refused, ending.reason));
  } else {
    answer(answer_text(ending.attempt, false,
                       verdict == Verdict::superseded ? "another slave's result for this frame came first"
                       : verdict == Verdict::ended    ? "this frame was given up, or taken from this slave, before"
                                                      : "the job of this frame is gone"));
  }
}

void DispatchCore::tick(std::int64_t now) {
  std::vector<std::int64_t> expired;
  for (auto const& [id, attempt] : attempts_) {
    if (!attempt.committing() && attempt.expires_ms <= now) expired.push_back(id);
  }
  for (std::int64_t const id : expired) {
    cancel_on_slave(attempts_.at(id).slave, id, "nothing was heard of this frame for too long");
    end_early(id, store::Ending::expired, "nothing was heard of it for too long", now);
  }
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    auto const [job_id, task] = delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    JobQueue* const job = find_job(job_id);
    if (job == nullptr || !job->owns(task) || job->state(task) != JobQueue::State::delayed) continue;
    if (!another_fits(*job, task, 0)) job->forget_failures(task);  // nobody new is there: it may go where it failed
    job->give_back(task);
    sync_policy(*job);
  }
  std::vector<std::int64_t> silent;  // slaves over HTTPS that stopped asking; those of the line have a connection
  for (auto const& [id, slave] : slaves_) {
    if (!slave.sink && slave.heard_ms + 3 * settings_.heartbeat_ms < now) silent.push_back(id);
  }
  for (std::int64_t const id : silent) {
    effects_.slave_changed(id, slaves_.at(id).state.user);
    tell_policy(slaves_.at(id).state, false);
    slaves_.erase(id);
  }
  answer_logs([now](std::int64_t, std::int64_t until) { return until <= now; }, std::nullopt);
  revisions_.forget_old(now);
  feed_some(now);
  feed_hungry(now);
}

}  // namespace distren

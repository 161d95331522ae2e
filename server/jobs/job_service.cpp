#include "server/jobs/job_service.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "server/dispatch/job_events.h"
#include "server/dispatch/points_sync.h"
#include "server/jobs/submission_writer.h"
#include "server/live/publish.h"
#include "server/storage/job_folder.h"
#include "server/store/accounts.h"
#include "server/store/journal.h"
#include "server/store/points.h"
#include "server/store/renderers.h"
#include "server/store/requests.h"
#include "server/store/shots.h"

namespace distren {

JobService::JobService(Dispatcher& dispatcher, EventBroker& live, std::filesystem::path const& stor, Publish publish)
    : dispatcher_(dispatcher), live_(live), stor_(stor), publish_(std::move(publish)) {}

JobService::Lock JobService::lock(std::int64_t job) {
  return Lock(locks_[static_cast<std::size_t>(job) % locks_.size()]);
}

void JobService::remember(std::int64_t job, bool with_tasks) {
  std::lock_guard const guard(untold_mutex_);
  auto& tasks = untold_[job];
  tasks = tasks || with_tasks;
}

// Both to the dispatcher, under the job's lock.
void JobService::tell_removed(std::int64_t job, std::int64_t revision, std::string reason) {
  dispatcher_.tell([job, revision, reason = std::move(reason)](DispatchCore& core, std::int64_t now) {
    remove_job(core, job, revision, reason, now);
  });
}

void JobService::tell_changed(store::JobControl control) {
  dispatcher_.tell([control](DispatchCore& core, std::int64_t now) { change_job(core, control, now); });
}

// Under the job's lock: publishes the present row to the dispatcher and the pages.
Result<store::Job> JobService::publish(Database& database, std::int64_t job) {
  auto now = store::show_job(database, job);
  if (!now && now.error().code == Errc::not_found) {
    tell_removed(job, store::deleted_revision, fmt::format("job {} was deleted", job));
  } else if (!now) {
    remember(job, false);
  } else if (now->state == store::JobState::cancelled) {
    tell_removed(job, now->revision, fmt::format("job {} was {}", job, now->reason));
  } else {
    tell_changed(now->control());
  }
  if (now) publish_(*now);
  return now;
}

template <typename Change>
Result<store::Job> JobService::change_and_tell(Database& database, std::int64_t job, Change change) {
  auto const guard = lock(job);
  if (auto const done = change(); !done) {
    // A connection that breaks at the commit leaves open whether it was done.
    if (done.error().code == Errc::unavailable) remember(job, false);
    return done.error();
  }
  return publish(database, job);
}

Result<std::vector<std::int64_t>> JobService::submit(Database& database, BlobStore const& blobs,
                                                     store::NewSubmission const& submission) {
  auto written = write_submission(database, blobs, stor_, submission);
  if (!written) return written.error();
  if (written->uncertain) {
    for (auto const job : written->jobs) remember(job, true);
    return *written->uncertain;
  }
  // The later ones first: when the one that they wait for is finished, the dispatcher knows them.
  for (auto job = written->jobs.rbegin(); job != written->jobs.rend(); ++job) {
    (void)load_into_dispatcher(database, *job);
    publish_job_created(live_, *job, submission.user);
  }
  if (!written->jobs.empty()) publish_submission(live_, written->jobs.front(), submission.user);
  return std::move(written->jobs);
}

Result<store::Job> JobService::pause(Database& database, std::int64_t job, std::string_view reason,
                                     std::string_view paused_by) {
  return change_and_tell(database, job, [&] { return store::pause_job(database, job, reason, paused_by); });
}

Result<store::Job> JobService::resume(Database& database, std::int64_t job) {
  return change_and_tell(database, job, [&] { return store::resume_job(database, job); });
}

Result<store::Job> JobService::approve(Database& database, std::int64_t job) {
  return change_and_tell(database, job, [&] { return store::approve_job(database, job); });
}

Result<store::Job> JobService::change(Database& database, std::int64_t job, std::optional<std::string_view> name,
                                      std::optional<int> priority) {
  return change_and_tell(database, job, [&] { return store::change_job(database, job, name, priority); });
}

Result<store::Job> JobService::cancel(Database& database, std::int64_t job, std::string_view reason) {
  auto const later = store::list_dependent_jobs(database, job, false);
  if (!later) return later.error();
  if (auto const same = store::check_job_revision(database, job); !same) return same.error();
  auto const why = fmt::format("cancelled with job {}, whose output it is made of", job);
  for (auto each = later->rbegin(); each != later->rend(); ++each) {
    auto const done = change_and_tell(database, *each, [&] { return store::cancel_job(database, *each, why); });
    if (!done) return done;
  }
  return change_and_tell(database, job, [&] { return store::cancel_job(database, job, reason); });
}

// Under the job's lock. Its row is read before its tasks: they are never older than the revision.
Result<void> JobService::load(Database& database, std::int64_t job) {
  auto jobs = store::load_jobs(database, job);
  auto tasks = jobs ? store::load_tasks(database, job) : Result<std::vector<store::RunnableTask>>(jobs.error());
  auto failures = tasks ? store::load_failures(database, job) : Result<std::vector<store::FailedOn>>(tasks.error());
  if (!failures) {
    remember(job, true);
    spdlog::warn("job {} could not be handed to the dispatcher yet: {}", job, failures.error().message);
    return failures.error();
  }
  // Nothing: the job ended in the meantime.
  if (jobs->empty()) return {};
  dispatcher_.tell([row = std::move(jobs->front()), tasks = std::move(*tasks), failures = std::move(*failures)](
                       DispatchCore& core, std::int64_t now) { add_job(core, row, tasks, failures, now); });
  return {};
}

Result<void> JobService::load_into_dispatcher(Database& database, std::int64_t job) {
  auto const guard = lock(job);
  return load(database, job);
}

template <typename Requeue>
Result<store::Job> JobService::requeue_and_load(Database& database, std::int64_t job, std::int64_t task,
                                                Requeue requeue) {
  {
    auto const guard = lock(job);
    auto const before = store::show_job(database, job);
    if (!before) return before;
    auto const requeued = requeue();
    if (!requeued) {
      if (requeued.error().code == Errc::unavailable) remember(job, true);
      return requeued.error();
    }
    auto now = store::show_job(database, job);
    if (!now) remember(job, *requeued > 0);
    if (!now || *requeued == 0) return now ? publish(database, job) : now;
    if (!store::has_ended(before->state)) {
      // A job that is being worked on goes on as it is.
      bool const reopened = task != 0 && dispatcher_.ask([&](DispatchCore& core, std::int64_t now_ms) {
        return reopen_task(core, now->control(), task, now_ms);
      });
      if (!reopened) (void)load(database, job);
      publish_(*now);
      return now;
    }
    tell_changed(now->control());  // that it has ended is no news any more
  }
  regenerate(database, job);
  auto const guard = lock(job);
  (void)load(database, job);
  return publish(database, job);
}

Result<store::Job> JobService::requeue(Database& database, std::int64_t job, bool all) {
  return requeue_and_load(database, job, 0, [&] { return store::requeue_job(database, job, all); });
}

Result<store::Job> JobService::requeue_task(Database& database, std::int64_t job, std::int64_t task) {
  return requeue_and_load(database, job, task, [&] { return store::requeue_task(database, job, task); });
}

Result<store::Job> JobService::change_renderer(Database& database, std::int64_t job,
                                               store::JobRenderer const& renderer) {
  {
    auto const guard = lock(job);
    auto const before = store::show_job(database, job);
    if (!before) return before;
    auto const changed = store::change_job_renderer(database, job, renderer);
    if (!changed) {
      if (changed.error().code == Errc::unavailable) remember(job, true);
      return changed.error();
    }
    if (*changed && !store::has_ended(before->state)) (void)load(database, job);  // takes back what is out
    if (!*changed || !store::has_ended(before->state)) return publish(database, job);
    (void)publish(database, job);  // that it has ended is no news any more
  }
  regenerate(database, job);
  auto const guard = lock(job);
  (void)load(database, job);
  return publish(database, job);
}

// Dependent jobs of a job that ended, such as its video, are older than frames that are rendered again, or failed with
// it: they wait for them and regenerate. Done before the job itself goes to the dispatcher, so that they are known when
// it ends. A dependent job that cannot, for example because it was just cancelled, must not delay the frames.
void JobService::regenerate(Database& database, std::int64_t job) {
  auto const later = store::list_dependent_jobs(database, job, true);
  if (!later) return spdlog::warn("what is made of job {} stays as it is: {}", job, later.error().message);
  for (auto const each : *later) {
    auto const guard = lock(each);
    if (auto const requeued = store::requeue_job(database, each, true); !requeued) {
      spdlog::warn("job {} is not made anew: {}", each, requeued.error().message);
      continue;
    }
    (void)load(database, each);
    (void)publish(database, each);
  }
}

Result<void> JobService::remove(Database& database, store::Job const& job) {
  auto const guard = lock(job.id);
  if (auto const done = store::delete_job(database, job.id); !done) {
    if (done.error().code == Errc::unavailable) remember(job.id, false);
    return done;
  }
  tell_removed(job.id, store::deleted_revision, fmt::format("job {} was deleted", job.id));
  if (auto const removed = remove_job_folder(stor_, job.id); !removed)
    spdlog::error("job {} is deleted, but its folder is not: {}", job.id, removed.error().message);
  publish_job_deleted(live_, job.id, job.user);
  publish_submission(live_, job.submission != 0 ? job.submission : job.id, job.user);
  return {};
}

void JobService::cancel_gone(Database& database) {
  constexpr int at_once = 10000;
  auto const jobs = store::list_gone_jobs(database, true, at_once);
  if (!jobs) return spdlog::warn("jobs of deleted accounts wait to be cancelled: {}", jobs.error().message);
  for (auto const id : *jobs) {
    auto const done = cancel(database, id, "cancelled: its owner's account was deleted");
    if (!done && done.error().code != Errc::not_found)
      spdlog::warn("job {} of a deleted account goes on for now: {}", id, done.error().message);
  }
}

void JobService::remove_gone(Database& database) {
  cancel_gone(database);
  constexpr int at_once = 100;
  auto const jobs = store::list_gone_jobs(database, false, at_once);
  if (!jobs) return spdlog::warn("jobs of deleted accounts wait to be deleted: {}", jobs.error().message);
  for (auto const id : *jobs) {
    auto const job = store::show_job(database, id);
    if (!job && job.error().code == Errc::not_found) continue;
    auto const removed = job ? remove(database, *job) : Result<void>(job.error());
    if (!removed) spdlog::warn("job {} of a deleted account stays for now: {}", id, removed.error().message);
  }
  if (!jobs->empty()) return;
  if (auto const done = store::clear_gone_projects(database); !done)
    spdlog::warn("projects of deleted accounts stay for now: {}", done.error().message);
}

Result<std::int64_t> JobService::boost(Database& database, std::int64_t user, std::int64_t job, std::int64_t points,
                                       std::string_view key) {
  auto const guard = lock(job);
  auto moved = store::boost_job(database, user, job, points, key);
  if (!moved) return moved;
  // A failure leaves the dispatcher with an older figure until it asks for all of them, and the boost stands.
  auto const escrows = store::load_escrows(database, job);
  if (!escrows) {
    spdlog::warn("the dispatcher was not told of the boost of job {}: {}", job, escrows.error().message);
  } else if (!escrows->empty()) {  // else it has ended meanwhile
    dispatcher_.tell(
        [job, points = escrows->front().points](DispatchCore& core, std::int64_t) { set_escrow(core, job, points); });
  }
  publish_points(live_, user);
  if (auto const boosted = store::show_job(database, job)) publish_(*boosted);
  return moved;
}

Result<void> JobService::move_to_shot(Database& database, std::int64_t shot, std::int64_t job) {
  auto const guard = lock(job);
  return store::add_job_to_shot(database, shot, job);
}

Result<store::Blocked> JobService::block_user(Database& database, std::int64_t administrator, std::int64_t user,
                                              std::string_view reason) {
  auto blocked = store::block_user(database, administrator, user, reason);
  if (!blocked) return blocked;
  for (auto const job : blocked->jobs) {
    auto const guard = lock(job);
    (void)publish(database, job);
  }
  return blocked;
}

Result<void> JobService::remove_renderer(Database& database, std::int64_t administrator, std::int64_t renderer,
                                         bool pause_jobs) {
  auto const paused = store::delete_renderer(database, administrator, renderer, pause_jobs);
  if (!paused) return paused.error();
  for (auto const job : *paused) {
    auto const guard = lock(job);
    (void)publish(database, job);
  }
  return {};
}

void JobService::catch_up(Database& database) {
  std::map<std::int64_t, bool> untold;
  {
    std::lock_guard const guard(untold_mutex_);
    untold.swap(untold_);
  }
  // The later ones first: when the one that they wait for is finished, the dispatcher knows them.
  for (auto one = untold.rbegin(); one != untold.rend(); ++one) {
    auto const guard = lock(one->first);
    if (one->second) (void)load(database, one->first);
    (void)publish(database, one->first);
  }
}

}  // namespace distren

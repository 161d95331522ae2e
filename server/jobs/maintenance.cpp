#include "server/jobs/maintenance.h"

#include <spdlog/spdlog.h>

#include <mutex>
#include <system_error>
#include <vector>

#include "server/storage/job_folder.h"
#include "server/storage/staged_results.h"
#include "server/store/administration.h"
#include "server/store/jobs.h"
#include "server/store/journal.h"
#include "server/store/statistics.h"
#include "server/store/users.h"

namespace distren {

namespace {

constexpr std::int64_t blob_age_s = 7 * 24 * 3600;  // an upload waits this long for its job
constexpr int blobs_at_once = 200;

void sweep_blobs(Services& services, Database& database) {
  std::unique_lock const lock(services.blob_sweep);
  auto const unused = store::take_unused_blobs(database, blob_age_s, blobs_at_once);
  if (!unused) {
    spdlog::warn("unused blobs could not be asked for: {}", unused.error().message);
    return;
  }
  for (auto const& sha256 : *unused) {
    if (auto const removed = services.blobs.remove(sha256); !removed) spdlog::warn("{}", removed.error().message);
  }
  if (!unused->empty()) spdlog::info("removed {} unused blobs", unused->size());
}

void load_the_unloaded(Services& services, Database& database) {
  std::vector<std::int64_t> jobs;
  {
    std::lock_guard const lock(services.unloaded_mutex);
    jobs.assign(services.unloaded_jobs.begin(), services.unloaded_jobs.end());
    services.unloaded_jobs.clear();
  }
  for (auto const job : jobs) {
    if (auto const loaded = hand_to_dispatcher(services, database, job); !loaded) {
      spdlog::warn("job {} still waits for the dispatcher: {}", job, loaded.error().message);
    }
  }
}

void write_telemetry(Services& services, Database& database) {
  auto hours = services.telemetry.take_hours(services.now_ms(), false);
  if (hours.empty()) return;
  if (auto const done = store::write_telemetry(database, hours); !done) {
    spdlog::warn("telemetry of {} hours waits for the database: {}", hours.size(), done.error().message);
    services.telemetry.put_back(std::move(hours));
  }
}

// What there is now, once a minute: the grid and everybody who has something in it.
void sample_statistics(Services& services, Database& database) {
  if (auto const done = store::sample_statistics(database, services.dispatcher.users_live()); !done)
    spdlog::warn("the statistics of this minute are lost: {}", done.error().message);
  if (auto const rolled = store::roll_statistics(database); !rolled)
    spdlog::warn("statistics of days wait for the next minute: {}", rolled.error().message);
}

constexpr std::int64_t events_kept = 200000;

// What was set by another way than this server's own is in force within a minute.
void look_after_settings_and_events(Services& services, Database& database) {
  if (auto kept = store::list_settings(database); kept)
    services.runtime.take(std::move(*kept));
  else
    spdlog::warn("settings could not be read: {}", kept.error().message);
  if (auto const done = store::trim_events(database, events_kept); !done)
    spdlog::warn("old events stay for now: {}", done.error().message);
}

// Whoever may not read any more hears no more.
void check_streams(Services& services, Database& database) {
  for (auto const& session : services.live.sessions()) {
    bool over = false;
    if (session.by_token) {
      auto const token = store::find_token(database, session.secret_hash);
      over = token ? session.by_role && token->user.role == store::Role::user : token.error().code == Errc::not_found;
    } else {
      auto const user = store::find_session(database, session.secret_hash);
      over = user ? session.by_role && user->role == store::Role::user : user.error().code == Errc::not_found;
    }
    if (over) services.live.end_session(session.secret_hash);
  }
}

}  // namespace

Result<void> hand_to_dispatcher(Services& services, Database& database, std::int64_t job) {
  auto jobs = store::load_jobs(database, job);
  auto tasks = jobs ? store::load_tasks(database, job) : Result<std::vector<store::RunnableTask>>(jobs.error());
  auto failures = tasks ? store::load_failures(database, job) : Result<std::vector<store::FailedOn>>(tasks.error());
  if (!failures) {
    std::lock_guard const lock(services.unloaded_mutex);
    services.unloaded_jobs.insert(job);
    return failures.error();
  }
  // Nothing: the job ended in the meantime.
  if (!jobs->empty()) services.dispatcher.add_job(std::move(jobs->front()), std::move(*tasks), std::move(*failures));
  return {};
}

void run_maintenance(Services& services, Database& database) {
  load_the_unloaded(services, database);
  if (int const removed = services.uploads.sweep(); removed > 0) spdlog::info("removed {} expired uploads", removed);
  if (auto const done = finish_staged_results(database, services.results.staged()); !done)
    spdlog::warn("staged images wait for the database: {}", done.error().message);
  sweep_blobs(services, database);
  write_telemetry(services, database);
  sample_statistics(services, database);
  look_after_settings_and_events(services, database);
  check_streams(services, database);
}

Result<void> restore_job_folders(Database& database, BlobStore const& blobs, std::filesystem::path const& stor) {
  sweep_removed_jobs(stor);
  auto const jobs = store::load_jobs(database);
  if (!jobs) return jobs.error();
  for (auto const& job : *jobs) {
    std::error_code error;
    if (std::filesystem::exists(output_folder(stor, job.id), error)) continue;
    auto const files = store::list_job_files(database, job.id);
    if (!files) return files.error();
    if (auto placed = place_job_files(stor, job.id, blobs, *files); !placed) return placed;
    spdlog::info("made the folder of job {} again", job.id);
  }
  return {};
}

}  // namespace distren

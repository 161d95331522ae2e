#include "server/jobs/maintenance.h"

#include <spdlog/spdlog.h>

#include <mutex>
#include <system_error>
#include <vector>

#include "server/dispatch/status.h"
#include "server/jobs/submission_writer.h"
#include "server/storage/job_folder.h"
#include "server/storage/staged_results.h"
#include "server/store/administration.h"
#include "server/store/jobs.h"
#include "server/store/journal.h"
#include "server/store/operations.h"
#include "server/store/requests.h"
#include "server/store/statistics.h"
#include "server/store/users.h"

namespace distren {

namespace {

constexpr std::int64_t blob_age_s = 7 * 24 * 3600;  // an upload waits this long for its job
constexpr int blobs_at_once = 200;

void sweep_blobs(MaintenanceParts const& parts, Database& database) {
  std::unique_lock const lock(parts.blob_sweep);
  auto const unused = store::delete_unused_blobs(database, blob_age_s, blobs_at_once);
  if (!unused) {
    spdlog::warn("unused blobs could not be asked for: {}", unused.error().message);
    return;
  }
  for (auto const& sha256 : *unused) {
    if (auto const removed = parts.blobs.remove(sha256); !removed) spdlog::warn("{}", removed.error().message);
  }
  if (!unused->empty()) spdlog::info("removed {} unused blobs", unused->size());
}

void write_telemetry(MaintenanceParts const& parts, Database& database) {
  auto hours = parts.telemetry.take_hours(parts.now_ms(), false);
  if (hours.empty()) return;
  if (auto const done = store::write_telemetry(database, hours); !done) {
    spdlog::warn("telemetry of {} hours waits for the database: {}", hours.size(), done.error().message);
    parts.telemetry.put_back(std::move(hours));
  }
}

// Samples the present state once a minute: of the grid and of each user in it.
void sample_statistics(MaintenanceParts const& parts, Database& database) {
  auto const users = parts.dispatcher.ask([](DispatchCore const& core, std::int64_t) { return user_statuses(core); });
  if (auto const done = store::sample_statistics(database, users); !done)
    spdlog::warn("the statistics of this minute are lost: {}", done.error().message);
  if (auto const rolled = store::roll_statistics(database); !rolled)
    spdlog::warn("statistics of days wait for the next minute: {}", rolled.error().message);
}

constexpr std::int64_t events_kept = 200000;

// What was set by another way than this server's own is in force within a minute.
void look_after_settings_and_events(MaintenanceParts const& parts, Database& database) {
  if (auto kept = store::list_settings(database); kept)
    parts.runtime.take(std::move(*kept));
  else
    spdlog::warn("settings could not be read: {}", kept.error().message);
  if (auto const done = store::trim_idempotent(database); !done)
    spdlog::warn("kept answers stay for now: {}", done.error().message);
  if (auto const done = store::trim_operations(database); !done)
    spdlog::warn("old operations stay for now: {}", done.error().message);
  if (auto const done = store::trim_activity(database, events_kept); !done)
    spdlog::warn("old events stay for now: {}", done.error().message);
}

// Ends the streams of those who may no longer read.
// Gone, or of somebody who was blocked.
bool is_over(Error const& login) {
  return login.code == Errc::not_found || login.code == Errc::denied;
}

void check_streams(MaintenanceParts const& parts, Database& database) {
  for (auto const& session : parts.live.sessions()) {
    bool over = false;
    if (session.by_token) {
      auto const token = store::find_token(database, session.secret_hash);
      over = token ? !token->expired_at.empty() || (session.by_role && token->user.role == store::Role::user)
                   : is_over(token.error());
    } else {
      auto const user = store::find_session(database, session.secret_hash);
      over = user ? session.by_role && user->role == store::Role::user : is_over(user.error());
    }
    if (over) parts.live.end_session(session.secret_hash);
  }
}

}  // namespace

void run_maintenance(MaintenanceParts const& parts, Database& database) {
  parts.jobs.catch_up(database);
  parts.jobs.remove_gone(database);
  sweep_submissions(database, parts.stor, submission_patience_s);
  if (int const removed = parts.uploads.sweep(); removed > 0) spdlog::info("removed {} expired uploads", removed);
  if (auto const done = finish_staged_results(database, parts.staged); !done)
    spdlog::warn("staged images wait for the database: {}", done.error().message);
  sweep_blobs(parts, database);
  write_telemetry(parts, database);
  sample_statistics(parts, database);
  look_after_settings_and_events(parts, database);
  check_streams(parts, database);
}

Result<void> restore_job_folders(Database& database, BlobStore const& blobs, std::filesystem::path const& stor) {
  sweep_removed_jobs(stor);
  sweep_submissions(database, stor, 0);
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

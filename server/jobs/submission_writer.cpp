#include "server/jobs/submission_writer.h"

#include <spdlog/spdlog.h>

#include <optional>

#include "server/storage/job_folder.h"

namespace distren {

namespace {

// Folders first: a row is what the next sweep finds them by.
void give_up(Database& database, std::filesystem::path const& stor, std::int64_t submission,
             std::vector<std::int64_t> const& jobs) {
  for (std::int64_t const job : jobs) {
    if (auto const removed = remove_job_folder(stor, job); !removed) {
      spdlog::error("submission {} is swept later: {}", submission, removed.error().message);
      return;
    }
  }
  if (auto const done = store::delete_submission(database, submission); !done)
    spdlog::error("submission {} is swept later: {}", submission, done.error().message);
}

}  // namespace

Result<WrittenSubmission> write_submission(Database& database, BlobStore const& blobs,
                                           std::filesystem::path const& stor, store::NewSubmission const& submission) {
  auto const created = store::create_submission(database, submission);
  if (!created) return created.error();
  WrittenSubmission written;
  for (auto const& each : *created) written.jobs.push_back(each.job);
  std::int64_t const first = written.jobs.front();

  std::optional<Error> failed;
  for (std::size_t i = 0; i < created->size() && !failed; ++i) {
    if (auto const added = store::add_submission_tasks(database, submission.jobs[i], (*created)[i]); !added)
      failed = added.error();
  }
  bool no_room = false;
  for (std::size_t i = 0; i < created->size() && !failed && !no_room; ++i) {
    auto const placed = place_job_files(stor, written.jobs[i], blobs, submission.jobs[i].files);
    if (placed) continue;
    spdlog::error("job {}: {}", written.jobs[i], placed.error().message);
    no_room = true;
  }
  if (!failed && !no_room) {
    auto const shown = store::complete_submission(database, first, submission.sequence, submission.shot);
    if (shown) return written;
    if (shown.error().code == Errc::unavailable) {
      written.uncertain = shown.error();
      return written;
    }
    failed = shown.error();
  }
  give_up(database, stor, first, written.jobs);
  if (failed) return *failed;
  return WrittenSubmission{};
}

void sweep_submissions(Database& database, std::filesystem::path const& stor, std::int64_t age_s) {
  auto const abandoned = store::list_abandoned_jobs(database, age_s);
  if (!abandoned) {
    spdlog::warn("submissions that were never completed stay for now: {}", abandoned.error().message);
    return;
  }
  for (auto at = abandoned->begin(); at != abandoned->end();) {
    std::int64_t const submission = at->submission;
    std::vector<std::int64_t> jobs;
    for (; at != abandoned->end() && at->submission == submission; ++at) jobs.push_back(at->job);
    give_up(database, stor, submission, jobs);
    spdlog::info("removed submission {} of {} jobs, which was never completed", submission, jobs.size());
  }
}

}  // namespace distren

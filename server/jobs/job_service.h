// The only place that changes a job: the database first, then the dispatcher, then the open pages, in that order and
// for one job at a time. What is told after a change is what its row says then, with its revision, so that the
// dispatcher can tell a stale reading from a new one. When the row cannot be read after a change, because the database
// failed in between, catch_up() publishes it later. Errors: not_found and conflict of the procedures, unavailable.
// Any thread, each with a database connection of its own.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"
#include "server/dispatch/dispatcher.h"
#include "server/live/event_broker.h"
#include "server/storage/blob_store.h"
#include "server/store/administration.h"
#include "server/store/jobs.h"

namespace distren {

class JobService {
public:
  using Publish = std::function<void(store::Job const& job)>;  // to the open pages

  JobService(Dispatcher& dispatcher, EventBroker& live, std::filesystem::path const& stor, Publish publish);

  // All of it or nothing; the numbers of its jobs, in order; none when the disk takes no files of theirs.
  Result<std::vector<std::int64_t>> submit(Database& database, BlobStore const& blobs,
                                           store::NewSubmission const& submission);
  // Each answers with the job as it is then. pause, resume and approve change nothing when it is so already.
  // paused_by: owner or moderator.
  Result<store::Job> pause(Database& database, std::int64_t job, std::string_view reason, std::string_view paused_by);
  Result<store::Job> resume(Database& database, std::int64_t job);
  Result<store::Job> approve(Database& database, std::int64_t job);
  Result<store::Job> change(Database& database, std::int64_t job, std::optional<std::string_view> name,
                            std::optional<int> priority);
  // With those that are made of its output; they go first, so that nothing is left waiting.
  Result<store::Job> cancel(Database& database, std::int64_t job, std::string_view reason);
  // Its failed frames once more, with `all` the accepted ones, too. What is made of the output of a job that ended is
  // made anew, after them.
  Result<store::Job> requeue(Database& database, std::int64_t job, bool all);
  Result<store::Job> requeue_task(Database& database, std::int64_t job, std::int64_t task);
  // All its frames are rendered again, by another version or build, and what was made of them anew; none when it is the
  // same.
  Result<store::Job> change_renderer(Database& database, std::int64_t job, store::JobRenderer const& renderer);
  // Its row, its files and its place on the pages. conflict: it has not ended.
  Result<void> remove(Database& database, store::Job const& job);
  // The jobs of accounts that were deleted, so that none is rendered from now on.
  void cancel_gone(Database& database);
  // Cancels them and deletes some; what is left is for the next call.
  void remove_gone(Database& database);

  // Points of its owner into its boost; the same key moves them once. Returns the transaction.
  Result<std::int64_t> boost(Database& database, std::int64_t user, std::int64_t job, std::int64_t points,
                             std::string_view key);
  // Into a shot of its project; 0: out of the one that it is in.
  Result<void> move_to_shot(Database& database, std::int64_t shot, std::int64_t job);
  // Blocks a user; their active jobs are paused. The caller disconnects the returned slaves.
  Result<store::Blocked> block_user(Database& database, std::int64_t administrator, std::int64_t user,
                                    std::string_view reason);

  // No longer delivered. pause_jobs: unfinished jobs that are pinned to it are paused, else they are a conflict.
  Result<void> remove_renderer(Database& database, std::int64_t administrator, std::int64_t renderer, bool pause_jobs);

  // Reads a job with its unfinished tasks and gives it to the dispatcher. unavailable: catch_up() does it.
  Result<void> load_into_dispatcher(Database& database, std::int64_t job);
  // Publishes what failed to reach the dispatcher; called about once a minute.
  void catch_up(Database& database);

private:
  using Lock = std::unique_lock<std::mutex>;
  template <typename Change>
  Result<store::Job> change_and_tell(Database& database, std::int64_t job, Change change);
  Result<store::Job> publish(Database& database, std::int64_t job);
  void tell_removed(std::int64_t job, std::int64_t revision, std::string reason);
  void tell_changed(store::JobControl control);
  Result<void> load(Database& database, std::int64_t job);
  template <typename Requeue>
  Result<store::Job> requeue_and_load(Database& database, std::int64_t job, std::int64_t task, Requeue requeue);
  void regenerate(Database& database, std::int64_t job);
  [[nodiscard]] Lock lock(std::int64_t job);
  void remember(std::int64_t job, bool with_tasks);

  Dispatcher& dispatcher_;
  EventBroker& live_;
  std::filesystem::path const& stor_;
  Publish publish_;
  // From the change in the database to the word to the dispatcher. Jobs share them by number; no thread holds two.
  std::array<std::mutex, 64> locks_;
  std::mutex untold_mutex_;                // guards untold_
  std::map<std::int64_t, bool> untold_{};  // job -> its tasks are to be read, too
};

}  // namespace distren

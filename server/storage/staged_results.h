// Images of results between their check and the database's verdict: stor/staged/JOB.TASK.ATTEMPT. Nothing under its
// final name in output/ changes through a result that is not accepted; what is accepted is durable before its row is.
// Life: stage() before the row is written, settle() after the verdict renames or deletes. A reader whose row says
// "accepted" a moment before the rename calls place() first. What a kill left is asked of the database again
// (finish_staged_results): at the start, and each minute until it is an hour old. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren {

struct StagedImage {
  std::int64_t job = 0;
  std::int64_t task = 0;
  std::int64_t attempt = 0;
  std::string name{};  // below output/
  std::string sha256{};
};

class StagedResults {
public:
  // clock: UNIX seconds.
  StagedResults(std::filesystem::path stor, std::function<std::int64_t()> clock);
  Result<void> open();  // makes the folder, finds what a kill left; before the rest

  // Moves a synced file here, durably. unavailable: the disk is full or broken.
  Result<void> stage(StagedImage image, std::filesystem::path const& file);
  // The verdict is durable. Unknown attempts are ignored. Never waits for the disk to sync.
  void settle(std::int64_t attempt, bool accepted);
  // The row says that this image is the result of its task: after this it is below output/, if it was staged.
  void place(std::int64_t job, std::string_view name, std::string_view sha256);

  // What is here without anybody who waits for a verdict: name and digest are not known.
  [[nodiscard]] std::vector<StagedImage> left_over() const;
  // The state in the database of one of those. An empty name: it is not accepted (yet).
  void resolve(StagedImage const& left, std::string const& accepted_name);

private:
  struct Left {
    StagedImage image;
    std::int64_t since = 0;  // UNIX seconds
  };
  [[nodiscard]] std::filesystem::path file_of(StagedImage const& image) const;
  bool move(StagedImage const& image);  // into place; false: not now

  std::filesystem::path const stor_;
  std::function<std::int64_t()> const clock_;
  mutable std::mutex mutex_;                                                   // guards all below, and what is renamed
  std::map<std::int64_t, StagedImage> waiting_;                                // by attempt
  std::multimap<std::pair<std::int64_t, std::string>, std::int64_t> by_name_;  // job, name -> attempt
  std::map<std::int64_t, Left> left_;                                          // by attempt
};

// Asks the database about what is left over, places what it has accepted and deletes what is too old to become so.
Result<void> finish_staged_results(Database& database, StagedResults& staged);

}  // namespace distren

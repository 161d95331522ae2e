// Images of results between their check and the database's verdict: stor/staged/JOB.TASK.ATTEMPT, and .1, .2 ... for
// the files after the first. Nothing under its final name in output/ changes through a result that is not accepted;
// what is accepted is durable before its row is. All files of an attempt share its verdict. Life: stage() before the
// row is written, settle() after the verdict renames or deletes. A reader whose row says "accepted" a moment before the
// rename calls place() first. What a kill left is asked of the database again (finish_staged_results): at the start,
// and each minute until it is an hour old. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren {

struct StagedFile {
  std::string name{};  // below output/
  std::string sha256{};
};

struct StagedResult {
  std::int64_t job = 0;
  std::int64_t task = 0;
  std::int64_t attempt = 0;
  std::vector<StagedFile> files{};  // by their numbers, the first image in front
};

class StagedResults {
public:
  // clock: UNIX seconds.
  StagedResults(std::filesystem::path stor, std::function<std::int64_t()> clock);
  Result<void> open();  // makes the folder, finds what a kill left; before the rest

  // Moves synced files, one for each of result.files, here, durably. unavailable: the disk is full or broken; conflict:
  // a result of another task that waits here has a file of the same name. Then none is here.
  Result<void> stage(StagedResult result, std::vector<std::filesystem::path> const& files);
  // The verdict is durable. Unknown attempts are ignored. Never waits for the disk to sync.
  void settle(std::int64_t attempt, bool accepted);
  // The row says that this is a file of the result of its task: after this it is below output/, if it was staged.
  void place(std::int64_t job, std::string_view name, std::string_view sha256);

  // What is here without anybody who waits for a verdict: names and digests are not known.
  [[nodiscard]] std::vector<StagedResult> left_over() const;
  // The state in the database of one of those: the names of its files by number. None: it is not accepted (yet).
  void resolve(StagedResult const& left, std::vector<std::string> const& accepted_names);

private:
  struct Left {
    StagedResult result;
    std::set<std::size_t> numbers{};  // of the files that are here
    std::int64_t since = 0;           // UNIX seconds
  };
  struct Place {
    std::int64_t attempt = 0;
    std::size_t number = 0;
  };
  [[nodiscard]] std::filesystem::path file_of(StagedResult const& result, std::size_t number) const;
  Result<void> reserve(StagedResult const& result);
  Result<void> move_here(StagedResult const& result, std::vector<std::filesystem::path> const& files);
  bool move(StagedResult const& result, std::size_t number, std::string const& name);  // into place; false: not now
  bool move_all(StagedResult const& result);
  void forget_names(StagedResult const& result);

  std::filesystem::path const stor_;
  std::function<std::int64_t()> const clock_;
  mutable std::mutex mutex_;                                            // guards all below, and what is renamed
  std::map<std::int64_t, StagedResult> waiting_;                        // by attempt
  std::multimap<std::pair<std::int64_t, std::string>, Place> by_name_;  // job, name
  std::map<std::int64_t, Left> left_;                                   // by attempt
};

// Asks the database about what is left over, places what it has accepted and deletes what is too old to become so.
Result<void> finish_staged_results(Database& database, StagedResults& staged);

}  // namespace distren

#include "server/storage/staged_results.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <system_error>

#include "common/base/files.h"
#include "server/storage/job_folder.h"
#include "server/store/journal.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

// A statement that outlived its server's connection may still commit; after an hour none does.
constexpr std::int64_t left_over_s = 3600;

// JOB.TASK.ATTEMPT, or JOB.TASK.ATTEMPT.NUMBER; nothing: some other file.
std::optional<std::vector<std::int64_t>> parse_name(std::string const& text) {
  std::vector<std::int64_t> numbers;
  char const* at = text.data();
  char const* const end = at + text.size();
  for (;;) {
    auto const [next, error] = std::from_chars(at, end, numbers.emplace_back());
    if (error != std::errc{} || numbers.back() < 0) return std::nullopt;
    if (next == end) break;
    if (*next != '.' || numbers.size() == 4) return std::nullopt;
    at = next + 1;
  }
  if (numbers.size() == 3) numbers.push_back(0);
  return numbers.size() == 4 ? std::optional(numbers) : std::nullopt;
}

}  // namespace

StagedResults::StagedResults(fs::path stor, std::function<std::int64_t()> clock)
    : stor_(std::move(stor)), clock_(std::move(clock)) {}

fs::path StagedResults::file_of(StagedResult const& result, std::size_t number) const {
  auto name = fmt::format("{}.{}.{}", result.job, result.task, result.attempt);
  if (number > 0) name += fmt::format(".{}", number);
  return stor_ / "staged" / name;
}

Result<void> StagedResults::open() {
  std::error_code error;
  fs::create_directories(stor_ / "staged", error);
  if (error)
    return fail(Errc::unavailable,
                fmt::format("cannot make the folder {}: {}", (stor_ / "staged").string(), error.message()));
  std::lock_guard const lock(mutex_);
  for (auto const& file : fs::directory_iterator(stor_ / "staged", error)) {
    auto const numbers = parse_name(file.path().filename().string());
    if (!numbers) {
      ::unlink(file.path().c_str());
      continue;
    }
    auto& left = left_[numbers->at(2)];
    left.result = {.job = numbers->at(0), .task = numbers->at(1), .attempt = numbers->at(2)};
    left.numbers.insert(static_cast<std::size_t>(numbers->at(3)));
    left.since = clock_();
  }
  if (error)
    return fail(Errc::unavailable,
                fmt::format("cannot read the folder {}: {}", (stor_ / "staged").string(), error.message()));
  return sync_folder(stor_);
}

Result<void> StagedResults::move_here(StagedResult const& result, std::vector<fs::path> const& files) {
  for (std::size_t number = 0; number < files.size(); ++number)
    if (::rename(files[number].c_str(), file_of(result, number).c_str()) != 0)
      return fail(Errc::unavailable,
                  fmt::format("cannot rename {} to {}: {}", files[number].string(), file_of(result, number).string(),
                              std::error_code(errno, std::generic_category()).message()));
  return sync_folder(stor_ / "staged");
}

Result<void> StagedResults::stage(StagedResult result, std::vector<fs::path> const& files) {
  if (auto const reserved = reserve(result); !reserved) return reserved;
  auto moved = move_here(result, files);
  if (moved) return {};
  std::lock_guard const lock(mutex_);  // renamed, and not durable: not relied upon
  for (std::size_t number = 0; number < files.size(); ++number) ::unlink(file_of(result, number).c_str());
  forget_names(result);
  waiting_.erase(result.attempt);
  return moved;
}

// Nobody settles or places it before its row is written, so the files may arrive without the lock.
Result<void> StagedResults::reserve(StagedResult const& result) {
  std::lock_guard const lock(mutex_);
  for (auto const& file : result.files) {
    auto const [first, last] = by_name_.equal_range(std::pair{result.job, file.name});
    for (auto each = first; each != last; ++each)
      if (waiting_.at(each->second.attempt).task != result.task)
        return fail(Errc::conflict, fmt::format("another frame of the job has a file '{}'", file.name));
  }
  left_.erase(result.attempt);  // of a try before a restart; these files take its place
  for (std::size_t number = 0; number < result.files.size(); ++number)
    by_name_.emplace(std::pair{result.job, result.files[number].name}, Place{result.attempt, number});
  waiting_.insert_or_assign(result.attempt, result);
  return {};
}

bool StagedResults::move(StagedResult const& result, std::size_t number, std::string const& name) {
  auto const from = file_of(result, number);
  auto const to = output_folder(stor_, result.job) / name;
  std::error_code ignored, unmade;
  if (name.find('/') != std::string::npos && fs::is_directory(output_folder(stor_, result.job), ignored))
    fs::create_directories(to.parent_path(), unmade);
  if (::rename(from.c_str(), to.c_str()) == 0) return true;
  std::error_code const error(errno, std::generic_category());
  if (!fs::exists(from, ignored)) return true;
  if (!fs::exists(job_folder(stor_, result.job), ignored)) {  // deleted in the meantime
    ::unlink(from.c_str());
    return true;
  }
  // A folder where the file belongs, or a file where its folder does: other files of the job have taken the name.
  if (error == std::errc::is_a_directory || unmade == std::errc::not_a_directory || unmade == std::errc::file_exists) {
    spdlog::error("storage: {} of job {} is dropped: {}", name, result.job, error.message());
    ::unlink(from.c_str());
    return true;
  }
  spdlog::error("storage: {} of job {} waits in {}: {}", name, result.job, from.string(), error.message());
  return false;
}

// The first image last: where it is, the others are.
bool StagedResults::move_all(StagedResult const& result) {
  bool all = true;
  for (auto number = result.files.size(); number-- > 0;) all = move(result, number, result.files[number].name) && all;
  return all;
}

void StagedResults::forget_names(StagedResult const& result) {
  for (auto const& file : result.files) {
    auto const [first, last] = by_name_.equal_range(std::pair{result.job, file.name});
    for (auto each = first; each != last; ++each) {
      if (each->second.attempt != result.attempt) continue;
      by_name_.erase(each);
      break;
    }
  }
}

void StagedResults::settle(std::int64_t attempt, bool accepted) {
  std::lock_guard const lock(mutex_);
  auto const found = waiting_.extract(attempt);
  if (found.empty()) return;
  StagedResult const& result = found.mapped();
  forget_names(result);
  if (!accepted) {
    for (std::size_t number = 0; number < result.files.size(); ++number) ::unlink(file_of(result, number).c_str());
  } else if (!move_all(result)) {  // asked again each minute
    Left left{.result = result, .since = clock_()};
    for (std::size_t number = 0; number < result.files.size(); ++number) left.numbers.insert(number);
    left_[attempt] = std::move(left);
  }
}

void StagedResults::place(std::int64_t job, std::string_view name, std::string_view sha256) {
  std::lock_guard const lock(mutex_);
  if (by_name_.empty()) return;
  auto const [first, last] = by_name_.equal_range(std::pair{job, std::string(name)});
  for (auto each = first; each != last; ++each) {
    auto const& result = waiting_.at(each->second.attempt);
    auto const& file = result.files.at(each->second.number);
    if (file.sha256 == sha256) move(result, each->second.number, file.name);  // settle() accepts that it is missing
  }
}

std::vector<StagedResult> StagedResults::left_over() const {
  std::lock_guard const lock(mutex_);
  std::vector<StagedResult> results;
  results.reserve(left_.size());
  for (auto const& [attempt, left] : left_) results.push_back(left.result);
  return results;
}

void StagedResults::resolve(StagedResult const& left, std::vector<std::string> const& accepted_names) {
  std::lock_guard const lock(mutex_);
  auto const found = left_.find(left.attempt);
  if (found == left_.end()) return;
  StagedResult const& result = found->second.result;
  bool const accepted = !accepted_names.empty();
  if (!accepted && clock_() - found->second.since < left_over_s) return;
  bool done = true;
  for (auto const number : found->second.numbers) {
    if (accepted && number < accepted_names.size() && !accepted_names[number].empty())
      done = move(result, number, accepted_names[number]) && done;
    else
      ::unlink(file_of(result, number).c_str());
  }
  if (done) left_.erase(found);
}

Result<void> finish_staged_results(Database& database, StagedResults& staged) {
  auto const left = staged.left_over();
  if (left.empty()) return {};
  std::vector<store::TaskAttempt> asked;
  asked.reserve(left.size());
  for (StagedResult const& result : left) asked.push_back({result.task, result.attempt});
  auto const accepted = store::find_accepted_outputs(database, asked);
  if (!accepted) return accepted.error();
  for (StagedResult const& result : left) {
    auto const found = accepted->find(result.attempt);
    staged.resolve(result, found == accepted->end() ? std::vector<std::string>() : found->second);
  }
  spdlog::info("storage: {} results were staged when the server ended, {} of them are accepted", left.size(),
               accepted->size());
  return {};
}

}  // namespace distren

#include "server/storage/staged_results.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
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

std::optional<StagedImage> parse_name(std::string const& text) {
  std::array<std::int64_t, 3> number{};
  char const* at = text.data();
  char const* const end = at + text.size();
  for (std::size_t i = 0; i < number.size(); ++i) {
    auto const [next, error] = std::from_chars(at, end, number[i]);
    bool const last = i + 1 == number.size();
    if (error != std::errc{} || (last ? next != end : next == end || *next != '.')) return std::nullopt;
    at = next + 1;
  }
  return StagedImage{.job = number[0], .task = number[1], .attempt = number[2]};
}

}  // namespace

StagedResults::StagedResults(fs::path stor, std::function<std::int64_t()> clock)
    : stor_(std::move(stor)), clock_(std::move(clock)) {}

fs::path StagedResults::file_of(StagedImage const& image) const {
  return stor_ / "staged" / fmt::format("{}.{}.{}", image.job, image.task, image.attempt);
}

Result<void> StagedResults::open() {
  std::error_code error;
  fs::create_directories(stor_ / "staged", error);
  if (error)
    return fail(Errc::unavailable,
                fmt::format("cannot make the folder {}: {}", (stor_ / "staged").string(), error.message()));
  std::lock_guard const lock(mutex_);
  for (auto const& file : fs::directory_iterator(stor_ / "staged", error)) {
    if (auto image = parse_name(file.path().filename().string()))
      left_[image->attempt] = {std::move(*image), clock_()};
    else
      ::unlink(file.path().c_str());
  }
  if (error)
    return fail(Errc::unavailable,
                fmt::format("cannot read the folder {}: {}", (stor_ / "staged").string(), error.message()));
  return sync_folder(stor_);
}

Result<void> StagedResults::stage(StagedImage image, fs::path const& file) {
  auto const target = file_of(image);
  if (auto moved = rename_durably(file, target); !moved) {
    ::unlink(target.c_str());  // renamed, and not durable: not relied upon
    return moved;
  }
  std::lock_guard const lock(mutex_);
  left_.erase(image.attempt);  // of a try before a restart; this file has taken its place
  by_name_.emplace(std::pair{image.job, image.name}, image.attempt);
  waiting_.insert_or_assign(image.attempt, std::move(image));
  return {};
}

bool StagedResults::move(StagedImage const& image) {
  auto const from = file_of(image);
  if (::rename(from.c_str(), (output_folder(stor_, image.job) / image.name).c_str()) == 0) return true;
  std::error_code const error(errno, std::generic_category());
  std::error_code ignored;
  if (!fs::exists(from, ignored)) return true;
  if (!fs::exists(job_folder(stor_, image.job), ignored)) {  // deleted in the meantime
    ::unlink(from.c_str());
    return true;
  }
  spdlog::error("storage: {} of job {} waits in {}: {}", image.name, image.job, from.string(), error.message());
  return false;
}

void StagedResults::settle(std::int64_t attempt, bool accepted) {
  std::lock_guard const lock(mutex_);
  auto const found = waiting_.extract(attempt);
  if (found.empty()) return;
  StagedImage const& image = found.mapped();
  auto const [first, last] = by_name_.equal_range(std::pair{image.job, image.name});
  for (auto each = first; each != last; ++each) {
    if (each->second != attempt) continue;
    by_name_.erase(each);
    break;
  }
  if (!accepted)
    ::unlink(file_of(image).c_str());
  else if (!move(image))
    left_[attempt] = {image, clock_()};  // asked again each minute
}

void StagedResults::place(std::int64_t job, std::string_view name, std::string_view sha256) {
  std::lock_guard const lock(mutex_);
  if (by_name_.empty()) return;
  auto const [first, last] = by_name_.equal_range(std::pair{job, std::string(name)});
  for (auto each = first; each != last; ++each) {
    auto const& image = waiting_.at(each->second);
    if (image.sha256 == sha256) move(image);  // settle() accepts that it is missing
  }
}

std::vector<StagedImage> StagedResults::left_over() const {
  std::lock_guard const lock(mutex_);
  std::vector<StagedImage> images;
  images.reserve(left_.size());
  for (auto const& [attempt, left] : left_) images.push_back(left.image);
  return images;
}

void StagedResults::resolve(StagedImage const& left, std::string const& accepted_name) {
  std::lock_guard const lock(mutex_);
  auto const found = left_.find(left.attempt);
  if (found == left_.end()) return;
  StagedImage image = found->second.image;
  bool done = false;
  if (!accepted_name.empty()) {
    image.name = accepted_name;
    done = move(image);
  } else if (clock_() - found->second.since >= left_over_s) {
    ::unlink(file_of(image).c_str());
    done = true;
  }
  if (done) left_.erase(found);
}

Result<void> finish_staged_results(Database& database, StagedResults& staged) {
  auto const left = staged.left_over();
  if (left.empty()) return {};
  std::vector<store::TaskAttempt> asked;
  asked.reserve(left.size());
  for (StagedImage const& image : left) asked.push_back({image.task, image.attempt});
  auto const accepted = store::find_accepted_outputs(database, asked);
  if (!accepted) return accepted.error();
  for (StagedImage const& image : left) {
    auto const found = accepted->find(image.attempt);
    staged.resolve(image, found == accepted->end() ? std::string() : found->second);
  }
  spdlog::info("storage: {} images were staged when the server ended, {} of them are accepted", left.size(),
               accepted->size());
  return {};
}

}  // namespace distren

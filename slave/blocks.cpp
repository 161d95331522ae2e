#include "slave/blocks.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/protocol/codec.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t max_name_length = 64;
constexpr std::size_t longest_file = 256U << 10;
constexpr std::pair<char const*, char const*> names_of_0_1[] = {
    {"users", "user_names"}, {"projects", "project_ids"}, {"jobs", "job_ids"}};

std::optional<std::int64_t> number_in(std::string const& text) {
  std::int64_t value = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

BlockList::BlockList(std::filesystem::path const& state) : file_(state / "blocks.json") {
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) return;
  auto const text = std::filesystem::file_size(file_, error) <= longest_file && !error
                        ? read_file(file_)
                        : Result<std::string>(fail(Errc::invalid, "it is too long"));
  auto kept = text ? json::parse(*text, nullptr, false) : json();
  if (!kept.is_object()) {
    spdlog::warn("{} cannot be read: what was blocked here is not; block it again", file_.string());
    return;
  }
  for (auto const& [old_name, name] : names_of_0_1)
    if (kept.contains(old_name)) kept[name] = kept[old_name];
  auto const read = protocol::read<protocol::Blocks>(kept).message;
  users_.insert(read.user_names.begin(), read.user_names.end());
  projects_.insert(read.project_ids.begin(), read.project_ids.end());
  jobs_.insert(read.job_ids.begin(), read.job_ids.end());
}

protocol::Blocks BlockList::all() const {
  return {.user_names = {users_.begin(), users_.end()},
          .project_ids = {projects_.begin(), projects_.end()},
          .job_ids = {jobs_.begin(), jobs_.end()}};
}

Result<bool> BlockList::change(std::string const& kind, std::string const& what, bool blocked) {
  std::lock_guard const lock(mutex_);
  auto const users = users_;
  auto const projects = projects_, jobs = jobs_;
  bool changed = false;
  if (kind == "user") {
    if (what.empty() || what.size() > max_name_length || printable(what) != what)
      return fail(Errc::invalid, fmt::format("'{}' is not a user name", printable(what, 70)));
    changed = blocked ? users_.insert(what).second : users_.erase(what) > 0;
  } else if (kind == "project" || kind == "job") {
    auto const number = number_in(what);
    if (!number) return fail(Errc::invalid, fmt::format("'{}' is not the number of a {}", printable(what, 30), kind));
    auto& list = kind == "job" ? jobs_ : projects_;
    changed = blocked ? list.insert(*number).second : list.erase(*number) > 0;
  } else {
    return fail(Errc::invalid, fmt::format("'{}' cannot be blocked; say user NAME, project NUMBER or job NUMBER",
                                           printable(kind, 30)));
  }
  if (!changed) return false;
  Result<void> kept;
  if (users_.size() + projects_.size() + jobs_.size() > most)
    kept = fail(Errc::invalid, fmt::format("{} blocks are there already; unblock something", most));
  else
    kept = write_file_durably(file_, protocol::write_members(all()) + "\n");
  if (kept) return true;
  users_ = users;
  projects_ = projects;
  jobs_ = jobs;
  return kept.error();
}

Result<bool> BlockList::block(std::string const& kind, std::string const& what) {
  return change(kind, what, true);
}

Result<bool> BlockList::unblock(std::string const& kind, std::string const& what) {
  return change(kind, what, false);
}

protocol::Blocks BlockList::message() const {
  std::lock_guard const lock(mutex_);
  return all();
}

bool BlockList::empty() const {
  std::lock_guard const lock(mutex_);
  return users_.empty() && projects_.empty() && jobs_.empty();
}

bool BlockList::holds(std::int64_t job, std::string const& user) const {
  std::lock_guard const lock(mutex_);
  return jobs_.contains(job) || std::ranges::any_of(users_, [name = lower_case(user)](std::string const& each) {
           return lower_case(each) == name;  // as the server compares names
         });
}

}  // namespace distren

#include "slave/blocks.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_file = 256U << 10;

std::optional<std::int64_t> number_in(std::string const& text) {
  std::int64_t value = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

void read_numbers(json const& list, std::set<std::int64_t>& into) {
  if (!list.is_array()) return;
  for (auto const& one : list)
    if (one.is_number_integer()) into.insert(one.get<std::int64_t>());
}

}  // namespace

BlockList::BlockList(std::filesystem::path const& state) : file_(state / "blocks.json") {
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) return;
  auto const text = std::filesystem::file_size(file_, error) <= longest_file && !error
                        ? read_file(file_)
                        : Result<std::string>(fail(Errc::invalid, "it is too long"));
  auto const kept = text ? json::parse(*text, nullptr, false) : json();
  if (!kept.is_object()) {
    spdlog::warn("{} cannot be read: what was blocked here is not; block it again", file_.string());
    return;
  }
  if (auto const users = kept.value("users", json()); users.is_array())
    for (auto const& name : users)
      if (name.is_string()) users_.insert(name.get<std::string>());
  read_numbers(kept.value("projects", json()), projects_);
  read_numbers(kept.value("jobs", json()), jobs_);
}

json BlockList::shape() const {
  return {{"users", users_}, {"projects", projects_}, {"jobs", jobs_}};
}

Result<bool> BlockList::change(std::string const& kind, std::string const& what, bool blocked) {
  std::lock_guard const lock(mutex_);
  auto const users = users_;
  auto const projects = projects_, jobs = jobs_;
  bool changed = false;
  if (kind == "user") {
    if (what.empty() || what.size() > longest_name || printable(what) != what)
      return fail(Errc::invalid, fmt::format("'{}' is no user's name", printable(what, 70)));
    changed = blocked ? users_.insert(what).second : users_.erase(what) > 0;
  } else if (kind == "project" || kind == "job") {
    auto const number = number_in(what);
    if (!number) return fail(Errc::invalid, fmt::format("'{}' is no number of a {}", printable(what, 30), kind));
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
    kept = write_file_durably(file_, shape().dump(1) + "\n");
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

json BlockList::message() const {
  std::lock_guard const lock(mutex_);
  return shape();
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

// Slave: what its volunteer and its owner want of it: blocks, minutes a frame, settings from afar.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/protocol/codec.h"
#include "slave/slave.h"

namespace distren {

using nlohmann::json;

void Slave::tell_lent(std::function<void(Lent const&)> told) {
  std::lock_guard const lock(mutex_);
  lent_told_ = std::move(told);
  lent_told_(lent_);
}

void Slave::take_wishes(protocol::Reading<protocol::RemoteSettings> const& wishes, bool keep) {
  {
    std::lock_guard const lock(mutex_);
    if (wishes.message == wishes_ && wishes.problems == wishes_problems_) return;
  }
  if (keep) {
    auto const text = protocol::write_members(wishes.message) + "\n";
    if (auto const kept = write_file_durably(workshop_.state() / "settings.json", text, 0600); !kept)
      spdlog::warn("settings from afar cannot be kept reason={}", quote(kept.error().message));
  }
  std::lock_guard const lock(mutex_);
  wishes_ = wishes.message;
  wishes_problems_ = wishes.problems;
  lent_ = lend(by_file_, wishes);
  spdlog::info("settings from afar threads={} memory={} minutes_per_frame={} paused={}{}", lent_.threads,
               lent_.memory_mib, lent_.minutes_per_frame, lent_.paused,
               lent_.problems.empty() ? "" : " unusable=" + quote(lent_.problems.front()));
  workshop_.lend(lent_.threads, lent_.memory_mib);
  if (lent_told_) lent_told_(lent_);
}

void Slave::pulse() {
  std::lock_guard const lock(mutex_);
  auto const now = Clock::now();
  auto const passed = now - std::exchange(pulsed_, now);
  if (!working_ || working_cancelled_ || !allowed_ || !workshop_.rendering()) return;
  if (std::exchange(timed_, *working_) != *working_) rendered_ = {};
  rendered_ += passed;
  if (lent_.minutes_per_frame == 0 || rendered_ < std::chrono::minutes(lent_.minutes_per_frame) ||
      !given_back_for_.empty())
    return;
  given_back_for_ = fmt::format("it took longer than the {} minutes that this slave lends", lent_.minutes_per_frame);
  too_long_ = true;
  workshop_.cancel();  // the render thread gives it back
}

std::optional<json> Slave::command(std::string const& command) {
  auto const first = command.find(' ');
  auto const second = first == std::string::npos ? first : command.find(' ', first + 1);
  std::string const word = command.substr(0, first);
  if (word != "block" && word != "unblock" && word != "blocks") return std::nullopt;
  if (word != "blocks") {
    if (second == std::string::npos)
      return json{{"ok", false}, {"error", "say what: user NAME, project NUMBER or job NUMBER"}};
    std::string const kind = command.substr(first + 1, second - first - 1), what = command.substr(second + 1);
    auto const changed = word == "block" ? blocks_.block(kind, what) : blocks_.unblock(kind, what);
    if (!changed) return json{{"ok", false}, {"error", changed.error().message}};
    if (*changed) {
      line_.send(hello());  // first, so that what is given back does not return
      give_back_blocked();
    }
  }
  json answer = protocol::to_json(blocks_.message());
  answer["ok"] = true;
  return answer;
}

void Slave::give_back_work(std::string const& reason) {
  std::deque<protocol::Order> left;
  {
    std::lock_guard const lock(mutex_);
    left = std::exchange(waiting_, {});
    if (working_ && !working_cancelled_) {
      given_back_for_ = reason;
      workshop_.cancel();  // the render thread gives it back
    }
  }
  for (auto const& order : left) give_back(order.attempt, order.lease, protocol::Outcome::returned, reason);
}

void Slave::give_back_blocked() {
  std::vector<protocol::Order> left;
  std::string const reason = "the volunteer blocked this work here";
  {
    std::lock_guard const lock(mutex_);
    for (auto order = waiting_.begin(); order != waiting_.end();) {
      if (blocks_.holds(order->job, order->owner.name)) {
        left.push_back(std::move(*order));
        order = waiting_.erase(order);
      } else {
        ++order;
      }
    }
    if (working_ && !working_cancelled_ && blocks_.holds(working_job_, working_owner_)) {
      given_back_for_ = reason;
      workshop_.cancel();
    }
  }
  for (auto const& order : left) give_back(order.attempt, order.lease, protocol::Outcome::returned, reason);
}

}  // namespace distren

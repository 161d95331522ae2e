// Slave: commands of its volunteer and remote settings of its owner: status, blocks, longest frame, limits.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/protocol/codec.h"
#include "slave/slave.h"

namespace distren {

using nlohmann::json;

void Slave::on_limits_changed(std::function<void(ResourceLimits const&)> callback) {
  std::lock_guard const lock(mutex_);
  limits_changed_ = std::move(callback);
  limits_changed_(limits_);
}

void Slave::set_remote_settings(protocol::Reading<protocol::RemoteSettings> const& settings, bool keep) {
  {
    std::lock_guard const lock(mutex_);
    if (settings.message == remote_settings_ && settings.problems == remote_settings_problems_) return;
  }
  if (keep) {
    auto const text = protocol::write_members(settings.message) + "\n";
    if (auto const kept = write_file_durably(runner_.state() / "settings.json", text, 0600); !kept)
      spdlog::warn("remote settings cannot be kept reason={}", quote(kept.error().message));
  }
  std::lock_guard const lock(mutex_);
  remote_settings_ = settings.message;
  remote_settings_problems_ = settings.problems;
  limits_ = apply_remote_settings(configured_limits_, settings);
  spdlog::info("remote settings threads={} memory_mib={} max_frame_ms={} paused={}{}", limits_.threads,
               limits_.memory_mib, limits_.max_frame_ms, limits_.paused,
               limits_.problems.empty() ? "" : " unusable=" + quote(limits_.problems.front()));
  runner_.set_limits(limits_.threads, limits_.memory_mib);
  if (limits_changed_) limits_changed_(limits_);
}

void Slave::check_time_limit() {
  std::lock_guard const lock(mutex_);
  auto const now = Clock::now();
  auto const passed = now - std::exchange(time_checked_, now);
  if (!working_ || working_cancelled_ || !allowed_ || !runner_.rendering()) return;
  if (std::exchange(timed_, *working_) != *working_) rendered_ = {};
  rendered_ += passed;
  if (limits_.max_frame_ms == 0 || rendered_ < std::chrono::milliseconds(limits_.max_frame_ms) ||
      !return_reason_.empty())
    return;
  return_reason_ =
      fmt::format("it took longer than the {} minutes that this slave lends", (limits_.max_frame_ms + 59'999) / 60'000);
  too_long_ = true;
  runner_.cancel();  // the render thread gives it back
}

protocol::SlaveActivity Slave::activity() const {
  using enum protocol::SlaveActivity;
  if (stopping_) return stopping;
  if (working_) return allowed_ ? rendering : suspended;
  return allowed_ ? idle : paused;
}

json Slave::status() {
  auto const results = runner_.outbox().entries().size();
  std::lock_guard const lock(mutex_);
  json out{{"connected", signed_on_},
           {"server", config_.server},
           {"waiting", waiting_.size()},
           {"outbox", results},
           {"state", protocol::choice_name(protocol::activities, activity())},
           {"finishing", over_ && !once_}};
  out["renderers"] = json::array();
  for (auto const& row : runner_.renderers().rows()) out["renderers"].push_back(to_json(row));
  if (auto const* delivered = runner_.delivered()) {
    out["renderer_key"] = delivered->key_fingerprint();
    out["renderer_problems"] = delivered->problems();
    out["fetchable_renderers"] = json::array();
    for (auto const& each : delivered->fetchable())
      out["fetchable_renderers"].push_back({{"method", each.method},
                                            {"version", each.version},
                                            {"build", each.build},
                                            {"size_bytes", each.size_bytes},
                                            {"unpacked_bytes", each.unpacked_bytes}});
  }
  if (!working_) return out;
  out["attempt"] = *working_;
  out["job"] = working_job_;
  out["frame"] = working_frame_;
  if (auto const found = attempts_.find(*working_); found != attempts_.end()) out["fraction"] = found->second.fraction;
  return out;
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
      line_.send(protocol::write_line(announcement()));  // first, so that what is given back does not return
      return_blocked();
    }
  }
  json answer = protocol::to_json(blocks_.message());
  answer["ok"] = true;
  return answer;
}

void Slave::return_work(std::string const& reason) {
  std::deque<protocol::FrameOrder> left;
  {
    std::lock_guard const lock(mutex_);
    left = std::exchange(waiting_, {});
    if (working_ && !working_cancelled_) {
      return_reason_ = reason;
      runner_.cancel();  // the render thread gives it back
    }
  }
  for (auto const& order : left)
    return_attempt(order.attempt, order.lease, protocol::Outcome::returned, protocol::ResultCode::volunteer_stopped,
                   reason);
}

void Slave::return_blocked() {
  std::vector<protocol::FrameOrder> left;
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
      return_reason_ = reason;
      runner_.cancel();
    }
  }
  for (auto const& order : left)
    return_attempt(order.attempt, order.lease, protocol::Outcome::returned, protocol::ResultCode::volunteer_stopped,
                   reason);
}

}  // namespace distren

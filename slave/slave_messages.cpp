// What a slave does with the messages of its server: a part of class Slave, on the line's thread.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "slave/slave.h"

namespace distren {

void Slave::received(protocol::Incoming const& incoming) {
  auto const& [type, message, id] = incoming;
  if (type == protocol::Order::type) {
    take_order(message);
  } else if (type == protocol::OrderUpdate::type) {
    refresher_.received(message);
  } else if (type == protocol::Cancel::type) {
    auto const cancelled = protocol::read<protocol::Cancel>(message).message;
    for (std::int64_t const attempt : cancelled.attempts) cancel(attempt, cancelled.message);
  } else if (type == protocol::LogRequest::type) {
    send_log(protocol::read<protocol::LogRequest>(message).message.attempt, id);
  } else if (type == protocol::Verdict::type) {
    uploader_.answered(protocol::read<protocol::Verdict>(message).message);
  } else if (type == protocol::RendererList::type) {
    runner_.renderers_offered(protocol::read<protocol::RendererList>(message).message);
    line_.send(protocol::write_line(announcement()));
  } else if (type == protocol::SettingsMessage::type && config_.remote_settings) {
    auto const settings = protocol::read<protocol::SettingsMessage>(message);
    set_remote_settings({settings.message.requested, settings.problems}, true);
    line_.send(protocol::write_line(announcement()));
  } else if (type == protocol::SettingsMessage::type) {
    spdlog::info("remote settings are rejected; remote_settings = true in [availability] allows them");
  } else {
    line_.send(protocol::with_reply_to(protocol::write(protocol::ErrorMessage{protocol::ErrorCode::unsupported_type,
                                                                              "unknown type " + printable(type, 40)}),
                                       id));
  }
}

// A result without an image, reported like any other: kept until the server has accepted it.
void Slave::return_attempt(std::int64_t attempt, std::string const& lease, protocol::Outcome outcome,
                           protocol::ResultCode code, std::string const& message) {
  auto const entry = entry_without_image(attempt, lease, outcome, code, message);
  if (auto const kept = runner_.outbox().commit(entry); kept)
    uploader_.enqueue(attempt);
  else
    spdlog::error("cannot keep a result attempt={} reason={}", attempt, quote(kept.error().message));
}

void Slave::take_order(nlohmann::json const& message) {
  auto const order = protocol::parse<protocol::Order>(message);
  if (order) {
    for (auto& frame : protocol::frames_of(*order)) take_frame(std::move(frame));
    return;
  }
  for (auto const& unusable : protocol::read<protocol::Order>(message).message.attempts) {
    spdlog::warn("bad order attempt={} reason={}", unusable.attempt, quote(order.error().message));
    if (unusable.attempt > 0)
      return_attempt(unusable.attempt, unusable.lease, protocol::Outcome::failed, protocol::ResultCode::other,
                     order.error().message);
  }
}

void Slave::take_frame(protocol::FrameOrder order) {
  auto const attempt = order.attempt, job = order.job, frame = std::int64_t{order.frame};
  std::string const lease = order.lease;
  auto const done = runner_.outbox().entries();
  bool const finished = std::ranges::any_of(done, [attempt](auto const& entry) { return entry.attempt == attempt; });
  bool refused = false;
  {
    std::lock_guard const lock(mutex_);
    if (auto const found = attempts_.find(attempt); found != attempts_.end()) {
      found->second.lease = lease;  // repeated after a reconnect
      return;
    }
    if (finished) return;
    auto const in_hand = waiting_.size() + (working_ && !working_cancelled_ ? 1U : 0U);
    refused = stopping_ || over_ || !allowed_ || blocks_.holds(order.job, order.owner.name) ||
              in_hand >= static_cast<std::size_t>(once_ ? 1 : config_.max_orders);
    if (!refused) {
      ActiveAttempt attempt_state;
      attempt_state.lease = lease;
      attempt_state.lease_life = milliseconds(order.lease_ms);
      attempt_state.sent_at = Clock::now() - progress_interval;
      attempt_state.news = true;  // the server learns that the order arrived
      attempts_[attempt] = attempt_state;
      waiting_.push_back(std::move(order));
      over_ = once_;
      changed_.notify_all();
    }
  }
  if (refused)
    return_attempt(attempt, lease, protocol::Outcome::returned, protocol::ResultCode::interrupted,
                   "this slave has no room for another order now");
  spdlog::info("order attempt={} job={} frame={}{}", attempt, job, frame, refused ? " refused=full" : "");
}

void Slave::cancel(std::int64_t attempt, std::string const& reason) {
  spdlog::info("cancelled attempt={} reason={}", attempt, quote(reason));
  refresher_.cancelled(attempt);
  {
    std::lock_guard const lock(mutex_);
    if (working_ == attempt) {
      working_cancelled_ = true;
      runner_.cancel();
      return;  // the render thread clears up
    }
    std::erase_if(waiting_, [attempt](auto const& order) { return order.attempt == attempt; });
    if (fetched_ahead_ == attempt) runner_.allow_prefetch(false);
    attempts_.erase(attempt);
    changed_.notify_all();
  }
  uploader_.cancelled(attempt);
}

void Slave::settled(protocol::Verdict const& verdict) {
  bool const rejected = verdict.verdict == protocol::VerdictKind::rejected;
  spdlog::info("{} attempt={}{}", protocol::choice_name(protocol::verdict_kinds, verdict.verdict), verdict.attempt,
               rejected ? " reason=" + quote(verdict.message) : "");
  std::lock_guard const lock(mutex_);
  attempts_.erase(verdict.attempt);
  changed_.notify_all();
}

void Slave::send_log(std::int64_t attempt, std::string const& id) {
  protocol::LogText message{attempt};
  {
    std::lock_guard const lock(mutex_);
    if (working_ == attempt) message.text = runner_.log();
  }
  line_.send(protocol::with_reply_to(protocol::write(message), id));
}

}  // namespace distren

#include "slave/order_refresher.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/protocol/codec.h"

namespace distren {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds patience{15'000};
constexpr milliseconds look_interval{100};  // whether the asking thread may go on
constexpr std::int64_t margin_ms = 5000;    // before they expire: a request takes time

bool same_file(protocol::Input const& left, protocol::Input const& right) {
  return left.path == right.path && left.sha256 == right.sha256 && left.size_bytes == right.size_bytes;
}

}  // namespace

void OrderRefresher::set_server_time(std::int64_t now_ms) {
  if (now_ms > 0) ahead_ms_ = now_ms - unix_ms();
}

bool OrderRefresher::expired(protocol::FrameOrder const& order) const {
  return order.urls_expire_ms > 0 && unix_ms() + ahead_ms_ + margin_ms > order.urls_expire_ms;
}

Result<protocol::FrameOrder> OrderRefresher::ask(std::int64_t attempt, std::string const& lease,
                                                 HttpClient const& client) {
  std::unique_lock lock(mutex_);
  asked_[attempt].reset();
  lock.unlock();
  bool const sent = send_(protocol::write(protocol::Refresh{attempt, lease}));
  lock.lock();
  auto const until = Clock::now() + patience;
  auto const answered = [&] {
    auto const found = asked_.find(attempt);
    return found != asked_.end() && found->second.has_value();
  };
  while (sent && !client.cancelled() && Clock::now() < until && !answered_.wait_for(lock, look_interval, answered)) {
  }
  auto const found = asked_.find(attempt);
  auto const order = found == asked_.end() ? std::nullopt : std::move(found->second);
  if (found != asked_.end()) asked_.erase(found);
  if (order) return *order;
  return fail(Errc::unavailable, fmt::format("the addresses of attempt {} have expired, and the server {}", attempt,
                                             sent ? "sends no new ones" : "cannot be asked for new ones now"));
}

Result<void> OrderRefresher::refresh(protocol::FrameOrder& order, HttpClient const& client) {
  spdlog::info("asking for new addresses attempt={}", order.attempt);
  auto fresh = ask(order.attempt, order.lease, client);
  if (!fresh) return fresh.error();
  if (fresh->job != order.job || fresh->inputs_url.empty() != order.inputs_url.empty() ||
      (order.inputs_url.empty() && !std::ranges::equal(fresh->inputs, order.inputs, same_file)))
    return fail(Errc::invalid, fmt::format("the server sends another order for attempt {}", order.attempt));
  if (order.inputs_url.empty()) order.inputs = std::move(fresh->inputs);
  order.inputs_url = std::move(fresh->inputs_url);
  order.upload_url = std::move(fresh->upload_url);
  if (order.renderer.archive && fresh->renderer.archive)
    order.renderer.archive->url = std::move(fresh->renderer.archive->url);
  order.urls_expire_ms = fresh->urls_expire_ms;
  return {};
}

void OrderRefresher::answer(std::int64_t attempt, Result<protocol::FrameOrder> order) {
  std::lock_guard const lock(mutex_);
  auto const found = asked_.find(attempt);
  if (found == asked_.end()) return;  // nobody asked
  found->second = std::move(order);
  answered_.notify_all();
}

void OrderRefresher::received(nlohmann::json const& order_update) {
  auto const update = protocol::parse<protocol::OrderUpdate>(order_update);
  if (update) {
    for (auto& frame : protocol::frames_of(update->order)) answer(frame.attempt, std::move(frame));
    return;
  }
  spdlog::warn("bad order update reason={}", quote(update.error().message));
  for (auto const& each : protocol::read<protocol::OrderUpdate>(order_update).message.order.attempts)
    answer(each.attempt, update.error());
}

void OrderRefresher::cancelled(std::int64_t attempt) {
  answer(attempt, fail(Errc::conflict, "this frame is not wanted any more"));
}

}  // namespace distren

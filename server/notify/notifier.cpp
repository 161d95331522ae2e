#include "server/notify/notifier.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "server/dispatch/status.h"
#include "server/live/publish.h"
#include "server/notify/delivery.h"
#include "server/notify/reset_link.h"
#include "server/store/notifications.h"

namespace distren {

namespace {

constexpr auto distance = std::chrono::seconds(5);
constexpr std::int64_t watch_ms = 60000;
constexpr std::int64_t slow_ms = 3000;
constexpr std::int64_t slow_share = 29;

}  // namespace

Notifier::Notifier(ServerConfig const& config, RuntimeSettings const& settings, Dispatcher& dispatcher,
                   EventBroker& live, Signer const& signer, std::function<std::int64_t()> now_ms)
    : config_(config),
      settings_(settings),
      dispatcher_(dispatcher),
      live_(live),
      signer_(signer),
      now_ms_(std::move(now_ms)),
      watched_ms_(now_ms_()) {}  // slaves need a moment to reconnect after a start

Notifier::~Notifier() {
  stop();
}

void Notifier::start() {
  thread_ = std::thread([this] { run(); });
}

void Notifier::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  cancelled_ = true;
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Notifier::wake() {
  {
    std::lock_guard const lock(mutex_);
    wanted_ = true;
  }
  wake_.notify_one();
}

void Notifier::run() {
  DatabaseThread const thread;
  Database database(config_.database);
  bool database_unavailable = false;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, distance, [this] { return stopping_ || wanted_; });
      if (stopping_) return;
      wanted_ = false;
    }
    bool const there = round(database);
    if (!there && !database_unavailable) spdlog::warn("notifications wait for the database");
    database_unavailable = !there;
  }
}

bool Notifier::round(Database& database) {
  if (now_ms_() - watched_ms_ >= watch_ms) {
    watched_ms_ = now_ms_();
    auto const online = dispatcher_.ask([](DispatchCore const& core, std::int64_t) { return slaves_online(core); });
    if (auto const done = store::check_offline_slaves(database, online); !done) return false;
    if (auto const done = store::trim_notifications(database); !done) return false;
  }
  auto const gathered = store::enqueue_notifications(database);
  if (!gathered) return false;
  for (auto const user : *gathered) publish_notification(live_, user);
  return send_due(database);
}

// One user's webhook gets at most a thirtieth of this thread's time.
Result<void> Notifier::send(store::Delivery const& delivery) {
  bool const webhook = delivery.channel == "webhook";
  if (auto const slow = slow_until_ms_.find(delivery.user_name); webhook && slow != slow_until_ms_.end()) {
    if (now_ms_() < slow->second) return fail(Errc::unavailable, "the address took long to answer; it is asked later");
    slow_until_ms_.erase(slow);
  }
  auto const began = now_ms_();
  auto sent = deliver(config_, settings_.now().name, delivery, began / 1000, cancelled_);
  if (auto const took = now_ms_() - began; webhook && took > slow_ms)
    slow_until_ms_[delivery.user_name] = began + (slow_share + 1) * took;
  return sent;
}

bool Notifier::send_due(Database& database) {
  for (;;) {
    // One at a time: it is reserved for five minutes, and an e-mail may take one.
    auto due = store::dequeue_notifications(database, 1);
    if (!due) return false;
    if (due->empty() || cancelled_) return true;
    auto& delivery = due->front();
    if (delivery.kind == "reset") delivery.code = reset_path(signer_, delivery.code);
    auto const sent = send(delivery);
    if (!sent && cancelled_) return true;
    if (!sent)
      spdlog::info("notification {} by {} was not sent: {}", delivery.id, delivery.channel, sent.error().message);
    auto const ended = store::finish_notification(database, delivery.id, sent ? "" : sent.error().message,
                                                  !sent && sent.error().code != Errc::unavailable);
    if (!ended) return false;
  }
}

}  // namespace distren

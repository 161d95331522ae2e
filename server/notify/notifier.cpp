#include "server/notify/notifier.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <vector>

#include "server/dispatch/status.h"
#include "server/live/publish.h"
#include "server/notify/delivery.h"
#include "server/notify/reset_link.h"
#include "server/notify/webhook.h"
#include "server/store/notifications.h"
#include "server/store/webhooks.h"

namespace distren {

namespace {

constexpr auto distance = std::chrono::seconds(5);
constexpr std::int64_t watch_ms = 60000;
constexpr std::int64_t round_ms = 5000;  // of deliveries; then what is new is gathered, and slaves are looked after
constexpr std::int64_t quick_ms = 50;
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
    auto const offline = store::check_offline_slaves(database, online);
    if (!offline) return false;
    for (auto const& each : *offline) publish_slave_offline(live_, each.slave, each.user);
    if (auto const done = store::trim_notifications(database); !done) return false;
  }
  auto const gathered = store::enqueue_notifications(database);
  if (!gathered) return false;
  for (auto const user : *gathered) publish_notification(live_, user);
  // In turns, and one at a time: it is reserved for five minutes, and an e-mail may take one.
  for (auto const until = now_ms_() + round_ms;;) {
    auto const mail = deliver_due(database);
    auto const webhook = mail ? call_due(database) : mail;
    if (!webhook) return false;
    if (cancelled_ || !(*mail || *webhook)) return true;
    if (now_ms_() >= until) break;
  }
  wake();  // for the rest
  return true;
}

Result<bool> Notifier::deliver_due(Database& database) {
  auto const due = store::dequeue_notifications(database, 1);
  if (!due) return due.error();
  if (due->empty() || cancelled_) return false;
  auto delivery = due->front();
  if (delivery.kind == "reset") delivery.code = reset_path(signer_, delivery.code);
  auto const sent = deliver(config_, settings_.now().name, delivery, cancelled_);
  if (!sent && cancelled_) return false;
  if (!sent) spdlog::info("notification {} was not sent: {}", delivery.id, sent.error().message);
  auto const ended = store::finish_notification(database, delivery.id, sent ? "" : sent.error().message,
                                                !sent && sent.error().code != Errc::unavailable);
  if (!ended) return ended.error();
  return true;
}

// One user's webhooks get at most a thirtieth of this thread's time, but for calls that take next to none of it.
Result<bool> Notifier::call_due(Database& database) {
  if (!config_.webhook.enabled) return false;  // what waits is no receiver's failure
  std::erase_if(slow_until_ms_, [now = now_ms_()](auto const& each) { return each.second <= now; });
  std::vector<std::int64_t> slow;
  for (auto const& [user, until] : slow_until_ms_) slow.push_back(user);
  auto const due = store::dequeue_webhook(database, slow);
  if (!due) return due.error();
  if (!*due || cancelled_) return false;
  auto const& delivery = **due;
  auto const began = now_ms_();
  auto const outcome = send_webhook(config_, delivery, began / 1000, cancelled_);
  if (auto const took = now_ms_() - began; took > quick_ms)
    slow_until_ms_[delivery.user] = began + (slow_share + 1) * took;
  if (!outcome.problem.empty() && cancelled_) return false;
  if (!outcome.problem.empty())
    spdlog::info("delivery {} to webhook {} was not taken: {}", delivery.id, delivery.webhook, outcome.problem);
  if (auto const ended = store::finish_webhook_delivery(database, delivery.id, delivery.url, outcome); !ended)
    return ended.error();
  return true;
}

}  // namespace distren

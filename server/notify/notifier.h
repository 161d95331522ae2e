// The notifier thread: every few seconds it fills the database's outbox with new notifications, publishes events for
// those in the browser, and delivers what is due by mail and to webhooks; once a minute it looks for offline slaves.
// Undelivered notifications are retried, also after restarts, and finally fail; a slow address is retried less often,
// so that it does not delay others. Owner: main; everything it refers to must outlive it. stop() ends a transfer within
// a second; that delivery is retried after the next start.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "server/config/runtime_settings.h"
#include "server/config/server_config.h"
#include "server/database/connection.h"
#include "server/dispatch/dispatcher.h"
#include "server/live/event_broker.h"
#include "server/storage/signer.h"
#include "server/store/notifications.h"

namespace distren {

class Notifier {
public:
  Notifier(ServerConfig const& config, RuntimeSettings const& settings, Dispatcher& dispatcher, EventBroker& live,
           Signer const& signer, std::function<std::int64_t()> now_ms);
  ~Notifier();
  Notifier(Notifier const&) = delete;
  Notifier& operator=(Notifier const&) = delete;

  void start();
  void stop();
  void wake();  // a user waits for a test; any thread

  // One round: enqueues, and delivers what is due for five seconds; the rest in the next, which then follows at once.
  // The thread's loop body, for tests. False: the database is unavailable.
  bool round(Database& database);

private:
  void run();
  // What is due first of mails, and of webhooks; false: nothing is.
  Result<bool> deliver_due(Database& database);
  Result<bool> call_due(Database& database);

  ServerConfig const& config_;
  RuntimeSettings const& settings_;
  Dispatcher& dispatcher_;
  EventBroker& live_;
  Signer const& signer_;
  std::function<std::int64_t()> now_ms_;
  std::atomic<bool> cancelled_ = false;
  std::int64_t watched_ms_ = 0;
  std::unordered_map<std::int64_t, std::int64_t> slow_until_ms_;  // by the user whose webhooks wait
  std::mutex mutex_;                                              // guards wanted_ and stopping_
  std::condition_variable wake_;
  bool wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace distren

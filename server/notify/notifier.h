// The thread that tells people what they asked to be told: every few seconds it puts what happened into the outbox of
// the database, tells open pages that something is there for the browser, and sends what is due; once a minute it looks
// for slaves that are gone. What cannot be sent waits there, over restarts, and is given up in the end; an address that
// took long waits the longer, so that the others' do not wait for it. Owned by main; everything it refers to must
// outlive it. stop() ends a transfer within a second; what was being sent then is tried again after the next start.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "server/config/runtime_settings.h"
#include "server/config/server_config.h"
#include "server/database/connection.h"
#include "server/dispatch/dispatcher.h"
#include "server/live/event_broker.h"
#include "server/store/notifications.h"

namespace distren {

class Notifier {
public:
  Notifier(ServerConfig const& config, RuntimeSettings const& settings, Dispatcher& dispatcher, EventBroker& live,
           std::function<std::int64_t()> now_ms);
  ~Notifier();
  Notifier(Notifier const&) = delete;
  Notifier& operator=(Notifier const&) = delete;

  void start();
  void stop();
  void wake();  // somebody waits for a test; any thread

  // One round: gathers, sends what is due. What the thread does, for tests. False: the database is away.
  bool round(Database& database);

private:
  void run();
  bool send_due(Database& database);
  Result<void> send(store::Delivery const& delivery);

  ServerConfig const& config_;
  RuntimeSettings const& settings_;
  Dispatcher& dispatcher_;
  EventBroker& live_;
  std::function<std::int64_t()> now_ms_;
  std::atomic<bool> cancelled_ = false;
  std::int64_t watched_ms_ = 0;
  std::unordered_map<std::string, std::int64_t> slow_until_ms_;  // by the name of whose webhook it is
  std::mutex mutex_;                                             // guards wanted_ and stopping_
  std::condition_variable wake_;
  bool wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace distren

// Brings results from the outbox to the server: uploads the picture (resumed after a loss), says the result, waits for
// the last word. A thread of its own, beside the rendering of the next frame. Owned by Slave; the outbox, the sender
// and the callbacks must outlive it. connected(), lost(), added() and the answers are for any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "common/http/http_client.h"
#include "slave/outbox.h"

namespace distren {

class ResultUploader {
public:
  using Send = std::function<bool(nlohmann::json const&)>;
  using Settled = std::function<void(std::int64_t attempt, nlohmann::json const& answer)>;

  // http.cancelled is replaced by its own switch.
  ResultUploader(Outbox& outbox, HttpClient::Options http, Send send, Settled settled);
  ~ResultUploader();

  void connected(std::string base_url);  // everything is said again
  void lost();
  void added(std::int64_t attempt);  // an entry was committed
  // accepted, rejected, retry of the server; an attempt that is not here is ignored.
  void answered(nlohmann::json const& message);
  void cancelled(std::int64_t attempt);  // the server wants it no longer
  [[nodiscard]] bool empty();
  // Not while there is no connection. False: what is left stays in the outbox.
  bool wait_until_empty(std::chrono::milliseconds time);

private:
  using Clock = std::chrono::steady_clock;
  struct State {
    Clock::time_point due{};
    int troubles = 0;  // uploads that failed in a row
  };
  void run();
  std::int64_t next_due(std::unique_lock<std::mutex>& lock);
  void hand_in(std::int64_t attempt);
  bool upload(OutboxEntry& entry, std::string const& base_url);
  void postpone(std::int64_t attempt, std::chrono::milliseconds time);
  void settle(std::int64_t attempt);

  Outbox& outbox_;
  Send send_;
  Settled settled_;
  std::atomic<bool> stopping_ = false;
  HttpClient client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool connected_ = false;
  std::string base_url_;
  std::map<std::int64_t, State> states_;
  std::thread thread_;  // last: it uses all above
};

}  // namespace distren

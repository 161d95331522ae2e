// Asks the server for new addresses of an order (message `refresh`) and waits for them: 15 s at most, and no longer
// than the client of the asking thread may go on. Any thread; what it sends with must outlive it, and must not wait for
// received(). Errors: unavailable (no connection, no answer), conflict (the attempt is not wanted any more), invalid
// (the answer is another order).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/http/http_client.h"
#include "common/protocol/order.h"

namespace distren {

class OrderRefresher {
public:
  using Send = std::function<bool(std::string const& message)>;  // false: there is no connection
  explicit OrderRefresher(Send send) : send_(std::move(send)) {}

  void set_server_time(std::int64_t now_ms);  // of a welcome; clocks differ
  // Its addresses do not live long enough for a transfer.
  [[nodiscard]] bool expired(protocol::FrameOrder const& order) const;

  // The order as the server sends it now.
  Result<protocol::FrameOrder> ask(std::int64_t attempt, std::string const& lease, HttpClient const& client);
  // The same into the order: its addresses, and nothing else.
  Result<void> refresh(protocol::FrameOrder& order, HttpClient const& client);

  void received(nlohmann::json const& order_update);
  void cancelled(std::int64_t attempt);

private:
  void answer(std::int64_t attempt, Result<protocol::FrameOrder> order);

  Send send_;
  std::atomic<std::int64_t> ahead_ms_ = 0;  // of the server's clock
  std::mutex mutex_;                        // guards asked_
  std::condition_variable answered_;
  std::map<std::int64_t, std::optional<Result<protocol::FrameOrder>>> asked_;  // by attempt
};

}  // namespace distren

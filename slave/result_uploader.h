// Uploads and reports results of the outbox: uploads the image (resumed after a loss), reports the result, waits for
// the server's answer. Runs its own thread, while the next frame renders; send is called on it. The outbox, the
// refresher, the sender and the callbacks must outlive it. connected(), lost(), enqueue() and the answers are for any
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "common/http/http_client.h"
#include "slave/order_refresher.h"
#include "slave/outbox.h"
#include "slave/server_address.h"

namespace distren {

class ResultUploader {
public:
  using Send = std::function<bool(protocol::ResultReport const& result)>;
  using Settled = std::function<void(protocol::Verdict const& verdict)>;

  // http.cancelled is replaced by its own switch.
  ResultUploader(Outbox& outbox, HttpClient::Options http, OrderRefresher& refresher, Send send, Settled settled);
  ~ResultUploader();

  void connected(FileOrigins origins);  // everything is reported again
  void lost();
  void enqueue(std::int64_t attempt);               // an entry was committed
  void answered(protocol::Verdict const& verdict);  // of an unknown attempt: ignored
  void cancelled(std::int64_t attempt);             // the server cancelled it
  [[nodiscard]] bool empty();
  [[nodiscard]] bool is_connected();
  // Returns at once without a connection. False: remaining results stay in the outbox.
  bool wait_until_empty(std::chrono::milliseconds time);

private:
  using Clock = std::chrono::steady_clock;
  struct State {
    Clock::time_point due{};
    int troubles = 0;  // uploads that failed in a row
  };
  void run();
  std::int64_t next_due(std::unique_lock<std::mutex>& lock);
  void deliver(std::int64_t attempt);
  bool upload(OutboxEntry& entry, FileOrigins const& origins);
  struct File {  // of a result; its upload_id is set when it is sent
    std::filesystem::path path;
    std::string name;
    std::int64_t size = 0;
    std::string sha256;
  };
  Result<std::string> send(OutboxEntry const& entry, File const& file, FileOrigins const& origins);
  bool send_again(OutboxEntry& entry, File const& file, std::string& upload_id, FileOrigins const& origins);
  bool failed_to_send(OutboxEntry& entry, Error const& error);
  void postpone(std::int64_t attempt, std::chrono::milliseconds time);
  void settle(std::int64_t attempt);

  Outbox& outbox_;
  OrderRefresher& refresher_;
  Send send_;
  Settled settled_;
  std::atomic<bool> stopping_ = false;
  HttpClient client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool connected_ = false;
  FileOrigins origins_;
  std::map<std::int64_t, State> states_;
  std::thread thread_;  // last: it uses all above
};

}  // namespace distren

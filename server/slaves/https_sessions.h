// The sessions of slaves over HTTPS: each is a queue of messages that its slave's next request takes away, and is as
// much a connection to the dispatcher as one of the line. A session ends with a goodbye, with another sign-on of its
// slave, or after three heartbeats without a request. Any thread. The loop must outlive stop().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "server/dispatch/slave_capabilities.h"
#include "server/http/message.h"
#include "server/net/loop.h"
#include "server/slaves/slave_session.h"

namespace distren {

class HttpsSession : public SlaveSink, public std::enable_shared_from_this<HttpsSession> {
public:
  using Clock = std::chrono::steady_clock;

  void send(std::string message) override;
  void close(protocol::Goodbye const& goodbye) override;

  // Answers with {"messages": [...]}: at once if there are any, else when one comes, or with none after that time. Who
  // waited before is answered with none: there is one reader.
  void answer(std::shared_ptr<Responder> responder, std::chrono::milliseconds wait);
  // Answers who has waited long enough. False: the session is over, nobody asked for so long.
  bool sweep(Clock::time_point now, std::chrono::milliseconds silence);
  void touch();
  [[nodiscard]] bool closed() const;
  // Attempts of orders that nobody has fetched yet, with their leases.
  [[nodiscard]] std::vector<protocol::HeldAttempt> undelivered() const;

private:
  [[nodiscard]] Reply take_all();  // with mutex_ held

  mutable std::mutex mutex_;  // guards all below
  std::vector<std::string> messages_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  Clock::time_point closed_at_{};
  Clock::time_point heard_ = Clock::now();
  std::shared_ptr<Responder> waiting_;
  Clock::time_point waiting_until_{};
};

class HttpsSessions {
public:
  static constexpr std::size_t max_messages = 100;  // of a request

  HttpsSessions(Loop& loop, SlaveServices& services);
  HttpsSessions(HttpsSessions const&) = delete;
  HttpsSessions& operator=(HttpsSessions const&) = delete;
  ~HttpsSessions() = default;
  void stop();  // says goodbye to all; before the loop stops

  // Messages of one request, in order; the first of a request without a token is a sign_on. The answer may come later.
  // denied: there is no such session (any more); invalid: no sign_on stands first. Who says more than he may gets a
  // 429.
  Result<Reply> exchange(Database& database, std::string const& address, std::string const& token,
                         std::vector<protocol::Incoming> const& messages, std::chrono::milliseconds wait);

private:
  struct Entry {
    std::string key{};  // the digest of the token
    std::shared_ptr<HttpsSession> carrier;
    std::shared_ptr<SlaveSession> session;
  };
  Result<Entry> sign_on(Database& database, std::string const& address, protocol::Incoming const& message,
                        Reply& refused);
  void forget(std::string const& key, std::string_view why);
  void sweep();

  Loop& loop_;
  SlaveServices& services_;
  std::mutex mutex_;                                 // guards sessions_
  std::unordered_map<std::string, Entry> sessions_;  // by the digest of the token
  EventPtr sweeper_;
};

}  // namespace distren

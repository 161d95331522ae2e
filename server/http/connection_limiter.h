// Enforces the time and size limits of one listener's connections, because evhttp reports a request only when it is
// complete: closes slow and idle connections and those above the limit per address; bounds the memory of incomplete
// requests. Lingers after the last reply, so that the peer receives it and no reset. Thread: the listener's loop. Times
// are milliseconds of a monotonic clock.
#pragma once

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "server/net/loop.h"
#include "server/net/rate_limit.h"

namespace distren {

struct ConnectionTimeouts {
  std::int64_t first_request_ms = 15000;   // from accept, TLS handshake included
  std::int64_t idle_ms = 60000;            // between requests
  std::int64_t silence_ms = 15000;         // within a request
  std::int64_t write_stall_ms = 60000;     // no byte of the reply accepted by the peer
  std::int64_t slowest_per_second = 1024;  // bytes; a request of n bytes may take 15 s and n / 1024 s
  std::int64_t linger_ms = 2000;
};

class ConnectionLimiter {
public:
  struct Peer {
    std::string address;
    bool loopback = false;
  };

  // counts must outlive this. buffered_limit: bytes of incomplete requests of this listener.
  ConnectionLimiter(Loop& loop, ConnectionTimeouts times, ConnectionCounts& counts, std::size_t request_limit,
                    std::size_t buffered_limit);
  ~ConnectionLimiter();
  ConnectionLimiter(ConnectionLimiter const&) = delete;
  ConnectionLimiter& operator=(ConnectionLimiter const&) = delete;

  void watch(bufferevent* connection);  // requires a new connection without a socket
  Peer request_arrived(bufferevent* connection);
  void reply_started(bufferevent* connection, bool endless);
  void reply_done(bufferevent* connection);
  void close(bufferevent* connection);  // immediately, in any phase
  [[nodiscard]] std::size_t connections() const { return watched_.size(); }

private:
  struct Watched;
  void register_new();
  void sweep();
  void check_time_limits(Watched& watched, std::int64_t now);
  void start_linger(Watched& watched, std::int64_t now);
  void close_largest_readers();
  void end(bufferevent* connection);
  static void on_input(evbuffer*, evbuffer_cb_info const* info, void* watched);
  static void on_output(evbuffer*, evbuffer_cb_info const* info, void* watched);

  ConnectionTimeouts times_;
  ConnectionCounts& counts_;
  std::size_t request_limit_;
  std::size_t buffered_limit_;
  std::unordered_map<bufferevent*, std::unique_ptr<Watched>> watched_;
  bool has_new_ = false;
  EventPtr register_event_;
  EventPtr timer_;
};

}  // namespace distren

// Watches the connections of one door, because evhttp sees a request only when it is whole: who is too slow, idle too
// long, or one too many of an address is shut down; memory for half-read requests is bounded. It also closes politely:
// after the last reply it reads on for a moment, so that the peer gets the reply and no reset.
// Everything here runs on the door's loop. Times are milliseconds of a clock that does not go back.
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
  std::int64_t write_stall_ms = 60000;     // no byte of the reply taken
  std::int64_t slowest_per_second = 1024;  // bytes; a request of n bytes may take 15 s and n / 1024 s
  std::int64_t linger_ms = 2000;
};

class Guard {
public:
  struct Peer {
    std::string address;
    bool loopback = false;
  };

  // counts must outlive the guard. buffered_limit: bytes of unfinished requests that this door may hold.
  Guard(Loop& loop, ConnectionTimeouts times, ConnectionCounts& counts, std::size_t request_limit,
        std::size_t buffered_limit);
  ~Guard();
  Guard(Guard const&) = delete;
  Guard& operator=(Guard const&) = delete;

  void watch(bufferevent* connection);  // just made, not connected to its socket yet
  Peer request_arrived(bufferevent* connection);
  void reply_started(bufferevent* connection, bool endless);
  void reply_done(bufferevent* connection);
  void close(bufferevent* connection);  // now, whatever it is doing
  [[nodiscard]] std::size_t connections() const { return watched_.size(); }

private:
  struct Watched;
  void adopt_new();
  void sweep();
  void judge(Watched& watched, std::int64_t now);
  void start_linger(Watched& watched, std::int64_t now);
  void trim_buffers();
  void end(bufferevent* connection);
  static void on_input(evbuffer*, evbuffer_cb_info const* info, void* watched);
  static void on_output(evbuffer*, evbuffer_cb_info const* info, void* watched);

  ConnectionTimeouts times_;
  ConnectionCounts& counts_;
  std::size_t request_limit_;
  std::size_t buffered_limit_;
  std::unordered_map<bufferevent*, std::unique_ptr<Watched>> watched_;
  bool some_new_ = false;
  EventPtr adopt_;
  EventPtr timer_;
};

}  // namespace distren

// One listening socket on one loop: evhttp and everything that touches it. Requests become values and go to `dispatch`;
// its answer comes back with the number of the exchange, from any thread, and is written on the loop. An exchange ends
// with its reply or with its connection, whichever comes first; late answers to it are dropped. All on the loop's
// thread except answer(), and open(), which comes before the loop starts. close() it before it is destroyed, and
// destroy it when the loop has ended.
#pragma once

#include <event2/http.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/base/result.h"
#include "server/http/connection_limiter.h"
#include "server/http/message.h"
#include "server/net/loop.h"

struct ssl_ctx_st;

namespace distren {

struct ListenerOptions {
  std::size_t header_limit = 16 << 10;
  std::size_t body_limit = 16 << 20;       // in memory before anybody sees it; see Route::body_limit
  std::size_t buffered_limit = 256 << 20;  // unfinished requests of this door together
  std::size_t feed_limit = 256 << 10;      // of a reply that stays open, not taken by its reader
  ConnectionTimeouts times;
  HeaderList always;  // headers of every reply that does not bring its own
};

class Door {
public:
  // Takes a request; must see to it that answer(exchange, ...) is called once.
  using Dispatch = std::function<void(std::uint64_t exchange, Request request)>;

  // tls may be nullptr. socket listens already; the door duplicates it.
  static Result<std::unique_ptr<Door>> open(Loop& loop, int socket, ssl_ctx_st* tls, ListenerOptions const& options,
                                            ConnectionCounts& counts, Dispatch dispatch);
  ~Door();
  Door(Door const&) = delete;
  Door& operator=(Door const&) = delete;

  void answer(std::uint64_t exchange, Reply reply);  // any thread
  void stop_accepting();
  void close();  // every connection
  [[nodiscard]] bool idle() const { return exchanges_.empty(); }
  [[nodiscard]] std::size_t connections() const { return guard_.connections(); }

private:
  struct Exchange;
  class FeedOutlet;
  Door(Loop& loop, ssl_ctx_st* tls, ListenerOptions const& options, ConnectionCounts& counts, Dispatch dispatch);
  Result<void> start(int socket);
  bufferevent* new_connection();
  void request_arrived(evhttp_request* request);
  void write(std::uint64_t id, Reply reply);
  void send_pieces(Exchange& exchange, int status);
  static Result<std::size_t> read_piece(Exchange& exchange, char* into, std::size_t size);
  void next_piece(Exchange& exchange);
  void open_feed(Exchange& exchange, Feed feed, int status);
  void push(std::uint64_t id, std::shared_ptr<std::string const> const& text);
  void end_feed(std::uint64_t id);
  void connection_closed(std::uint64_t id);
  void reply_sent(std::uint64_t id);

  struct HttpFree {
    void operator()(evhttp* http) const { evhttp_free(http); }
  };
  Loop& loop_;
  ssl_ctx_st* tls_;
  ListenerOptions options_;
  Dispatch dispatch_;
  std::uint64_t next_exchange_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>> exchanges_;
  Guard guard_;
  std::unique_ptr<evhttp, HttpFree> http_;
  evhttp_bound_socket* bound_ = nullptr;
  EventPtr accept_again_;
};

}  // namespace distren

// One listening socket on one loop: evhttp and all its callbacks. Passes requests as values to `dispatch`; the reply
// comes back from any thread with the exchange's number and is written on the loop. An exchange ends with its reply or
// with its connection; later replies are dropped. Thread: the loop, except answer(), and open(), which must precede the
// loop's start. Requires close() before destruction, and destruction after the loop has ended. Errors: unavailable.
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
  std::size_t body_limit = 16 << 20;            // in memory before the handler runs; see Route::body_limit
  std::size_t buffered_limit = 256 << 20;       // incomplete requests of this listener in total
  std::size_t stream_buffer_limit = 256 << 10;  // bytes queued in a streaming reply for a slow reader
  ConnectionTimeouts times;
  HeaderList always;  // headers of every reply that does not set them itself
};

class Listener {
public:
  // Receives a request; must ensure that answer(exchange, ...) is called once.
  using Dispatch = std::function<void(std::uint64_t exchange, Request request)>;

  // tls may be nullptr. The socket must be listening; the listener duplicates it.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, int socket, ssl_ctx_st* tls, ListenerOptions const& options,
                                                ConnectionCounts& counts, Dispatch dispatch);
  ~Listener();
  Listener(Listener const&) = delete;
  Listener& operator=(Listener const&) = delete;

  void answer(std::uint64_t exchange, Reply reply);  // any thread
  void stop_accepting();
  void close();  // closes every connection
  [[nodiscard]] bool idle() const { return exchanges_.empty(); }
  [[nodiscard]] std::size_t connections() const { return limiter_.connections(); }

private:
  struct Exchange;
  class ExchangeWriter;
  Listener(Loop& loop, ssl_ctx_st* tls, ListenerOptions const& options, ConnectionCounts& counts, Dispatch dispatch);
  Result<void> start(int socket);
  bufferevent* new_connection();
  void request_arrived(evhttp_request* request);
  void write(std::uint64_t id, Reply reply);
  void send_pieces(Exchange& exchange, int status);
  static Result<std::size_t> read_piece(Exchange& exchange, char* into, std::size_t size);
  void next_piece(Exchange& exchange);
  void open_stream(Exchange& exchange, StreamingReply stream, int status);
  void push(std::uint64_t id, std::shared_ptr<std::string const> const& text);
  void end_stream(std::uint64_t id);
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
  ConnectionLimiter limiter_;
  std::unique_ptr<evhttp, HttpFree> http_;
  evhttp_bound_socket* bound_ = nullptr;
  EventPtr accept_again_;
};

}  // namespace distren

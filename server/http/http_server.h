// The HTTP server: doors (a listening socket on each loop), a handler that runs whole on a worker thread, and exactly
// one reply to each request, also when the handler throws (500), the queue is full (503 at once) or the server stops.
// listen() before the loops start. Order of the end: stop_accepting(), workers.stop(), stop(), then the loops' stop;
// the loops and the pool outlive this object, and so does everything that may still hold an Answer.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/base/result.h"
#include "server/database/workers.h"
#include "server/http/listener.h"
#include "server/http/message.h"
#include "server/net/loop.h"
#include "server/net/rate_limit.h"

namespace distren {

struct HttpOptions {
  ListenerOptions door;
  int connections_per_address = 64;  // neither counts on loopback
  double requests_per_second = 200;  // per address; bursts of three seconds' worth
};

struct HttpCounters {
  std::array<std::atomic<std::uint64_t>, 6> by_class{};  // [2]: 200 to 299
  std::atomic<std::uint64_t> turned_away{0};             // the queue was full
};

class HttpServer {
public:
  using Handler = std::function<Reply(Request const&, Worker&)>;

  HttpServer(std::vector<Loop*> loops, WorkerPool& workers, Handler handler, HttpOptions options,
             HttpCounters& counters);
  ~HttpServer();
  HttpServer(HttpServer const&) = delete;
  HttpServer& operator=(HttpServer const&) = delete;

  // On every loop. tls may be nullptr and must outlive the server; the socket may be closed afterwards.
  Result<void> listen(int socket, ssl_ctx_st* tls);
  void stop_accepting();
  void stop();  // what is being answered gets two seconds

private:
  class Ticket;
  void dispatch(Door& door, std::uint64_t exchange, Request request);
  void answer(Door& door, std::uint64_t exchange, Reply reply);
  void on_each_loop(std::function<void(Door&)> const& task);

  std::vector<Loop*> loops_;
  WorkerPool& workers_;
  Handler handler_;
  HttpOptions options_;
  HttpCounters& counters_;
  ConnectionCounts connections_;
  TokenBuckets requests_;
  struct Place {
    Loop* loop;
    std::unique_ptr<Door> door;
  };
  std::vector<Place> doors_;
};

// Content-Security-Policy and its kin; Strict-Transport-Security where there is TLS.
HeaderList security_headers(bool tls);

}  // namespace distren

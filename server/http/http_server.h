// The HTTP server: one listener per loop, a handler that runs on a worker thread, and exactly one reply to each
// request, also when the handler throws (500), the queue is full (503 at once) or the server stops. Requires listen()
// before the loops start. Shutdown order: stop_accepting(), workers.stop(), stop(), then the loops. Loops, pool and
// every holder of a Responder must outlive this object. Errors: unavailable.
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
#include "server/http/rate_headers.h"
#include "server/net/loop.h"
#include "server/net/rate_limit.h"

namespace distren {

struct HttpOptions {
  ListenerOptions listener;
  int connections_per_address = 64;  // this limit and the next exempt loopback
  // Under which limit of its address a request falls; asked on a loop. Limits of different names are apart.
  std::function<RatePolicy(Request const&)> address_limit = [](Request const&) {
    return RatePolicy{"address", {500, 5000}};
  };
  // Adds what every answer to a request has, whoever gives it; any thread.
  std::function<void(Request const&, Reply&)> finish = [](Request const&, Reply&) {};
};

struct HttpCounters {
  std::array<std::atomic<std::uint64_t>, 6> by_class{};  // [2]: 200 to 299
  std::atomic<std::uint64_t> rejected{0};                // by a full queue
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
  void stop();  // waits up to two seconds for pending replies

private:
  class ExchangeResponder;
  void dispatch(Listener& listener, std::uint64_t exchange, Request request);
  void answer(Listener& listener, std::uint64_t exchange, Reply reply);
  std::int64_t limit_address(Request const& request, HeaderList& headers);
  void on_each_loop(std::function<void(Listener&)> const& task);

  std::vector<Loop*> loops_;
  WorkerPool& workers_;
  Handler handler_;
  HttpOptions options_;
  HttpCounters& counters_;
  ConnectionCounts connections_;
  TokenBuckets requests_;
  struct LoopListener {
    Loop* loop;
    std::unique_ptr<Listener> listener;
  };
  std::vector<LoopListener> listeners_;
};

// Content-Security-Policy and related headers; Strict-Transport-Security with TLS.
HeaderList security_headers(bool tls);

}  // namespace distren

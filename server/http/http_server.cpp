#include "server/http/http_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <thread>

#include "common/base/log.h"

namespace distren {

namespace {

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

HeaderList security_headers(bool tls) {
  HeaderList headers{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
       "media-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cache-Control", "private, no-cache"},
  };
  if (tls) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  return headers;
}

// Answers one exchange exactly once, with these headers beside the reply's. Destroyed unused it answers 503, so that no
// client waits forever.
class HttpServer::ExchangeResponder : public Responder {
public:
  ExchangeResponder(HttpServer& server, Listener& listener, std::uint64_t exchange,
                    std::shared_ptr<Request const> request, HeaderList headers)
      : server_(server),
        listener_(listener),
        exchange_(exchange),
        request_(std::move(request)),
        headers_(std::move(headers)) {}
  ExchangeResponder(ExchangeResponder const&) = delete;
  ExchangeResponder& operator=(ExchangeResponder const&) = delete;
  ~ExchangeResponder() override { send(busy_reply("shutting_down", "the server is shutting down; retry later", 5000)); }
  void send(Reply reply) override {
    if (sent_.exchange(true)) return;
    std::ranges::move(headers_, std::back_inserter(reply.headers));
    server_.options_.finish(*request_, reply);
    server_.answer(listener_, exchange_, std::move(reply));
  }
  // Of a reply that comes later; before it can come.
  void keep(HeaderList headers) { std::ranges::move(headers, std::back_inserter(headers_)); }

private:
  HttpServer& server_;
  Listener& listener_;
  std::uint64_t exchange_;
  std::shared_ptr<Request const> request_;  // shared with the worker that handles it
  HeaderList headers_;
  std::atomic<bool> sent_{false};
};

HttpServer::HttpServer(std::vector<Loop*> loops, WorkerPool& workers, Handler handler, HttpOptions options,
                       HttpCounters& counters)
    : loops_(std::move(loops)),
      workers_(workers),
      handler_(std::move(handler)),
      options_(std::move(options)),
      counters_(counters),
      connections_(options_.connections_per_address) {}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(int socket, ssl_ctx_st* tls) {
  ListenerOptions options = options_.listener;
  options.always = security_headers(tls != nullptr);
  for (auto* loop : loops_) {
    auto& each = listeners_.emplace_back(LoopListener{loop, nullptr});
    auto const index = listeners_.size() - 1;
    auto listener = Listener::open(*loop, socket, tls, options, connections_,
                                   [this, index](std::uint64_t exchange, Request request) {
                                     dispatch(*listeners_[index].listener, exchange, std::move(request));
                                   });
    if (!listener) {
      listeners_.pop_back();
      return std::move(listener).error();
    }
    each.listener = std::move(*listener);
  }
  return {};
}

void HttpServer::dispatch(Listener& listener, std::uint64_t exchange, Request request) {
  HeaderList headers;
  auto const wait = limit_address(request, headers);
  // Shared, because the pool's std::function copies its captures.
  auto const shared_request = std::make_shared<Request const>(std::move(request));
  auto responder = std::make_shared<ExchangeResponder>(*this, listener, exchange, shared_request, std::move(headers));
  if (wait > 0)
    return responder->send(busy_reply("rate_limited", "too many requests from your address; slow down", wait));
  bool const queued = workers_.submit([this, responder, shared_request](Worker& worker) {
    try {
      Reply reply = handler_(*shared_request, worker);
      if (auto* later = std::get_if<DeferredReply>(&reply.body)) {
        responder->keep(std::move(reply.headers));
        later->start(responder);
      } else {
        responder->send(std::move(reply));
      }
    } catch (std::exception const& error) {
      spdlog::error("request={} {} {} failed: {}", shared_request->id, shared_request->method,
                    quote(shared_request->path), error.what());
      responder->send(error_reply("internal_error", "internal server error; see the server log"));
    }
  });
  if (queued) return;
  ++counters_.rejected;
  responder->send(busy_reply("busy", "the server is busy; retry later", 2000));
}

// Milliseconds to wait; 0: go ahead.
std::int64_t HttpServer::limit_address(Request const& request, HeaderList& headers) {
  if (request.loopback) return 0;
  auto const policy = options_.address_limit(request);
  auto const state =
      requests_.use(fmt::format("{} {}", policy.name, limit_key(request.address)), steady_ms(), policy.rate);
  add_rate_headers(headers, policy, state);
  return state.wait_ms;
}

void HttpServer::answer(Listener& listener, std::uint64_t exchange, Reply reply) {
  auto const status_class = static_cast<std::size_t>(reply.status / 100);
  if (status_class < counters_.by_class.size()) ++counters_.by_class[status_class];
  listener.answer(exchange, std::move(reply));
}

void HttpServer::on_each_loop(std::function<void(Listener&)> const& task) {
  for (auto& each : listeners_) {
    std::promise<void> done;
    each.loop->post([&] {
      task(*each.listener);
      done.set_value();
    });
    done.get_future().wait();
  }
}

void HttpServer::stop_accepting() {
  on_each_loop([](Listener& listener) { listener.stop_accepting(); });
}

void HttpServer::stop() {
  for (int i = 0; i < 40; ++i) {
    bool idle = true;
    on_each_loop([&idle](Listener& listener) { idle = idle && listener.idle(); });
    if (idle) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  on_each_loop([](Listener& listener) { listener.close(); });
}

}  // namespace distren

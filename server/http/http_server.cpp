#include "server/http/http_server.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <future>
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
      {"Cache-Control", "no-store"},
  };
  if (tls) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  return headers;
}

// The right to answer one exchange once. Destroyed unused it answers 503: nobody waits for ever.
class HttpServer::Ticket : public Answer {
public:
  Ticket(HttpServer& server, Door& door, std::uint64_t exchange) : server_(server), door_(door), exchange_(exchange) {}
  Ticket(Ticket const&) = delete;
  Ticket& operator=(Ticket const&) = delete;
  ~Ticket() override { give(busy_reply(503, "the server is stopping; try again", 5000)); }
  void give(Reply reply) override {
    if (!given_.exchange(true)) server_.answer(door_, exchange_, std::move(reply));
  }

private:
  HttpServer& server_;
  Door& door_;
  std::uint64_t exchange_;
  std::atomic<bool> given_{false};
};

HttpServer::HttpServer(std::vector<Loop*> loops, WorkerPool& workers, Handler handler, HttpOptions options,
                       HttpCounters& counters)
    : loops_(std::move(loops)),
      workers_(workers),
      handler_(std::move(handler)),
      options_(std::move(options)),
      counters_(counters),
      connections_(options_.connections_per_address),
      requests_(options_.requests_per_second, options_.requests_per_second * 3) {}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(int socket, ssl_ctx_st* tls) {
  ListenerOptions options = options_.door;
  options.always = security_headers(tls != nullptr);
  for (auto* loop : loops_) {
    auto& place = doors_.emplace_back(Place{loop, nullptr});
    auto const index = doors_.size() - 1;
    auto door =
        Door::open(*loop, socket, tls, options, connections_, [this, index](std::uint64_t exchange, Request request) {
          dispatch(*doors_[index].door, exchange, std::move(request));
        });
    if (!door) {
      doors_.pop_back();
      return std::move(door).error();
    }
    place.door = std::move(*door);
  }
  return {};
}

void HttpServer::dispatch(Door& door, std::uint64_t exchange, Request request) {
  if (!request.loopback) {
    if (auto const wait = requests_.take(request.address, steady_ms()); wait > 0) {
      return answer(door, exchange, busy_reply(429, "too many requests from your address; slow down", wait));
    }
  }
  // Shared, because the pool's std::function copies what it holds.
  auto ticket = std::make_shared<Ticket>(*this, door, exchange);
  auto held = std::make_shared<Request>(std::move(request));
  bool const queued = workers_.submit([this, ticket, held](Worker& worker) {
    try {
      Reply reply = handler_(*held, worker);
      if (auto* later = std::get_if<Later>(&reply.body)) {
        later->start(ticket);
      } else {
        ticket->give(std::move(reply));
      }
    } catch (std::exception const& error) {
      spdlog::error("{} {} failed: {}", held->method, quote(held->path), error.what());
      ticket->give(error_reply(500, "the server made a mistake; its log says more"));
    }
  });
  if (queued) return;
  ++counters_.turned_away;
  ticket->give(busy_reply(503, "the server is busy; try again", 2000));
}

void HttpServer::answer(Door& door, std::uint64_t exchange, Reply reply) {
  auto const status_class = static_cast<std::size_t>(reply.status / 100);
  if (status_class < counters_.by_class.size()) ++counters_.by_class[status_class];
  door.answer(exchange, std::move(reply));
}

void HttpServer::on_each_loop(std::function<void(Door&)> const& task) {
  for (auto& place : doors_) {
    std::promise<void> done;
    place.loop->post([&] {
      task(*place.door);
      done.set_value();
    });
    done.get_future().wait();
  }
}

void HttpServer::stop_accepting() {
  on_each_loop([](Door& door) { door.stop_accepting(); });
}

void HttpServer::stop() {
  for (int i = 0; i < 40; ++i) {
    bool idle = true;
    on_each_loop([&idle](Door& door) { idle = idle && door.idle(); });
    if (idle) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  on_each_loop([](Door& door) { door.close(); });
}

}  // namespace distren

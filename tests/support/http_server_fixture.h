// An HTTP server on real sockets, with a handler of its own in place of the API: it echoes, is late, throws, streams
// and sends files, each at its path.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "common/base/digest.h"
#include "server/http/file_reply.h"
#include "server/http/http_server.h"
#include "server/net/listen_address.h"
#include "tests/support/check_main.h"

namespace distren {

inline constexpr std::int64_t made_length = 1000000;

// Bytes made on their way, an odd number at a time; fails after `good` of them.
class Counting : public ByteSource {
public:
  explicit Counting(std::int64_t good) : good_(good) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    std::size_t const count = std::min<std::size_t>(size, 77777);
    for (std::size_t i = 0; i < count; ++i) into[i] = static_cast<char>(at_++ * 7);
    if (at_ > good_) return Error{Errc::unavailable, "the disk is gone"};
    return count;
  }

private:
  std::int64_t good_, at_ = 0;
};

// With one worker, on a free port of loopback.
struct HttpServerFixture {
  Loop first;
  Loop second;
  HttpCounters counters;
  WorkerPool workers;
  std::filesystem::path folder;
  std::mutex mutex;  // guards kept
  std::condition_variable arrived;
  std::shared_ptr<Responder> kept;  // of GET /later
  struct Open {                     // of GET /stream
    std::mutex mutex;
    std::shared_ptr<StreamWriter> outlet;
    std::atomic<int> streams{0};
    void send(std::string text) {
      std::lock_guard const lock(mutex);
      outlet->send(std::make_shared<std::string const>(std::move(text)));
    }
  };
  std::shared_ptr<Open> open = std::make_shared<Open>();
  std::atomic<bool> blocked{false};
  HttpServer server;
  int port = 0;
  bool running = true;

  static DatabaseAddress nowhere() {  // these handlers need no database
    DatabaseAddress address;
    address.socket = "/nonexistent";
    return address;
  }

  static HttpOptions options(ConnectionTimeouts times) {
    HttpOptions options;
    options.listener.body_limit = 1 << 20;
    options.listener.times = times;
    return options;
  }

  explicit HttpServerFixture(ConnectionTimeouts times = {}, std::size_t queue = 100, ssl_ctx_st* tls = nullptr)
      : workers(nowhere(), 1, queue),
        folder(std::filesystem::temp_directory_path() / ("distren-http-" + random_secret())),
        server(
            {&first, &second}, workers, [this](Request const& request, Worker&) { return answer(request); },
            options(times), counters) {
    std::filesystem::create_directory(folder);
    auto const address = parse_listen_address("127.0.0.1:0");
    auto const socket = listen_on(*address);
    ck_assert(socket.has_value());
    port = bound_port(socket->get());
    ck_assert(server.listen(socket->get(), tls).has_value());
    first.start();
    second.start();
  }
  void stop() {
    if (!running) return;
    running = false;
    blocked = false;
    server.stop_accepting();
    workers.stop();
    server.stop();
    first.stop();
    second.stop();
  }
  ~HttpServerFixture() {
    stop();
    std::filesystem::remove_all(folder);
  }

  Reply answer(Request const& request) {
    while (blocked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (request.path == "/throw") throw std::runtime_error("on purpose");
    if (request.path == "/later") {
      Reply reply;
      reply.body = DeferredReply{[this](std::shared_ptr<Responder> answer) {
        std::lock_guard const lock(mutex);
        kept = std::move(answer);
        arrived.notify_one();
      }};
      return reply;
    }
    if (request.path == "/stream") {
      Reply reply;
      reply.with("Content-Type", "text/event-stream");
      ++open->streams;
      auto const held = std::shared_ptr<Open>(open.get(), [each = open](Open*) { --each->streams; });
      reply.body = StreamingReply{[held](std::shared_ptr<StreamWriter> outlet) {
        std::lock_guard const lock(held->mutex);
        held->outlet = std::move(outlet);
        held->outlet->send(std::make_shared<std::string const>("begun\n"));
      }};
      return reply;
    }
    if (request.path == "/dropped") {
      Reply reply;
      reply.body = DeferredReply{[](std::shared_ptr<Responder>) {}};
      return reply;
    }
    if (request.path == "/file") {
      return file_reply(request, {.path = folder / "file",
                                  .content_type = "application/octet-stream",
                                  .tag = {},
                                  .download_name = {},
                                  .cache_control = "private"});
    }
    if (request.path == "/made" || request.path == "/broken") {
      Reply reply;
      reply.body =
          GeneratedBody{std::make_unique<Counting>(request.path == "/broken" ? 700000 : made_length), made_length};
      return reply;
    }
    if (request.path == "/empty") return empty_reply(204);
    return text_reply(200, "text/plain",
                      request.method + " " + request.path + " " + std::to_string(request.body.size()));
  }

  // The right to answer "/later", when the request has come so far.
  std::shared_ptr<Responder> take_kept() {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [this] { return kept != nullptr; });
    return std::move(kept);
  }

  // Bytes that differ from place to place, so that a wrong piece shows.
  std::string make_file(std::size_t size) const {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>((i * 2654435761U) >> 13);
    std::ofstream(folder / "file", std::ios::binary) << content;
    return content;
  }
};

}  // namespace distren

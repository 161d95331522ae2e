#include "server/slaves/line_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <future>

#include "server/dispatch/slave_events.h"
#include "server/net/listen_address.h"
#include "server/slaves/line_session.h"

namespace distren {

LineServer::LineServer(std::vector<std::unique_ptr<Loop>>& loops, SlaveServices& services)
    : loops_(loops), services_(services) {
  for (auto& loop : loops_) {
    auto line_loop = std::make_unique<LineLoop>(*loop, services_);
    line_loop->sweeper = loop->every(1000, [raw = line_loop.get()] { raw->sweep(); });
    line_loops_.push_back(std::move(line_loop));
  }
}

LineServer::~LineServer() = default;

Result<void> LineServer::listen(std::string const& text, ssl_ctx_st* tls) {
  auto const address = parse_listen_address(text);
  if (!address) return address.error();
  auto socket = listen_on(*address);
  if (!socket) return socket.error();
  auto listener = std::make_unique<Listener>();
  listener->server = this;
  listener->tls = tls;
  listener->socket = std::move(*socket);
  ports_.push_back(bound_port(listener->socket.get()));
  listener->handle = evconnlistener_new(loops_.front()->base(), accept, listener.get(), LEV_OPT_CLOSE_ON_EXEC, -1,
                                        listener->socket.get());
  if (listener->handle == nullptr) return fail(Errc::unavailable, "cannot accept connections on " + text);
  listeners_.push_back(std::move(listener));
  return {};
}

void LineServer::accept(evconnlistener*, int fd, sockaddr* peer, int, void* raw) {
  auto& listener = *static_cast<Listener*>(raw);
  LineServer& server = *listener.server;
  bool loopback = false;
  std::string address = peer_address(peer, &loopback);
  int const on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  LineLoop& home = *server.line_loops_[server.next_loop_++ % server.line_loops_.size()];
  home.loop().post([&home, socket = std::make_shared<FileDescriptor>(fd), tls = listener.tls,
                    address = std::move(address),
                    loopback] { home.adopt(std::move(*socket), tls, address, !loopback); });
}

void LineServer::stop() {
  auto const run_on = [](Loop& loop, std::function<void()> task) {
    std::promise<void> done;
    loop.post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  };
  run_on(*loops_.front(), [this] {
    for (auto& listener : listeners_) evconnlistener_free(listener->handle);
    listeners_.clear();
  });
  for (auto& home : line_loops_) {
    run_on(home->loop(), [&home] {
      home->sweeper.reset();
      home->close_all();
    });
  }
}

int LineServer::connections() const {
  int total = 0;
  for (auto const& home : line_loops_) total += home->connections();
  return total;
}

void LineLoop::adopt(FileDescriptor socket, ssl_ctx_st* context, std::string address, bool counted) {
  if (counted) {
    auto const same = std::ranges::count_if(sessions_, [&](auto const& other) { return other->address() == address; });
    if (same >= services_.connections_per_address) {
      spdlog::warn("line: address={} has {} connections already, refused", address, same);
      return;
    }
  }
  SSL* const tls = context == nullptr ? nullptr : SSL_new(context);
  if (tls != nullptr) {
    SSL_set_accept_state(tls);
    SSL_set_read_ahead(tls, 1);  // a record in one read
  } else if (context != nullptr) {
    spdlog::error("line: no memory for a connection from {}", address);
    return;
  }
  auto session = std::make_shared<LineSession>(*this, std::move(socket), tls, std::move(address), counted);
  sessions_.insert(session);
  count_.fetch_add(1, std::memory_order_relaxed);
  if (!session->open()) session->end("no memory for it");
}

void LineLoop::send(std::shared_ptr<LineSession> session, std::string line, bool then_close) {
  bool first = false;
  {
    std::lock_guard const lock(mutex_);
    first = gathered_.empty();
    gathered_.push_back({std::move(session), std::move(line), then_close});
  }
  if (first) loop_.post([this] { write_gathered(); });
}

void LineLoop::write_gathered() {
  std::vector<Outgoing> gathered;
  {
    std::lock_guard const lock(mutex_);
    gathered.swap(gathered_);
  }
  for (auto const& out : gathered) {
    if (!out.line.empty()) out.session->add(out.line);
    if (out.then_close) out.session->finish_writing_then_end();
  }
  for (auto const& out : gathered) out.session->flush();  // all that one slave gets in one piece
}

void LineLoop::sweep() {
  if (!pinged_.empty())
    services_.dispatcher.tell([pinged = std::exchange(pinged_, {})](DispatchCore& core, std::int64_t now) {
      for (std::int64_t const slave : pinged) slave_seen(core, slave, now);
    });
  auto const now = LineSession::Clock::now();
  // Copied, because both may end a session, which takes it out of the set.
  std::vector<std::shared_ptr<LineSession>> paused, overdue;
  for (auto const& session : sessions_) {
    if (session->paused()) paused.push_back(session);
    if (session->overdue(now)) overdue.push_back(session);
  }
  for (auto const& session : paused) session->resume_if_due(now);
  for (auto const& session : overdue) session->end("silent for too long");
}

void LineLoop::close_all() {
  auto const sessions = std::exchange(sessions_, {});
  for (auto const& session : sessions) session->say_goodbye();
}

void LineLoop::forget(LineSession* session) {
  if (sessions_.erase(session->shared_from_this()) > 0) count_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace distren

#include "server/http/connection_limiter.h"

#include <event2/buffer.h>
#include <event2/util.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "server/net/listen_address.h"

namespace distren {

namespace {

constexpr int tick_ms = 250;
constexpr std::int64_t linger_bytes = 16 << 20;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct ConnectionLimiter::Watched {
  enum class Phase { fresh, idle, reading, handling, writing, endless, lingering };

  bufferevent* connection = nullptr;  // owns one reference
  Peer peer;
  bool registered = false;
  bool counted = false;
  Phase phase = Phase::fresh;
  std::int64_t since = 0;  // start of the phase
  std::int64_t last = 0;   // time of the last transferred byte
  std::int64_t bytes = 0;  // transferred in this phase

  void enter(Phase next) {
    phase = next;
    since = last = now_ms();
    bytes = 0;
  }
  [[nodiscard]] std::size_t buffered() const { return evbuffer_get_length(bufferevent_get_input(connection)); }
};

ConnectionLimiter::ConnectionLimiter(Loop& loop, ConnectionTimeouts times, ConnectionCounts& counts,
                                     std::size_t request_limit, std::size_t buffered_limit)
    : times_(times), counts_(counts), request_limit_(request_limit), buffered_limit_(buffered_limit) {
  register_event_.reset(event_new(
      loop.base(), -1, 0,
      [](evutil_socket_t, short, void* self) { static_cast<ConnectionLimiter*>(self)->register_new(); }, this));
  timer_ = loop.every(tick_ms, [this] { sweep(); });
}

ConnectionLimiter::~ConnectionLimiter() {
  std::vector<bufferevent*> all;
  for (auto const& [connection, watched] : watched_) all.push_back(connection);
  for (auto* connection : all) end(connection);
}

void ConnectionLimiter::watch(bufferevent* connection) {
  auto watched = std::make_unique<Watched>();
  watched->connection = connection;
  watched->enter(Watched::Phase::fresh);
  bufferevent_incref(connection);  // keeps the socket after evhttp has freed the connection, so that lingering works
  // evhttp itself reads without bound while it writes a reply or waits for the end of a chunk size.
  bufferevent_setwatermark(connection, EV_READ, 0, request_limit_);
  evbuffer_add_cb(bufferevent_get_input(connection), on_input, watched.get());
  evbuffer_add_cb(bufferevent_get_output(connection), on_output, watched.get());
  watched_.emplace(connection, std::move(watched));
  has_new_ = true;
  event_active(register_event_.get(), EV_TIMEOUT, 0);  // the socket is known after this call has returned to evhttp
}

void ConnectionLimiter::register_new() {
  if (!has_new_) return;
  has_new_ = false;
  for (auto const& [connection, watched] : watched_) {
    if (watched->registered) continue;
    watched->registered = true;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    int const socket = bufferevent_getfd(connection);
    if (socket < 0 || ::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    watched->peer.address = peer_address(reinterpret_cast<sockaddr*>(&address), &watched->peer.loopback);
    if (watched->peer.loopback) continue;
    watched->counted = counts_.add(watched->peer.address);
    if (!watched->counted) close(connection);
  }
}

ConnectionLimiter::Peer ConnectionLimiter::request_arrived(bufferevent* connection) {
  register_new();
  auto const found = watched_.find(connection);
  if (found == watched_.end()) return {};
  found->second->enter(Watched::Phase::handling);
  return found->second->peer;
}

void ConnectionLimiter::reply_started(bufferevent* connection, bool endless) {
  auto const found = watched_.find(connection);
  if (found != watched_.end()) found->second->enter(endless ? Watched::Phase::endless : Watched::Phase::writing);
}

void ConnectionLimiter::reply_done(bufferevent* connection) {
  auto const found = watched_.find(connection);
  if (found == watched_.end()) return;
  bool const pipelined = found->second->buffered() > 0;
  found->second->enter(pipelined ? Watched::Phase::reading : Watched::Phase::idle);
}

void ConnectionLimiter::close(bufferevent* connection) {
  // Reported to evhttp as a disconnect: it would not notice a close on a connection whose buffer is full.
  bufferevent_trigger_event(connection, BEV_EVENT_EOF | BEV_EVENT_READING, BEV_TRIG_DEFER_CALLBACKS);
}

void ConnectionLimiter::on_input(evbuffer*, evbuffer_cb_info const* info, void* self) {
  if (info->n_added == 0) return;
  auto& watched = *static_cast<Watched*>(self);
  if (watched.phase == Watched::Phase::fresh || watched.phase == Watched::Phase::idle) {
    watched.enter(Watched::Phase::reading);
  }
  if (watched.phase == Watched::Phase::reading || watched.phase == Watched::Phase::lingering) {
    watched.bytes += static_cast<std::int64_t>(info->n_added);
    watched.last = now_ms();
  }
}

void ConnectionLimiter::on_output(evbuffer*, evbuffer_cb_info const* info, void* self) {
  if (info->n_deleted == 0) return;
  auto& watched = *static_cast<Watched*>(self);
  if (watched.phase == Watched::Phase::lingering) return;
  watched.last = now_ms();
  if (watched.phase == Watched::Phase::writing) watched.bytes += static_cast<std::int64_t>(info->n_deleted);
}

void ConnectionLimiter::check_time_limits(Watched& watched, std::int64_t now) {
  auto const lasted = now - watched.since;
  auto const silent = now - watched.last;
  auto const allowed = [&](std::int64_t base) { return base + watched.bytes * 1000 / times_.slowest_per_second; };
  bool over = false;
  switch (watched.phase) {
    case Watched::Phase::fresh:
      over = lasted > times_.first_request_ms;
      break;
    case Watched::Phase::idle:
      over = lasted > times_.idle_ms;
      break;
    case Watched::Phase::reading:
      over = silent > times_.silence_ms || lasted > allowed(times_.silence_ms);
      break;
    case Watched::Phase::writing:
      over = silent > times_.write_stall_ms || lasted > allowed(times_.write_stall_ms);
      break;
    case Watched::Phase::endless:
      over = evbuffer_get_length(bufferevent_get_output(watched.connection)) > 0 && silent > times_.write_stall_ms;
      break;
    case Watched::Phase::handling:
    case Watched::Phase::lingering:
      break;
  }
  if (over) close(watched.connection);
}

void ConnectionLimiter::start_linger(Watched& watched, std::int64_t now) {
  watched.enter(Watched::Phase::lingering);
  watched.since = now;
  auto* input = bufferevent_get_input(watched.connection);
  evbuffer_drain(input, evbuffer_get_length(input));
  bufferevent_disable(watched.connection, EV_WRITE);
  bufferevent_setcb(
      watched.connection,
      [](bufferevent* connection, void* self) {
        auto* arrived = bufferevent_get_input(connection);
        evbuffer_drain(arrived, evbuffer_get_length(arrived));
        auto& lingering = *static_cast<Watched*>(self);
        if (lingering.bytes < linger_bytes) return;
        bufferevent_disable(connection, EV_READ);
        lingering.since = 0;  // the next sweep ends it
      },
      nullptr, [](bufferevent*, short, void* self) { static_cast<Watched*>(self)->since = 0; }, &watched);
  bufferevent_enable(watched.connection, EV_READ);
}

void ConnectionLimiter::sweep() {
  auto const now = now_ms();
  std::vector<bufferevent*> over;
  for (auto const& [connection, watched] : watched_) {
    if (watched->phase == Watched::Phase::lingering) {
      if (now - watched->since > times_.linger_ms) over.push_back(connection);
      continue;
    }
    bufferevent_event_cb on_event = nullptr;
    bufferevent_getcb(connection, nullptr, nullptr, &on_event, nullptr);
    if (on_event == nullptr) {  // freed by evhttp
      start_linger(*watched, now);
    } else {
      check_time_limits(*watched, now);
    }
  }
  for (auto* connection : over) end(connection);
  close_largest_readers();
}

void ConnectionLimiter::close_largest_readers() {
  std::size_t total = 0;
  std::vector<std::pair<std::size_t, bufferevent*>> reading;
  for (auto const& [connection, watched] : watched_) {
    if (watched->phase != Watched::Phase::reading) continue;
    reading.emplace_back(watched->buffered(), connection);
    total += reading.back().first;
  }
  std::sort(reading.rbegin(), reading.rend());
  for (auto const& [size, connection] : reading) {
    if (total <= buffered_limit_) break;
    close(connection);
    total -= size;
  }
}

void ConnectionLimiter::end(bufferevent* connection) {
  auto const found = watched_.find(connection);
  if (found == watched_.end()) return;
  auto& watched = *found->second;
  evbuffer_remove_cb(bufferevent_get_input(connection), on_input, &watched);
  evbuffer_remove_cb(bufferevent_get_output(connection), on_output, &watched);
  bufferevent_setcb(connection, nullptr, nullptr, nullptr, nullptr);
  if (watched.counted) counts_.remove(watched.peer.address);
  bufferevent_decref(connection);  // the last reference closes the socket
  watched_.erase(found);
}

}  // namespace distren

#include "server/net/line_connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace distren {

namespace {

constexpr std::size_t read_size = 64U << 10;  // bytes at a time; also the most that one wire may have before the next
constexpr std::size_t keep_capacity = 256;    // a buffer that is larger than this when it is empty is given back

// Bytes are taken out of it before anything else on this thread can read.
std::array<char, read_size>& shared_buffer() {
  thread_local std::array<char, read_size> buffer;
  return buffer;
}

void empty(std::string& text) {
  text.clear();
  if (text.capacity() > keep_capacity) std::string().swap(text);
}

std::string tls_reason() {
  unsigned long const code = ERR_get_error();
  ERR_clear_error();
  char const* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return std::string("TLS failed: ") + (reason == nullptr ? "the other side hung up" : reason);
}

}  // namespace

LineConnection::LineConnection(event_base* base, FileDescriptor socket, ssl_st* tls, std::size_t line_limit,
                               LineConnectionHandler& owner)
    : base_(base), socket_(std::move(socket)), tls_(tls), line_limit_(line_limit), owner_(owner) {}

LineConnection::~LineConnection() {
  end();
}

bool LineConnection::open() {
  if (tls_ != nullptr && SSL_set_fd(tls_, socket_.get()) != 1) return false;
  readable_ = event_new(base_, socket_.get(), EV_READ | EV_PERSIST, can_read, this);
  if (readable_ == nullptr || event_add(readable_, nullptr) != 0) return false;
  want_write(true);  // at once for a socket that is connected already
  return true;
}

void LineConnection::end() {
  for (event** const each : {&readable_, &writable_}) {
    if (*each != nullptr) event_free(*each);
    *each = nullptr;
  }
  if (tls_ != nullptr) {
    // A word of farewell if it fits into the socket, no waiting for an answer.
    if (stage_ == Stage::open) SSL_shutdown(tls_);
    ERR_clear_error();
    SSL_free(tls_);
    tls_ = nullptr;
  }
  socket_ = FileDescriptor();
}

void LineConnection::fail(std::string_view why) {
  if (ended()) return;
  end();
  owner_.on_end(why);
}

void LineConnection::want_write(bool wanted) {
  if (wanted == wants_write_) return;
  if (writable_ == nullptr) writable_ = event_new(base_, socket_.get(), EV_WRITE | EV_PERSIST, can_write, this);
  if (writable_ == nullptr) return;
  wants_write_ = wanted;
  if (wanted)
    event_add(writable_, nullptr);
  else
    event_del(writable_);
}

void LineConnection::can_read(int, short, void* raw) {
  auto& self = *static_cast<LineConnection*>(raw);
  auto const keep = self.owner_.keep();
  if (self.stage_ != Stage::open) self.proceed();
  if (self.stage_ == Stage::open && !self.ended()) self.read();
}

void LineConnection::can_write(int, short, void* raw) {
  auto& self = *static_cast<LineConnection*>(raw);
  auto const keep = self.owner_.keep();
  if (self.stage_ != Stage::open) {
    self.proceed();
    // A quick peer's first line may have been read together with the end of the handshake: no event reports it.
    if (!self.ended() && self.stage_ == Stage::open && self.tls_ != nullptr && SSL_has_pending(self.tls_) == 1)
      event_active(self.readable_, EV_READ, 0);
    return;
  }
  self.flush();
  if (!self.ended() && self.unsent() == 0) self.owner_.on_drained();
}

void LineConnection::proceed() {
  if (stage_ == Stage::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == EINPROGRESS) return;
    if (error != 0) return fail(std::strerror(error));
    stage_ = Stage::handshake;
  }
  if (tls_ != nullptr) {
    ERR_clear_error();
    int const done = SSL_do_handshake(tls_);
    if (done != 1) {
      int const error = SSL_get_error(tls_, done);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return fail(tls_reason());
      return want_write(error == SSL_ERROR_WANT_WRITE);
    }
  }
  stage_ = Stage::open;
  want_write(false);
  owner_.on_open();
  if (!ended()) flush();
}

int LineConnection::receive(char* buffer, std::size_t size) {
  if (tls_ == nullptr) {
    ssize_t const got = ::recv(socket_.get(), buffer, size, 0);
    if (got > 0) return static_cast<int>(got);
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
  }
  ERR_clear_error();
  int const got = SSL_read(tls_, buffer, static_cast<int>(size));
  if (got > 0) return got;
  int const error = SSL_get_error(tls_, got);
  if (error == SSL_ERROR_WANT_WRITE) want_write(true);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void LineConnection::read() {
  auto& buffer = shared_buffer();
  std::size_t total = 0;
  do {
    int const got = receive(buffer.data(), buffer.size());
    if (got < 0) return fail("it hung up");
    if (got == 0) return;
    total += static_cast<std::size_t>(got);
    take({buffer.data(), static_cast<std::size_t>(got)});
    // Plain bytes that are left make the socket readable again; those that TLS has read already do not.
  } while (!ended() && !reading_paused_ && tls_ != nullptr && total < read_size && SSL_has_pending(tls_) == 1);
  if (!ended() && !reading_paused_ && tls_ != nullptr && SSL_has_pending(tls_) == 1)
    event_active(readable_, EV_READ, 0);
}

void LineConnection::take(std::string_view bytes) {
  if (reading_paused_ || !kept_.empty()) {
    bool const whole = bytes.find('\n') != std::string_view::npos;
    kept_.append(bytes);
    // A line that comes in small pieces is not searched from its beginning with each.
    if (!reading_paused_ && (whole || kept_.size() > line_limit_)) take_kept();
    if (!ended() && reading_paused_ && kept_.size() > 2 * line_limit_) event_del(readable_);  // until resume_reading()
    return;
  }
  while (!ended() && !reading_paused_) {
    auto const end = bytes.find('\n');
    if (end == std::string_view::npos) break;
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > line_limit_) {
      event_del(readable_);
      return owner_.on_too_long();
    }
    owner_.on_line(line);
  }
  if (ended()) return;
  kept_.assign(bytes);
  if (reading_paused_ || kept_.size() <= line_limit_) return;
  event_del(readable_);
  owner_.on_too_long();
}

// Lines out of kept_; it stands still meanwhile, for a line is a part of it.
void LineConnection::take_kept() {
  if (taking_) return;
  taking_ = true;
  std::size_t at = 0;
  bool too_long = false;
  while (!ended() && !reading_paused_ && !too_long) {
    auto const end = kept_.find('\n', at);
    if (end == std::string::npos) break;
    std::string_view line = std::string_view(kept_).substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > line_limit_)
      too_long = true;
    else
      owner_.on_line(line);
  }
  taking_ = false;
  if (ended()) return;
  kept_.erase(0, at);
  if (kept_.empty()) empty(kept_);
  if (reading_paused_ || (!too_long && kept_.size() <= line_limit_)) return;
  event_del(readable_);
  owner_.on_too_long();
}

void LineConnection::pause_reading() {
  reading_paused_ = true;
}

void LineConnection::resume_reading() {
  if (ended() || !reading_paused_) return;
  auto const keep = owner_.keep();
  reading_paused_ = false;
  event_add(readable_, nullptr);
  take_kept();
  if (!ended() && !reading_paused_ && tls_ != nullptr && SSL_has_pending(tls_) == 1)
    event_active(readable_, EV_READ, 0);
}

void LineConnection::add(std::string_view line) {
  if (ended()) return;
  out_.append(line);
  out_ += '\n';
}

int LineConnection::offer(char const* bytes, std::size_t size) {
  if (tls_ == nullptr) {
    ssize_t const sent = ::send(socket_.get(), bytes, size, MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<int>(sent);
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
  }
  ERR_clear_error();
  int const sent = SSL_write(tls_, bytes, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  if (sent > 0) return sent;
  int const error = SSL_get_error(tls_, sent);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void LineConnection::flush() {
  if (ended() || stage_ != Stage::open) return;
  while (sent_ < out_.size()) {
    int const sent = offer(out_.data() + sent_, out_.size() - sent_);
    // A dead socket also fails when read, where the handler may be called.
    if (sent <= 0) {
      if (sent < 0) event_active(readable_, EV_READ, 0);
      out_.erase(0, std::exchange(sent_, 0));
      return want_write(sent == 0);
    }
    sent_ += static_cast<std::size_t>(sent);
  }
  sent_ = 0;
  empty(out_);
  want_write(false);
}

}  // namespace distren

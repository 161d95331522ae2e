// One connected socket that carries lines, plain or TLS, on a libevent loop. While nothing is on its way it keeps no
// buffers: bytes are read into one that the thread's wires share, and what goes out is offered to the socket at once.
// Owned by a LineConnectionHandler; everything on the loop's thread. The owner may end() it in any callback, and must
// not destroy it in one: keep() names what must live until the callback has returned. on_end comes once, unless the
// owner ended it.
// Our own, not a bufferevent: that keeps buffers for each connection, and a grid has tens of thousands of idle ones.
#pragma once

#include <event2/event.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/files.h"

struct ssl_st;

namespace distren {

class LineConnectionHandler {
public:
  virtual ~LineConnectionHandler() = default;
  virtual std::shared_ptr<void> keep() { return {}; }
  virtual void on_open() {}                         // connected and, with TLS, shaken hands
  virtual void on_line(std::string_view line) = 0;  // without its newline; valid during the call
  virtual void on_too_long() = 0;                   // more than the limit without a newline; reading has stopped
  virtual void on_drained() {}                      // everything written has left, after it could not at once
  virtual void on_end(std::string_view why) = 0;    // the peer has disconnected
};

class LineConnection {
public:
  // socket: connected or connecting, not blocking. tls: owned from now on, in its accept or connect state; null: plain.
  LineConnection(event_base* base, FileDescriptor socket, ssl_st* tls, std::size_t line_limit,
                 LineConnectionHandler& owner);
  ~LineConnection();
  LineConnection(LineConnection const&) = delete;
  LineConnection& operator=(LineConnection const&) = delete;

  [[nodiscard]] bool open();  // false: no memory
  void end();                 // closes; no callback comes after it
  [[nodiscard]] bool ended() const { return !socket_; }

  void add(std::string_view line);  // with a newline, to be sent by the next flush()
  void flush();
  void write(std::string_view line) {
    add(line);
    flush();
  }
  [[nodiscard]] std::size_t unsent() const { return out_.size() - sent_; }

  void pause_reading();   // no more lines until resume_reading(); a few that have arrived already wait here
  void resume_reading();  // those come during this call

private:
  enum class Stage { connecting, handshake, open };
  static void can_read(int, short, void* self);
  static void can_write(int, short, void* self);
  void proceed();  // connecting, shaking hands
  void read();
  void take(std::string_view bytes);
  void take_kept();
  void fail(std::string_view why);
  void want_write(bool wanted);
  // > 0: bytes; 0: not now; -1: the connection is closed.
  int receive(char* buffer, std::size_t size);
  int offer(char const* bytes, std::size_t size);

  event_base* base_;
  FileDescriptor socket_;
  ssl_st* tls_;
  std::size_t line_limit_;
  LineConnectionHandler& owner_;
  Stage stage_ = Stage::connecting;
  bool reading_paused_ = false;
  bool taking_ = false;  // kept_ is being read from
  bool wants_write_ = false;
  event* readable_ = nullptr;
  event* writable_ = nullptr;  // made when it is needed for the first time
  std::string kept_;  // the beginning of a line whose end has not come, or lines that wait for resume_reading()
  std::string out_;   // what the socket did not take yet, from sent_ on
  std::size_t sent_ = 0;
};

}  // namespace distren

// One slave's connection. Lives on its loop; send() and close() (SlaveSink) may be called from any thread, everything
// else on the loop's thread. Shared: the dispatcher keeps its sink until the session is reported as ended. A
// sign-on that is refused is answered with the reason and ends it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/protocol/codec.h"
#include "common/protocol/hello.h"
#include "common/protocol/result.h"
#include "server/dispatch/slave_capabilities.h"
#include "server/net/line_connection.h"
#include "server/net/rate_limit.h"
#include "server/slaves/line_server.h"

namespace distren {

class LineSession;

// The sessions of one loop, and messages of other threads to them: one wake-up of the loop for all that gathers.
class LineLoop {
public:
  LineLoop(Loop& loop, LineServices& services) : loop_(loop), services_(services) {}

  void adopt(FileDescriptor socket, ssl_ctx_st* tls, std::string address, bool counted);  // on the loop's thread
  void send(std::shared_ptr<LineSession> session, std::string line, bool then_close);     // any thread
  void sweep();                                                                           // each second
  void close_all();
  void forget(LineSession* session);
  void pinged(std::int64_t slave) { pinged_.push_back(slave); }  // reported to the dispatcher at the next sweep

  // False: this slave sent hello too often. By its number, so that a new connection is no new start.
  [[nodiscard]] bool may_say_hello(std::int64_t slave);
  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] LineServices& services() { return services_; }
  [[nodiscard]] int connections() const { return count_.load(std::memory_order_relaxed); }

  EventPtr sweeper;

private:
  struct Outgoing {
    std::shared_ptr<LineSession> session;
    std::string line;
    bool then_close = false;
  };
  void write_gathered();

  Loop& loop_;
  LineServices& services_;
  std::unordered_set<std::shared_ptr<LineSession>> sessions_;
  std::atomic<int> count_ = 0;
  std::vector<std::int64_t> pinged_;
  TokenBuckets hellos_{1, 60};  // one a second, after sixty at once
  std::mutex mutex_;            // guards gathered_
  std::vector<Outgoing> gathered_;
};

class LineSession : public SlaveSink, private LineConnectionHandler, public std::enable_shared_from_this<LineSession> {
public:
  using Clock = std::chrono::steady_clock;

  LineSession(LineLoop& home, FileDescriptor socket, ssl_st* tls, std::string address, bool counted);

  [[nodiscard]] bool open();  // after it is in the loop's set; false: no memory
  void send(std::string line) override;
  void close(std::string_view reason) override;

  void add(std::string_view line);  // goes out with the next flush()
  void flush();
  void tell_disconnected(std::int64_t slave);
  void end(std::string_view why);  // closes and tells the dispatcher; the session is no longer in the loop's set
  void finish_writing_then_end();
  [[nodiscard]] bool overdue(Clock::time_point now) const;
  [[nodiscard]] std::string const& address() const { return address_; }
  [[nodiscard]] bool counted() const { return counted_; }

private:
  enum class Stage { sign_on, checking, ready, ending };
  std::shared_ptr<void> keep() override { return shared_from_this(); }
  void on_line(std::string_view line) override;
  void on_too_long() override;
  void on_drained() override;
  void on_end(std::string_view) override { end("the slave hung up"); }

  void write(std::string_view line);
  void sign_on(protocol::SignOn const& message);
  void signed_on(Result<store::SlaveIdentity> identity);
  void receive(protocol::Incoming const& incoming);
  void hello(protocol::Hello const& message);
  void result(protocol::ResultReport message);
  void record_hello();
  void send_error(Errc code, std::string_view message);
  void refuse(Error const& error);

  LineLoop& home_;
  std::string address_;
  bool counted_;
  Stage stage_ = Stage::sign_on;
  bool ended_ = false;
  Clock::time_point opened_;
  Clock::time_point heard_;
  store::SlaveIdentity slave_;  // id 0: not signed on yet
  int errors_ = 0;
  std::optional<store::SlaveHello> unrecorded_;  // the newest hello, until the database has it
  bool recording_ = false;                       // one is on its way there: a slave has no more of the workers than one
  LineConnection connection_;
};

}  // namespace distren

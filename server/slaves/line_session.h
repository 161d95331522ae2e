// One slave's connection. Lives on its loop; send() and close() (SlaveSink) may be called from any thread, everything
// else on the loop's thread. Shared: the dispatcher keeps its sink until the session is reported as ended. A
// sign-on that is refused is answered with the reason and ends it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/protocol/codec.h"
#include "server/dispatch/slave_capabilities.h"
#include "server/net/line_connection.h"
#include "server/slaves/line_server.h"
#include "server/slaves/slave_session.h"

namespace distren {

class LineSession;

// The sessions of one loop, and messages of other threads to them: one wake-up of the loop for all that gathers.
class LineLoop {
public:
  LineLoop(Loop& loop, SlaveServices& services) : loop_(loop), services_(services) {}

  void adopt(FileDescriptor socket, ssl_ctx_st* tls, std::string address, bool counted);  // on the loop's thread
  void send(std::shared_ptr<LineSession> session, std::string line, bool then_close);     // any thread
  void sweep();                                                                           // each second
  void close_all();
  void forget(LineSession* session);
  void pinged(std::int64_t slave) { pinged_.push_back(slave); }  // reported to the dispatcher at the next sweep

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] SlaveServices& services() { return services_; }
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
  SlaveServices& services_;
  std::unordered_set<std::shared_ptr<LineSession>> sessions_;
  std::atomic<int> count_ = 0;
  std::vector<std::int64_t> pinged_;
  std::mutex mutex_;  // guards gathered_
  std::vector<Outgoing> gathered_;
};

class LineSession : public SlaveSink, private LineConnectionHandler, public std::enable_shared_from_this<LineSession> {
public:
  using Clock = std::chrono::steady_clock;

  LineSession(LineLoop& home, FileDescriptor socket, ssl_st* tls, std::string address, bool counted);

  [[nodiscard]] bool open();  // after it is in the loop's set; false: no memory
  void send(std::string line) override;
  void close(protocol::Goodbye const& goodbye) override;

  void add(std::string_view line);  // goes out with the next flush()
  void flush();
  void end(std::string_view why);  // closes and tells the dispatcher; the session is no longer in the loop's set
  void finish_writing_then_end();
  void say_goodbye();  // the server stops
  [[nodiscard]] bool paused() const { return paused_until_.has_value(); }
  void resume_if_due(Clock::time_point now);  // reading, after the slave said more than it may
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
  void sign_on(protocol::SignOn const& message, std::string const& id);
  void signed_on(Result<store::SlaveIdentity> identity, protocol::Software const& software, std::string const& id);
  void send_error(protocol::ErrorCode code, std::string message, std::string const& id);
  void refuse(Error const& error, std::string const& id);

  LineLoop& home_;
  std::string address_;
  bool counted_;
  Stage stage_ = Stage::sign_on;
  bool ended_ = false;
  Clock::time_point opened_;
  Clock::time_point heard_;
  std::shared_ptr<SlaveSession> session_;  // empty: not signed on yet
  int errors_ = 0;                         // before
  std::optional<Clock::time_point> paused_until_;
  LineConnection connection_;
};

}  // namespace distren

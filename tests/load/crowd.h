// All simulated slaves and the course of a run: sign on, warm up, measure, wait for the last answers, end. Runs on
// one loop's thread; begin() and stop() are for any, finished() is ready when it is over.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"
#include "server/net/loop.h"
#include "tests/load/figures.h"
#include "tests/load/plan.h"
#include "tests/load/slave.h"
#include "tests/load/uploaders.h"

struct ssl_ctx_st;

namespace distren::load {

class Crowd {
public:
  Crowd(Loop& loop, Plan plan);
  ~Crowd();
  Crowd(Crowd const&) = delete;
  Crowd& operator=(Crowd const&) = delete;

  Result<void> prepare();  // finds the server, loads certificates; before begin()
  void begin();
  void stop();  // a signal came: report what there is
  std::future<Result<Figures>> finished() { return result_.get_future(); }

  // For its slaves.
  [[nodiscard]] Plan const& plan() const { return plan_; }
  [[nodiscard]] event_base* base() const { return loop_.base(); }
  Result<FileDescriptor> socket_for(int number);  // connecting
  ssl_st* new_tls();                              // null when plain
  void signed_on(int heartbeat_ms);
  void not_signed_on(int number, std::string const& why, int again_ms);  // negative: for good
  void lost(int number, std::string_view why);
  void ordered(int number, std::int64_t attempt, std::optional<Clock::time_point> said);
  void accepted(Clock::time_point said);
  void later(int number, std::int64_t attempt, int milliseconds);
  void upload(std::string url, Image image, Uploaders::Done done);
  void cancelled() { ++figures_.cancelled; }
  void trouble(std::string const& kind, std::string const& words) { figures_.trouble(kind, words); }

private:
  enum class Stage { connecting, warming_up, measuring, ending, over };
  struct Due {
    Clock::time_point at;
    int number = 0;
    std::int64_t attempt = 0;
  };
  void tick();
  void connect_some();
  void release(Clock::time_point now);
  void ping_some(Clock::time_point now);
  void watch(ProcessUse Watched::*when);
  void everybody_is_there();
  void finish(Result<void> outcome);

  Loop& loop_;
  Plan plan_;
  Figures figures_;
  std::promise<Result<Figures>> result_;
  ssl_ctx_st* tls_ = nullptr;
  sockaddr_storage address_{};
  socklen_t address_size_ = 0;
  std::vector<std::unique_ptr<Slave>> slaves_;
  std::unique_ptr<Uploaders> uploaders_;
  EventPtr timer_;
  Stage stage_ = Stage::connecting;
  Clock::time_point began_{}, phase_began_{};
  int next_ = 0;        // the next one that has not tried to connect yet
  int connecting_ = 0;  // at the moment
  int there_ = 0;
  int given_up_ = 0;
  int heartbeat_ms_ = 30000;
  double ping_debt_ = 0;
  std::size_t ping_next_ = 0;
  Clock::time_point last_tick_{};
  double allowance_ = 0;                         // results that --rate lets go
  std::deque<Due> rendering_;                    // all take the same time: a queue
  std::multimap<Clock::time_point, Due> later_;  // attempt 0: connect
  double own_cpu_before_ = 0;
};

}  // namespace distren::load

// One simulated slave: its connection, what it was told to render, what it has said and waits to hear about.
// Owned by Crowd, on the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/protocol/result.h"
#include "server/net/line_connection.h"
#include "tests/load/members.h"
#include "tests/load/plan.h"
#include "tests/load/uploaders.h"

namespace distren::load {

class Crowd;
using Clock = std::chrono::steady_clock;

class Slave : private LineConnectionHandler {
public:
  Slave(Crowd& crowd, KeyPair const& pair, int number) : crowd_(crowd), pair_(pair), number_(number) {}

  void connect();
  void close();
  void ping();
  void finish(std::int64_t attempt);     // it has rendered: upload, then say the result
  void say_again(std::int64_t attempt);  // what was said before and answered with `retry`
  [[nodiscard]] bool ready() const { return stage_ == Stage::ready; }
  [[nodiscard]] std::size_t unanswered() const;  // results that were said

private:
  enum class Stage { away, connecting, signing_on, ready };
  struct Work {
    std::int64_t attempt = 0;
    std::string lease;
    std::string upload;  // URL; empty: nothing to hand in
    Image image;
    Clock::time_point said{};
    std::string result;  // as it was said
    bool done = true;    // false: it is given back
  };

  void on_open() override;
  void on_line(std::string_view line) override;
  void on_too_long() override { lost("the server sent a line that is too long"); }
  void on_end(std::string_view why) override { lost(why); }

  void welcome(protocol::Welcome const& welcome);
  void order(MemberIndex const& message, std::string_view line);
  void answered(protocol::Verdict const& verdict);
  void say(Work& work, Uploaded const* uploaded);
  void give_back(Work& work, std::string const& why);
  void send_result(Work& work);
  void lost(std::string_view why);
  void forget(std::int64_t attempt);
  Work* find(std::int64_t attempt);

  Crowd& crowd_;
  KeyPair const& pair_;
  int number_;
  Stage stage_ = Stage::away;
  std::unique_ptr<LineConnection> connection_;
  std::vector<std::unique_ptr<LineConnection>>
      spent_;  // ended in a callback of their own, destroyed at the next connect()
  std::string base_url_;
  std::vector<Work> works_;                  // a few
  std::deque<Clock::time_point> unordered_;  // when those results were said that no order has followed yet
};

}  // namespace distren::load

// Progress on stderr: a bar that redraws itself on a terminal, else a plain line at intervals. Any thread. The clock is
// a parameter, so that tests need not wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace distren::client {

class Progress {
public:
  using Time = std::chrono::steady_clock::time_point;
  struct Options {
    int fd = 2;  // below 0: none
    bool terminal = false;
    std::size_t columns = 80;
    std::chrono::milliseconds redraw{100};        // on a terminal
    std::chrono::milliseconds plain_line{10000};  // elsewhere
    std::function<Time()> now = [] { return std::chrono::steady_clock::now(); };
  };

  explicit Progress(Options options);
  ~Progress() { clear(); }
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

  void update(double fraction, std::string const& text);  // fraction 0 to 1
  void note(std::string const& line);                     // prints a permanent line above the bar
  void clear();                                           // removes the bar

private:
  void draw();
  void write(std::string const& text) const;
  Options options_;
  std::mutex mutex_;
  std::optional<Time> drawn_;
  double fraction_ = 0;
  std::string text_;
  bool visible_ = false;
};

// For this process's stderr; quiet: shows nothing.
Progress::Options progress_on_stderr(bool quiet);

// Rate of growth over the last few minutes: frames per second for an estimate of the remaining time.
class Rate {
public:
  explicit Rate(std::chrono::milliseconds window = std::chrono::minutes(5)) : window_(window) {}
  void add(Progress::Time time, double amount);  // amount: total so far
  [[nodiscard]] double per_second() const;       // 0: not known yet
  // Milliseconds until `target`; empty while the rate is unknown.
  [[nodiscard]] std::optional<std::int64_t> time_to(double target) const;

private:
  std::chrono::milliseconds window_;
  std::deque<std::pair<Progress::Time, double>> points_;
};

}  // namespace distren::client

#include "client/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "client/table.h"

namespace distren::client {

Progress::Progress(Options options) : options_(std::move(options)) {
  if (!options_.terminal) drawn_ = options_.now();  // work that ends before the first line is due prints none
}

void Progress::update(double fraction, std::string const& text) {
  std::lock_guard const lock(mutex_);
  fraction_ = std::clamp(fraction, 0.0, 1.0);
  text_ = text;
  auto const now = options_.now();
  auto const pause = options_.terminal ? options_.redraw : options_.plain_line;
  if (drawn_ && now - *drawn_ < pause) return;
  drawn_ = now;
  draw();
}

void Progress::draw() {
  if (!options_.terminal) {
    write(fmt::format("{:3.0f} %  {}\n", std::floor(fraction_ * 100), text_));
    return;
  }
  constexpr int cells = 24;
  auto const full = static_cast<std::size_t>(fraction_ * cells);
  auto const bar = fmt::format("[{}{}] {:3.0f} %  {}", std::string(full, '#'), std::string(cells - full, '.'),
                               std::floor(fraction_ * 100), text_);
  write("\r" + clipped(bar, options_.columns - 1) + "\x1b[K");
  visible_ = true;
}

void Progress::note(std::string const& line) {
  std::lock_guard const lock(mutex_);
  write((visible_ ? "\r\x1b[K" : "") + line + "\n");
  if (visible_) draw();
}

void Progress::clear() {
  std::lock_guard const lock(mutex_);
  if (visible_) write("\r\x1b[K");
  visible_ = false;
  if (options_.terminal) drawn_.reset();
}

void Progress::write(std::string const& text) const {
  if (options_.fd < 0) return;
  for (std::size_t done = 0; done < text.size();) {
    auto const written = ::write(options_.fd, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // stderr is closed
    done += static_cast<std::size_t>(written);
  }
}

Progress::Options progress_on_stderr(bool quiet) {
  Progress::Options options;
  if (quiet) {
    options.fd = -1;
    return options;
  }
  options.terminal = isatty(STDERR_FILENO) == 1;
  winsize size{};
  if (options.terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
    options.columns = size.ws_col;
  return options;
}

void Rate::add(Progress::Time time, double amount) {
  if (!points_.empty() && amount < points_.back().second) points_.clear();  // frames were requeued
  points_.emplace_back(time, amount);
  while (points_.size() > 2 && time - points_.front().first > window_) points_.pop_front();
}

double Rate::per_second() const {
  if (points_.size() < 2) return 0;
  std::chrono::duration<double> const time = points_.back().first - points_.front().first;
  return time.count() > 0 ? (points_.back().second - points_.front().second) / time.count() : 0;
}

std::optional<std::int64_t> Rate::time_to(double target) const {
  auto const rate = per_second();
  if (rate <= 0) return std::nullopt;
  auto const ms = (target - points_.back().second) / rate * 1000;
  return ms < 1e13 ? std::optional(static_cast<std::int64_t>(std::max(ms, 0.0))) : std::nullopt;
}

}  // namespace distren::client

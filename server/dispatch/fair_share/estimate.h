// How much work a job's frames are and how long they take, from the latest results. Values without a clock; work is
// millipoints, efficiency thousandths of the threads' time that a render really uses.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace distren {

// The latest numbers, at most capacity of them; a quantile over them.
template <std::size_t capacity>
class Latest {
public:
  void add(std::int64_t value) {
    values_[next_] = value;
    next_ = (next_ + 1) % capacity;
    if (count_ < capacity) ++count_;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::int64_t quantile(std::size_t percent) const {
    if (count_ == 0) return 0;
    auto sorted = values_;
    auto const at = sorted.begin() + static_cast<std::ptrdiff_t>((count_ - 1) * percent / 100);
    std::nth_element(sorted.begin(), at, sorted.begin() + static_cast<std::ptrdiff_t>(count_));
    return *at;
  }

private:
  std::array<std::int64_t, capacity> values_{};
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

class JobEstimate {
public:
  void add(std::int64_t work, std::int64_t cpu_ms, std::int64_t wall_ms, int threads);
  [[nodiscard]] std::optional<std::int64_t> work() const;  // of one frame; nothing before the first result
  [[nodiscard]] std::int64_t efficiency() const { return efficiency_; }

private:
  Latest<15> works_;
  std::int64_t median_ = 0;
  std::int64_t efficiency_ = 800;
};

// What to expect of a job without results: the grid's own frames. A high quantile, since an owner whose first frames
// are charged too little would be served too much until they are back.
class GridEstimate {
public:
  void add(std::int64_t work);
  [[nodiscard]] bool empty() const { return works_.empty(); }  // work() is a guess
  [[nodiscard]] std::int64_t work() const { return high_; }

private:
  Latest<101> works_;
  std::int64_t high_ = 1000;
  int since_ = 0;
};

// t = V / (P threads) / efficiency, in ms; at least 1.
std::int64_t frame_ms(std::int64_t work, std::int64_t power, int threads, std::int64_t efficiency);

// The most that one frame is taken for, millipoints: a week of the reference core.
inline constexpr std::int64_t frame_work_limit = 10'080'000;

}  // namespace distren

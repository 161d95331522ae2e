// Exponential backoff with jitter: the delay doubles up to a maximum, each between half and one and a half times that,
// so that a thousand slaves do not reconnect to a restarted server in the same second. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace distren {

class Backoff {
public:
  using milliseconds = std::chrono::milliseconds;
  Backoff(milliseconds first, milliseconds longest) : first_(first), longest_(longest), next_(first) {}

  // random: uniform in [0, 1).
  milliseconds wait(double random) {
    auto const base = next_;
    next_ = std::min(longest_, next_ * 2);
    return std::min(longest_,
                    milliseconds(static_cast<milliseconds::rep>(static_cast<double>(base.count()) * (0.5 + random))));
  }
  void reset() { next_ = first_; }

private:
  milliseconds first_, longest_, next_;
};

}  // namespace distren

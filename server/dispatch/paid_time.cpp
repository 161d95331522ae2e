#include "server/dispatch/paid_time.h"

#include <algorithm>

#include "server/economy/points.h"

namespace distren {

std::int64_t PaidTime::take(std::int64_t slave, AttemptTerms const& terms, std::int64_t given_ms, std::int64_t wall_ms,
                            std::int64_t now) {
  int const threads = std::min(terms.threads(), economy::cores_limit);
  int const slots = std::clamp(terms.slots, 1, economy::cores_limit);
  auto const cores = static_cast<std::size_t>(std::clamp(terms.cores, threads * slots, 2 * economy::cores_limit));
  std::vector<std::int64_t>& paid = paid_until_[slave];
  if (paid.size() != cores) {
    // Other cores than before: those of which least is known to be unpaid stay, new ones are as far as any.
    std::ranges::sort(paid, std::greater<>{});
    paid.resize(cores, paid.empty() ? 0 : paid.front());
  }
  // The cores that have waited longest; a task begins when the last of its own is free.
  auto const last = paid.begin() + threads - 1;
  std::ranges::nth_element(paid, last);
  std::int64_t const start = std::max(given_ms, *last);
  std::int64_t const most = std::max<std::int64_t>(0, now - start);
  std::int64_t const took = wall_ms > 0 ? std::min(wall_ms, most) : most;
  if (took > 0) std::fill(paid.begin(), last + 1, start + took);
  return took;
}

}  // namespace distren

#include "server/dispatch/fair_share/estimate.h"

#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

void JobEstimate::add(std::int64_t work, std::int64_t cpu_ms, std::int64_t wall_ms, int threads) {
  works_.add(std::clamp<std::int64_t>(work, 0, frame_work_limit));
  median_ = works_.quantile(50);
  wall_ms = std::clamp<std::int64_t>(wall_ms, 0, economy::time_limit_ms);
  cpu_ms = std::clamp<std::int64_t>(cpu_ms, 0, economy::time_limit_ms);
  if (wall_ms == 0) return;
  std::int64_t const seen = economy::scaled(cpu_ms, 1000, wall_ms * std::clamp(threads, 1, economy::cores_limit));
  efficiency_ += (std::clamp<std::int64_t>(seen, 50, 1050) - efficiency_) / 4;
}

std::optional<std::int64_t> JobEstimate::work() const {
  if (works_.empty()) return std::nullopt;
  return median_;
}

void GridEstimate::add(std::int64_t work) {
  works_.add(std::clamp<std::int64_t>(work, 0, frame_work_limit));
  // A quantile of 101 numbers with each of ten thousand results a second would be felt; every 16th is enough.
  if (++since_ % 16 == 1) high_ = works_.quantile(90);
}

std::int64_t frame_ms(std::int64_t work, std::int64_t power, int threads, std::int64_t efficiency) {
  work = std::clamp<std::int64_t>(work, 0, frame_work_limit);
  power = std::clamp<std::int64_t>(power, 1, economy::power_limit);
  threads = std::clamp(threads, 1, economy::cores_limit);
  efficiency = std::clamp<std::int64_t>(efficiency, 50, 1050);
  std::int64_t const cpu_ms = economy::scaled(work, economy::ms_per_millipoint * economy::unit_power, power * threads);
  return std::max<std::int64_t>(1, economy::scaled(cpu_ms, 1000, efficiency));
}

}  // namespace distren

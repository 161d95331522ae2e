#include "server/http/rate_headers.h"

#include <fmt/format.h>

#include <cmath>

namespace distren {

void add_rate_headers(HeaderList& headers, RatePolicy const& policy, RateState const& state) {
  auto const& [name, rate] = policy;
  headers.emplace_back("RateLimit-Policy", fmt::format("\"{}\";q={};w={}", name, std::llround(rate.burst),
                                                       std::llround(std::ceil(rate.burst / rate.per_second))));
  headers.emplace_back("RateLimit",
                       fmt::format("\"{}\";r={};t={}", name, state.remaining, (state.full_in_ms + 999) / 1000));
}

}  // namespace distren

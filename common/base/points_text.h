// Points as people write and read them: decimal, at most three digits behind the point ("120", "12.5"). Inside they are
// whole millipoints, in JSON too. Any thread; invalid names the text, the cause and the form that is right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

// What one transaction may move; sql/procedures/points/points_key_check.sql says the same.
inline constexpr std::int64_t max_millipoints = 1'000'000'000'000'000;
inline constexpr std::string_view points_rule =
    "a number above 0 and at most 1,000,000,000,000, like 120 or 12.5, with at most three digits behind the point";

std::string points_text(std::int64_t millipoints);

// An amount that can be moved: 1 to max_millipoints.
Result<std::int64_t> parse_points(std::string_view text);

}  // namespace distren

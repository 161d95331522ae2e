// Logarithm and power in whole numbers, so that every machine, the simulator and a test get the same points to the
// last digit. Fixed point with 32 binary digits after the point; exact to about 1e-9. Pure, any thread.
#pragma once

#include <cstdint>

namespace distren::economy {

inline constexpr std::int64_t fixed_one = std::int64_t{1} << 32;

// log2(numerator / denominator); 0 unless both are positive.
std::int64_t log2_fixed(std::int64_t numerator, std::int64_t denominator);

// 2^exponent for exponents from -30 to 30; clamped beyond.
std::int64_t exp2_fixed(std::int64_t exponent);

// value * factor / divisor, rounded to nearest, clamped to the range of an int64. divisor > 0.
std::int64_t scaled(std::int64_t value, std::int64_t factor, std::int64_t divisor);

}  // namespace distren::economy

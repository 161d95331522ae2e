#include "server/economy/fixed_math.h"

#include <algorithm>
#include <array>
#include <limits>

namespace distren::economy {

namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

// roots[k] = 2^(1 / 2^(k+1)), 62 binary digits after the point: the k-th binary digit of an exponent multiplies by it.
constexpr std::array<std::uint64_t, 32> make_roots() {
  std::array<std::uint64_t, 32> roots{};
  UnsignedWide x = UnsignedWide{2} << 62;
  for (auto& root : roots) {
    UnsignedWide const square = x << 62;
    UnsignedWide low = 0;
    UnsignedWide high = UnsignedWide{1} << 63;
    while (high - low > 1) {
      UnsignedWide const middle = (low + high) / 2;
      (middle * middle <= square ? low : high) = middle;
    }
    root = static_cast<std::uint64_t>(low);
    x = low;
  }
  return roots;
}

constexpr auto roots = make_roots();

}  // namespace

std::int64_t log2_fixed(std::int64_t numerator, std::int64_t denominator) {
  if (numerator <= 0 || denominator <= 0) return 0;
  // Bring the quotient into [1, 2) with 62 digits, then square it once for each digit of the logarithm.
  std::int64_t whole = 0;
  UnsignedWide top = static_cast<UnsignedWide>(numerator);
  UnsignedWide bottom = static_cast<UnsignedWide>(denominator);
  while (top >= 2 * bottom) {
    bottom *= 2;
    ++whole;
  }
  while (top < bottom) {
    top *= 2;
    --whole;
  }
  UnsignedWide x = (top << 62) / bottom;
  std::int64_t digits = 0;
  for (int i = 0; i < 32; ++i) {
    x = (x * x) >> 62;
    digits *= 2;
    if (x >> 63 != 0) {
      x >>= 1;
      ++digits;
    }
  }
  return whole * fixed_one + digits;
}

std::int64_t exp2_fixed(std::int64_t exponent) {
  exponent = std::clamp(exponent, -30 * fixed_one, 30 * fixed_one);
  std::int64_t const whole = exponent >> 32;  // rounds down, also below zero
  auto const digits = static_cast<std::uint64_t>(exponent & (fixed_one - 1));
  UnsignedWide x = UnsignedWide{1} << 62;
  for (std::size_t k = 0; k < roots.size(); ++k) {
    if ((digits >> (31 - k) & 1) != 0) x = (x * roots[k]) >> 62;
  }
  return static_cast<std::int64_t>(x >> (30 - whole));
}

std::int64_t scaled(std::int64_t value, std::int64_t factor, std::int64_t divisor) {
  Wide const product = Wide{value} * factor;
  Wide const half = divisor / 2;
  Wide const result = (product >= 0 ? product + half : product - half) / divisor;
  Wide const least = std::numeric_limits<std::int64_t>::min();
  Wide const most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(result, least, most));
}

}  // namespace distren::economy

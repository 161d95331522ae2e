// Randomness that is the same on every machine for a seed, and numbers that belong to a thing rather than to the order
// in which things happen: the frames of a job are as long in every run, whoever renders them.
#pragma once

#include <cmath>
#include <cstdint>

namespace distren::sim {

inline std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

inline double unit(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

// From 0 to 1, for the pair.
inline double fixed_unit(std::int64_t a, std::int64_t b) {
  return unit(mixed(mixed(static_cast<std::uint64_t>(a)) + static_cast<std::uint64_t>(b)));
}

class Random {
public:
  explicit Random(std::uint64_t seed) : state_(mixed(seed)) {}
  double uniform() { return unit(mixed(state_ += 0x9e3779b97f4a7c15ULL)); }
  double between(double low, double high) { return low + (high - low) * uniform(); }
  bool chance(double p) { return uniform() < p; }
  double exponential(double mean) { return -mean * std::log(1 - uniform()); }
  double log_normal(double median, double sigma) {
    double const u = std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform());
    return median * std::exp(sigma * u);
  }

private:
  std::uint64_t state_;
};

}  // namespace distren::sim

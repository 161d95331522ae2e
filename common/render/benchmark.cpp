#include "common/render/benchmark.h"

#include <algorithm>
#include <cmath>

namespace distren {

namespace {

constexpr std::int64_t max_duration_ms = 24 * 3600 * 1000;
constexpr int max_cores = 1024;

int drawn(int low, int high, std::function<std::uint64_t()> const& random) {
  auto const count = static_cast<std::uint64_t>(std::int64_t{high} - low + 1);
  return low + static_cast<int>(random() % count);
}

}  // namespace

std::int64_t benchmark_work(Benchmark const& benchmark, int width, int height, int samples) {
  double const megasamples = static_cast<double>(width) * height * samples / 1e6;
  return benchmark.fixed_ms + std::llround(megasamples * benchmark.ms_per_megasample);
}

BenchmarkVariant choose_benchmark(Benchmark const& benchmark, std::int64_t wanted_ms, int cores,
                                  std::function<std::uint64_t()> const& random) {
  BenchmarkVariant variant;
  variant.frame = drawn(benchmark.first_frame, benchmark.last_frame, random);
  variant.percentage = drawn(benchmark.min_percentage, benchmark.max_percentage, random);
  variant.width = static_cast<int>(std::int64_t{benchmark.width} * variant.percentage / 100);  // as Blender rounds it
  variant.height = static_cast<int>(std::int64_t{benchmark.height} * variant.percentage / 100);
  double const wanted =
      static_cast<double>(std::clamp<std::int64_t>(wanted_ms, 0, max_duration_ms)) * std::clamp(cores, 1, max_cores);
  double const one = static_cast<double>(variant.width) * variant.height / 1e6 * benchmark.ms_per_megasample;
  double const samples = std::round((wanted - benchmark.fixed_ms) / one);
  variant.samples = static_cast<int>(std::clamp<double>(samples, benchmark.min_samples, benchmark.max_samples));
  variant.work_ms = benchmark_work(benchmark, variant.width, variant.height, variant.samples);
  return variant;
}

}  // namespace distren

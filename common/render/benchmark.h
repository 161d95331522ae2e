// The benchmark of a render method: a scene of known work in variants that cannot be precomputed. The server chooses a
// variant and sends it as an ordinary order; the image carries the frame's number as a strip along its lower edge
// (methods/method.xsd; `distren-image check --benchmark-frame` reads it). Pure functions and values, any thread. Work
// is in milliseconds of the reference core; power is a multiple of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace distren {

constexpr int benchmark_code_bits = 20;                           // between a white and a black square
constexpr int benchmark_strip_squares = benchmark_code_bits + 2;  // each as wide as this fraction of the image

struct Benchmark {
  std::filesystem::path scene;  // absolute
  std::string format;
  int width = 0;  // of 100 %
  int height = 0;
  int first_frame = 0;
  int last_frame = 0;
  int min_percentage = 0;
  int max_percentage = 0;
  int min_samples = 0;
  int max_samples = 0;
  int fixed_ms = 0;  // start and preparation, independent of the work
  int ms_per_megasample = 0;

  [[nodiscard]] std::string file() const { return scene.filename().string(); }  // as an order names it
};

struct BenchmarkVariant {
  int frame = 0;
  int percentage = 0;
  int samples = 0;
  int width = 0;
  int height = 0;
  std::int64_t work_ms = 0;
};

std::int64_t benchmark_work(Benchmark const& benchmark, int width, int height, int samples);

// A variant that keeps `cores` reference cores busy for about wanted_ms (work_ms is about wanted_ms * cores), within
// the definition's range of samples. random: uniform 64-bit numbers, unpredictable for the slave.
BenchmarkVariant choose_benchmark(Benchmark const& benchmark, std::int64_t wanted_ms, int cores,
                                  std::function<std::uint64_t()> const& random);

}  // namespace distren

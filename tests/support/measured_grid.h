// A grid in memory whose slaves are benchmarked: what they claim and what the server's clock says. Times are
// milliseconds.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "server/dispatch/benchmarks.h"
#include "tests/support/dispatch_grid.h"

namespace distren {

inline constexpr std::int64_t day_ms = 86'400'000;

inline store::Method const blender{"blender", "3.4.1"};

inline BenchmarkPlan plan() {
  BenchmarkPlan plan;
  plan.method.name = "blender";
  plan.method.benchmark = Benchmark{.scene = "/methods/blender/benchmark.blend",
                                    .format = "PNG",
                                    .width = 480,
                                    .height = 270,
                                    .first_frame = 1,
                                    .last_frame = 1000,
                                    .min_percentage = 50,
                                    .max_percentage = 150,
                                    .min_samples = 1,
                                    .max_samples = 4096,
                                    .fixed_ms = 1000,
                                    .ms_per_megasample = 2000};
  plan.scene = {"benchmark.blend", "bbb", 1000};
  return plan;
}

struct MeasuredGrid : Grid {
  MeasuredGrid() : Grid({plan()}) {}
  std::shared_ptr<FakeSlave> add(std::int64_t id, int cores = 4, int slots = 1, std::string cpu = "a CPU") {
    auto slave = std::make_shared<FakeSlave>();
    ck_assert(admit_slave(core, id, "instance", slave, now).has_value());
    greet(id, cores, slots, std::move(cpu));
    return slave;
  }
  void greet(std::int64_t id, int cores = 4, int slots = 1, std::string cpu = "a CPU") {
    SlaveCapabilities said = state(id, slots);
    said.cores = cores;
    said.cpu = std::move(cpu);
    slave_announced(core, said, now);
  }
  // Hands in a benchmark that took cpu_ms on all threads together, wall_ms after it was ordered.
  void answer_benchmark(json const& order, std::int64_t slave, std::int64_t cpu_ms, std::int64_t wall_ms,
                        std::string sha256) {
    now += wall_ms;
    auto report = report_for(order, slave, store::Outcome::accepted);
    report.cpu_ms = cpu_ms;
    report.output_sha256 = std::move(sha256);
    report_result(
        core, report, [this](std::string text) { answer = std::move(text); }, now);
  }
  static std::int64_t work_of(json const& order) {
    auto const& parameters = order["parameters"];
    auto const& output = order["output"];
    return benchmark_work(*plan().method.benchmark, output["width"], output["height"], parameters["samples"]);
  }
};

// A frame's result: cpu_ms as the slave says, after wall_ms by the server's clock.
inline void render(Grid& grid, json const& order, std::int64_t slave, std::int64_t cpu_ms, std::int64_t wall_ms) {
  grid.now += wall_ms;
  auto report = grid.report_for(order, slave, store::Outcome::accepted);
  report.cpu_ms = cpu_ms;
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, report, [](std::string const&) {}, grid.now);
}

}  // namespace distren

// The formulas of the economy: what a frame earns, and the weight of points in the queue. Pure, integer arithmetic.
// Points are millipoints (1 = 60 ms of one core of the reference PC), time is milliseconds, power is thousandths of the
// reference core, weights and boosts are thousandths. Inputs are clamped first: negative counts as zero.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/base/result.h"

namespace distren::economy {

inline constexpr std::int64_t ms_per_millipoint = 60;
inline constexpr std::int64_t unit_power = 1000;
inline constexpr std::int64_t power_limit = 20000;  // no core is faster: its clock or its report is wrong
inline constexpr std::int64_t time_limit_ms = std::int64_t{366} * 86400 * 1000;
inline constexpr int cores_limit = 4096;
inline constexpr std::size_t users_for_value = 3;  // other people who must have rendered some of a job

// P = min(W/cpu, 1.25 W/(wall cores)); work in reference ms, wall by the server's clock. invalid: absurd times.
struct Benchmark {
  std::int64_t work_ms = 0;
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  int cores = 0;
  bool device = false;  // on a graphics card: work above the limit earns the limit
};
Result<std::int64_t> benchmark_power(Benchmark const& run);

// c = P min(cpu, 1.05 cores wall, limit), and never above 1.25 P_b cores wall. limit 0: none.
struct Claim {
  std::int64_t power = 0;      // P, corrected
  std::int64_t benchmark = 0;  // P_b, as benchmarked
  int cores = 0;
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  std::int64_t cpu_limit_ms = 0;
};
std::int64_t claim(Claim const& of);
// The bound of a grant: 1.25 P_b cores wall.
std::int64_t demonstrated(Claim const& of);

// An accepted result of the same job.
struct Sample {
  std::int64_t frame = 0;
  std::int64_t user = 0;  // who rendered it
  std::int64_t claim = 0;
};

// V: the median claim of the nearest results of others, at most 15 and at most 3 of one user, from at least 3 users.
// Three, so that two farms around a frame cannot make its value. The caller leaves out the owner's and all related
// users' results; ties in distance go to the lower frame.
std::optional<std::int64_t> fair_value(std::span<Sample const> samples, std::int64_t frame, std::int64_t claimant,
                                       int max_of_one_user = 3);

// g = min(c, 1.15 V)
std::int64_t grant(std::int64_t claim, std::int64_t fair_value);

// When no V could form in a day, or the job ended: the least claim that the job has seen.
std::int64_t grant_without_value(std::int64_t claim, std::span<Sample const> samples);

// P (V/c)^0.1 (P_b/P)^0.05, clamped to [P_b/4, 1.25 P_b]; the exponents in thousandths. The second factor holds the
// grid's powers to the benchmarks: claims compared with claims alone drift together, for short frames come in first.
std::int64_t corrected_power(std::int64_t power, std::int64_t benchmark, std::int64_t fair_value, std::int64_t claim,
                             int exponent_thousandths = 100, int anchor_thousandths = 50);

// w = min(1, T/600) (1 + min(3, log2(1 + T/600) / 2)), thousandths; T in millipoints. 0 below 60 points: no contributor
// yet. The first factor keeps an army of fresh accounts with a frame each from weighing as much as people who work.
std::int64_t user_weight(std::int64_t total_points);

// L = min(4, D / remaining grant of the job), thousandths.
std::int64_t boost(std::int64_t deposit, std::int64_t remaining_grant);

// L g of the escrow, never more than is left in it.
std::int64_t payout(std::int64_t boost_thousandths, std::int64_t grant, std::int64_t escrow);

}  // namespace distren::economy

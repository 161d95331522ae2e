#include "server/economy/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "server/economy/fixed_math.h"

namespace distren::economy {

namespace {

constexpr std::size_t samples_wanted = 15;
constexpr std::int64_t rank_unit = 600'000;          // 600 points, in millipoints
constexpr std::int64_t contributor_points = 60'000;  // an hour of the reference core
constexpr std::int64_t max_boost = 4000;

std::int64_t sane_time(std::int64_t ms) {
  return std::clamp<std::int64_t>(ms, 0, time_limit_ms);
}
int sane_cores(int cores) {
  return std::clamp(cores, 1, cores_limit);
}
std::int64_t not_negative(std::int64_t value) {
  return std::max<std::int64_t>(value, 0);
}

}  // namespace

Result<std::int64_t> benchmark_power(Benchmark const& run) {
  if (run.work_ms <= 0 || run.work_ms > time_limit_ms)
    return fail(Errc::invalid,
                fmt::format("a benchmark of {} ms of work cannot be: look at its definition", run.work_ms));
  if (run.cores < 1 || run.cores > cores_limit)
    return fail(Errc::invalid, fmt::format("a PC of {} cores cannot be: 1 to {} are", run.cores, cores_limit));
  if (run.cpu_ms <= 0 || run.wall_ms <= 0 || run.cpu_ms > time_limit_ms || run.wall_ms > time_limit_ms)
    return fail(Errc::invalid, fmt::format("the benchmark took {} ms of CPU time in {} ms: both must be above 0, "
                                           "run it again",
                                           run.cpu_ms, run.wall_ms));
  std::int64_t const by_cpu = scaled(run.work_ms, unit_power, run.cpu_ms);
  std::int64_t const by_wall = scaled(run.work_ms, unit_power * 5, run.wall_ms * run.cores * 4);
  std::int64_t power = std::min(by_cpu, by_wall);
  if (run.device) power = std::min(power, power_limit);
  if (power > power_limit)
    return fail(Errc::invalid, fmt::format("the benchmark says {}.{:03} times the reference core, more than any core "
                                           "has: its answer is not believed, run it again",
                                           power / unit_power, power % unit_power));
  if (power < 1)
    return fail(Errc::invalid, fmt::format("the benchmark of {} ms took {} ms: too slow to render with", run.work_ms,
                                           std::max(run.cpu_ms, run.wall_ms)));
  return power;
}

std::int64_t claim(Claim const& of) {
  std::int64_t const machine_ms = sane_time(of.wall_ms) * sane_cores(of.cores);
  std::int64_t cpu_ms = std::min(sane_time(of.cpu_ms), scaled(machine_ms, 21, 20));
  if (of.cpu_limit_ms > 0) cpu_ms = std::min(cpu_ms, of.cpu_limit_ms);
  std::int64_t const power = std::clamp<std::int64_t>(of.power, 0, power_limit);
  std::int64_t const asked = scaled(power, cpu_ms, unit_power * ms_per_millipoint);
  return std::min(asked, demonstrated(of));
}

// Rounded down, so that g <= 1.25 * demonstrated power * wall holds to the last digit.
std::int64_t demonstrated(Claim const& of) {
  std::int64_t const benchmark = std::clamp<std::int64_t>(of.benchmark, 0, power_limit);
  std::int64_t const machine_ms = sane_time(of.wall_ms) * sane_cores(of.cores);
  return benchmark * machine_ms / (unit_power * ms_per_millipoint * 4 / 5);
}

std::optional<std::int64_t> fair_value(std::span<Sample const> samples, std::int64_t frame, std::int64_t claimant,
                                       int max_of_one_user) {
  std::vector<Sample> others;
  others.reserve(samples.size());
  std::ranges::copy_if(samples, std::back_inserter(others), [&](Sample const& s) { return s.user != claimant; });
  std::ranges::sort(others, [frame](Sample const& a, Sample const& b) {
    auto const distance = [frame](Sample const& s) { return s.frame > frame ? s.frame - frame : frame - s.frame; };
    std::int64_t const to_a = distance(a);
    std::int64_t const to_b = distance(b);
    if (to_a != to_b) return to_a < to_b;
    return a.frame != b.frame ? a.frame < b.frame : a.user < b.user;
  });
  std::unordered_map<std::int64_t, int> of_user;
  std::vector<std::int64_t> claims;
  for (Sample const& sample : others) {
    if (claims.size() == samples_wanted) break;
    int& count = of_user[sample.user];
    if (count == max_of_one_user) continue;
    ++count;
    claims.push_back(not_negative(sample.claim));
  }
  if (of_user.size() < users_for_value) return std::nullopt;
  std::ranges::sort(claims);
  std::size_t const middle = claims.size() / 2;
  if (claims.size() % 2 == 1) return claims[middle];
  return claims[middle - 1] + (claims[middle] - claims[middle - 1]) / 2;
}

std::int64_t grant(std::int64_t claim, std::int64_t fair_value) {
  std::int64_t const ceiling = not_negative(fair_value) / 100 * 115 + not_negative(fair_value) % 100 * 115 / 100;
  return std::min(not_negative(claim), ceiling);
}

std::int64_t grant_without_value(std::int64_t claim, std::span<Sample const> samples) {
  std::int64_t least = not_negative(claim);
  for (Sample const& sample : samples) least = std::min(least, not_negative(sample.claim));
  return least;
}

std::int64_t corrected_power(std::int64_t power, std::int64_t benchmark, std::int64_t fair_value, std::int64_t claim,
                             int exponent_thousandths, int anchor_thousandths) {
  benchmark = std::clamp<std::int64_t>(benchmark, 1, power_limit);
  power = std::clamp<std::int64_t>(power, 1, power_limit);
  if (fair_value > 0 && claim > 0) {
    std::int64_t const exponent = scaled(log2_fixed(fair_value, claim), exponent_thousandths, 1000) +
                                  scaled(log2_fixed(benchmark, power), anchor_thousandths, 1000);
    power = scaled(power, exp2_fixed(exponent), fixed_one);
  }
  return std::clamp(power, std::max<std::int64_t>(1, benchmark / 4), std::max<std::int64_t>(1, benchmark * 5 / 4));
}

std::int64_t user_weight(std::int64_t total_points) {
  if (total_points < contributor_points) return 0;
  total_points = std::min(total_points, std::int64_t{1} << 60);
  std::int64_t const rank = std::min(log2_fixed(total_points + rank_unit, rank_unit) / 2, 3 * fixed_one);
  std::int64_t const weight = scaled(fixed_one + rank, 1000, fixed_one);
  return scaled(weight, std::min(total_points, rank_unit), rank_unit);
}

std::int64_t boost(std::int64_t deposit, std::int64_t remaining_grant) {
  if (deposit <= 0) return 0;
  if (remaining_grant <= 0) return max_boost;
  return std::min(max_boost, scaled(deposit, 1000, remaining_grant));
}

std::int64_t payout(std::int64_t boost_thousandths, std::int64_t grant, std::int64_t escrow) {
  std::int64_t const boost = std::clamp<std::int64_t>(boost_thousandths, 0, max_boost);
  return std::min(scaled(not_negative(grant), boost, 1000), not_negative(escrow));
}

}  // namespace distren::economy

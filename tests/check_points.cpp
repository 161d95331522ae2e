// The economy's formulas: ordinary values, edges, and what a liar would send.
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "server/dispatch/fair_share/estimate.h"
#include "server/economy/fixed_math.h"
#include "server/economy/points.h"
#include "tests/support/check_main.h"

using namespace distren;
using namespace distren::economy;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

START_TEST(logarithm_and_power_agree_with_the_library) {
  for (std::int64_t n : {1LL, 2LL, 3LL, 7LL, 999LL, 1000LL, 1001LL, 123456789LL, 4000000000000000000LL}) {
    double const expected = std::log2(static_cast<double>(n) / 1000.0);
    ck_assert_double_eq_tol(static_cast<double>(log2_fixed(n, 1000)) / static_cast<double>(fixed_one), expected, 1e-8);
  }
  for (double x : {-20.0, -3.25, -0.1, 0.0, 0.1, 0.5, 1.0, 7.75, 29.5}) {
    auto const fixed = static_cast<std::int64_t>(x * static_cast<double>(fixed_one));
    double const got = static_cast<double>(exp2_fixed(fixed)) / static_cast<double>(fixed_one);
    ck_assert_double_eq_tol(got, std::exp2(x), std::exp2(x) * 1e-8 + 1e-9);
  }
  ck_assert_int_eq(log2_fixed(0, 5), 0);
  ck_assert_int_eq(log2_fixed(5, -1), 0);
  ck_assert_int_eq(log2_fixed(8, 1), 3 * fixed_one);
  ck_assert_int_eq(exp2_fixed(huge), exp2_fixed(30 * fixed_one));
  ck_assert_int_eq(exp2_fixed(lowest), exp2_fixed(-30 * fixed_one));
}
END_TEST

START_TEST(scaling_rounds_to_nearest_and_never_overflows) {
  ck_assert_int_eq(scaled(7, 1, 2), 4);
  ck_assert_int_eq(scaled(-7, 1, 2), -4);
  ck_assert_int_eq(scaled(huge, huge, 1), huge);
  ck_assert_int_eq(scaled(huge, lowest, 1), lowest);
  ck_assert_int_eq(scaled(huge, 3, 3), huge);
}
END_TEST

START_TEST(a_benchmark_measures_one_core) {
  // 60 s of reference work in 60 s of CPU time on one core; on four cores at once in a quarter of the time.
  ck_assert_int_eq(*benchmark_power({.work_ms = 60000, .cpu_ms = 60000, .wall_ms = 61000, .cores = 1}), 1000);
  ck_assert_int_eq(*benchmark_power({.work_ms = 60000, .cpu_ms = 60000, .wall_ms = 15500, .cores = 4}), 1000);
  ck_assert_int_eq(*benchmark_power({.work_ms = 60000, .cpu_ms = 30000, .wall_ms = 8000, .cores = 4}), 2000);
}
END_TEST

START_TEST(a_benchmark_that_hides_cpu_time_is_held_to_the_servers_clock) {
  // 1 ms of CPU time claimed, but a minute passed on the server's clock.
  ck_assert_int_eq(*benchmark_power({.work_ms = 60000, .cpu_ms = 5000, .wall_ms = 60000, .cores = 1}), 1250);
}
END_TEST

START_TEST(absurd_benchmarks_are_refused_with_the_value) {
  auto const said = [](Benchmark const& run) { return benchmark_power(run).error().message; };
  ck_assert_says(said({.work_ms = 60000, .cpu_ms = 1, .wall_ms = 1, .cores = 1}), "60000.000 times the reference core");
  ck_assert_says(said({.work_ms = 60000, .cpu_ms = -5, .wall_ms = 100, .cores = 1}), "-5 ms of CPU time");
  ck_assert_says(said({.work_ms = 60000, .cpu_ms = 5, .wall_ms = 0, .cores = 1}), "in 0 ms");
  ck_assert_says(said({.work_ms = 60000, .cpu_ms = huge, .wall_ms = 100, .cores = 1}), "must be above 0");
  ck_assert_says(said({.work_ms = 60000, .cpu_ms = 60000, .wall_ms = 100, .cores = 0}), "0 cores");
  ck_assert_says(said({.work_ms = 60000, .cpu_ms = 60000, .wall_ms = 100, .cores = 2000000000}), "2000000000 cores");
  ck_assert_says(said({.work_ms = 0, .cpu_ms = 60000, .wall_ms = 100, .cores = 1}), "0 ms of work");
  ck_assert_says(said({.work_ms = 1, .cpu_ms = 60000, .wall_ms = 60000, .cores = 1}), "too slow");
}
END_TEST

START_TEST(an_honest_claim_is_power_times_cpu_time) {
  Claim const minute{.power = 1000, .benchmark = 1000, .cores = 1, .cpu_ms = 60000, .wall_ms = 60000};
  ck_assert_int_eq(claim(minute), 1000);  // one point
  // The same frame pays the same on a PC twice as fast.
  Claim fast = minute;
  fast.power = fast.benchmark = 2000;
  fast.cpu_ms = fast.wall_ms = 30000;
  ck_assert_int_eq(claim(fast), 1000);
}
END_TEST

START_TEST(a_claim_stops_at_what_the_server_saw) {
  Claim of{.power = 1000, .benchmark = 1000, .cores = 4, .cpu_ms = huge, .wall_ms = 60000};
  ck_assert_int_eq(claim(of), 4200);  // 1.05 times four cores for a minute
  of.cpu_limit_ms = 120000;
  ck_assert_int_eq(claim(of), 2000);
  of.cpu_limit_ms = 0;
  of.power = 1250;
  ck_assert_int_eq(claim(of), 5000);  // 1.25 P_b cores wall, not 1.25 * 1.05
}
END_TEST

START_TEST(absurd_claims_count_as_nothing_or_as_the_limit) {
  Claim of{.power = 1000, .benchmark = 1000, .cores = 1, .cpu_ms = -1, .wall_ms = 60000};
  ck_assert_int_eq(claim(of), 0);
  of.cpu_ms = 60000;
  of.wall_ms = lowest;
  ck_assert_int_eq(claim(of), 0);
  of.wall_ms = 60000;
  of.power = lowest;
  ck_assert_int_eq(claim(of), 0);
  Claim const most{.power = huge, .benchmark = huge, .cores = 2147483647, .cpu_ms = huge, .wall_ms = huge};
  std::int64_t const bound = power_limit * time_limit_ms / (unit_power * ms_per_millipoint);
  ck_assert(claim(most) > 0 && claim(most) <= bound);
}
END_TEST

std::vector<Sample> samples(std::initializer_list<std::array<std::int64_t, 3>> of) {
  std::vector<Sample> all;
  for (auto const& [frame, user, claimed] : of) all.push_back({frame, user, claimed});
  return all;
}

START_TEST(a_fair_value_needs_three_other_users) {
  auto const two = samples({{1, 11, 100}, {2, 12, 110}, {3, 11, 120}});
  ck_assert(!fair_value(two, 2, 99).has_value());
  auto const three = samples({{1, 11, 100}, {2, 12, 110}, {3, 13, 120}});
  ck_assert_int_eq(*fair_value(three, 2, 99), 110);
  ck_assert(!fair_value(three, 2, 13).has_value());  // his own results do not count for him
  ck_assert(!fair_value({}, 2, 13).has_value());
}
END_TEST

START_TEST(a_fair_value_is_the_median_of_the_nearest) {
  std::vector<Sample> all;
  for (std::int64_t frame = 1; frame <= 200; ++frame) all.push_back({frame, 10 + frame % 5, frame * 10});
  ck_assert_int_eq(*fair_value(all, 100, 99), 1000);
  ck_assert_int_eq(*fair_value(all, 1, 99), 80);
  ck_assert_int_eq(*fair_value(all, 200, 99), 1930);
  auto const even = samples({{1, 11, 100}, {2, 12, 200}, {3, 13, 301}, {4, 14, 900}});
  ck_assert_int_eq(*fair_value(even, 1, 99), 250);
}
END_TEST

START_TEST(two_farms_around_a_frame_do_not_make_its_value) {
  // The nearest twenty frames belong to two users who claim ten times too much; three honest ones are further off.
  std::vector<Sample> all;
  for (std::int64_t frame = 90; frame < 110; ++frame) all.push_back({frame, 10 + frame % 2, 10000});
  for (std::int64_t frame = 1; frame < 60; ++frame) all.push_back({frame, 20 + frame % 3, 1000});
  ck_assert(!fair_value(all, 100, 99, 15).has_value());  // the nearest fifteen alone know two users only
  // With two more honest users the two still cannot hold the middle.
  for (std::int64_t frame = 60; frame < 80; ++frame) all.push_back({frame, 30 + frame % 2, 1000});
  for (std::int64_t frame = 120; frame < 140; ++frame) all.push_back({frame, 40 + frame % 2, 1000});
  std::int64_t const value = *fair_value(all, 100, 99);
  ck_assert_int_eq(value, 1000);
}
END_TEST

START_TEST(negative_claims_in_a_sample_count_as_nothing) {
  auto const all = samples({{1, 11, -100}, {2, 12, lowest}, {3, 13, 50}});
  ck_assert_int_eq(*fair_value(all, 1, 99), 0);
}
END_TEST

START_TEST(a_grant_is_at_most_fifteen_percent_above_the_fair_value) {
  ck_assert_int_eq(grant(1000, 1000), 1000);
  ck_assert_int_eq(grant(900, 1000), 900);
  ck_assert_int_eq(grant(5000, 1000), 1150);
  ck_assert_int_eq(grant(5000, 99), 113);  // rounded down, never above 1.15 V
  ck_assert_int_eq(grant(-5, 1000), 0);
  ck_assert_int_eq(grant(5, -1000), 0);
  ck_assert(grant(huge, huge / 2) > 0);
}
END_TEST

START_TEST(without_a_fair_value_the_least_claim_is_paid) {
  auto const seen = samples({{1, 11, 700}, {2, 11, 650}});
  ck_assert_int_eq(grant_without_value(900, seen), 650);
  ck_assert_int_eq(grant_without_value(600, seen), 600);
  ck_assert_int_eq(grant_without_value(600, {}), 600);
  ck_assert_int_eq(grant_without_value(-600, {}), 0);
}
END_TEST

START_TEST(power_follows_the_fair_value_slowly_and_within_limits) {
  ck_assert_int_eq(corrected_power(1000, 1000, 500, 500), 1000);
  ck_assert_int_eq(corrected_power(1000, 1000, 500, 1000), 933);  // 0.5^0.1
  ck_assert_int_eq(corrected_power(1000, 1000, 1000, 500), 1072);
  ck_assert_int_eq(corrected_power(1000, 1000, huge, 1), 1250);
  ck_assert_int_eq(corrected_power(1000, 1000, 1, huge), 250);
  ck_assert_int_eq(corrected_power(1000, 1000, 0, 500), 1000);
  ck_assert_int_eq(corrected_power(1000, 1000, 500, -1), 1000);
  std::int64_t power = 1000;
  for (int i = 0; i < 100; ++i) power = corrected_power(power, 1000, 1000, 1000 * power / 800);
  ck_assert_int_le(std::abs(power - 862), 5);  // two thirds of the way to where its claims are fair
}
END_TEST

START_TEST(weight_grows_with_points_from_an_hour_of_work_to_four) {
  ck_assert_int_eq(user_weight(0), 0);
  ck_assert_int_eq(user_weight(-1), 0);
  ck_assert_int_eq(user_weight(59'999), 0);
  ck_assert_int_gt(user_weight(60'000), 0);
  ck_assert_int_eq(user_weight(600'000), 1500);
  ck_assert_int_eq(user_weight(600'000 * 3), 2000);
  ck_assert_int_eq(user_weight(600'000 * 63), 4000);
  ck_assert_int_eq(user_weight(huge), 4000);
  std::int64_t last = 0;
  for (std::int64_t points = 0; points < 60'000'000; points += 10'007) {
    ck_assert_int_ge(user_weight(points), last);
    last = user_weight(points);
  }
}
END_TEST

START_TEST(an_army_with_an_hour_of_work_each_weighs_less_than_it_worked) {
  // A hundred accounts with 60 points each have done 6,000 points of work; one person with as much weighs 2.7.
  ck_assert_int_le(100 * user_weight(60'000), 12'000);
  ck_assert_int_eq(100 * user_weight(1'000), 0);
}
END_TEST

START_TEST(a_boost_is_what_was_paid_for_each_point_of_work_left) {
  ck_assert_int_eq(boost(0, 1000), 0);
  ck_assert_int_eq(boost(-5, 1000), 0);
  ck_assert_int_eq(boost(500, 1000), 500);
  ck_assert_int_eq(boost(9000, 1000), 4000);
  ck_assert_int_eq(boost(5, 0), 4000);
  ck_assert_int_eq(boost(huge, 1), 4000);
  ck_assert_int_eq(boost(1, huge), 0);
}
END_TEST

START_TEST(a_payout_never_takes_more_than_the_escrow_holds) {
  ck_assert_int_eq(payout(500, 1000, 10000), 500);
  ck_assert_int_eq(payout(4000, 1000, 3000), 3000);
  ck_assert_int_eq(payout(4000, huge, 3000), 3000);
  ck_assert_int_eq(payout(huge, 100, 3000), 400);
  ck_assert_int_eq(payout(500, 1000, -1), 0);
  ck_assert_int_eq(payout(-500, 1000, 100), 0);
}
END_TEST

START_TEST(an_estimate_is_the_median_of_the_latest_results) {
  JobEstimate job;
  ck_assert(!job.work().has_value());
  job.add(100, 6000, 6000, 1);
  ck_assert_int_eq(*job.work(), 100);
  job.add(huge, 6000, 6000, 1);
  job.add(120, 6000, 6000, 1);
  ck_assert_int_eq(*job.work(), 120);
  for (int i = 0; i < 20; ++i) job.add(50, 6000, 6000, 1);
  ck_assert_int_eq(*job.work(), 50);
  ck_assert_int_gt(job.efficiency(), 950);
  job.add(-3, -5, -7, -1);
  ck_assert_int_eq(*job.work(), 50);
}
END_TEST

START_TEST(a_frames_time_is_work_over_power_threads_and_efficiency) {
  ck_assert_int_eq(frame_ms(1000, 1000, 1, 1000), 60000);
  ck_assert_int_eq(frame_ms(1000, 2000, 4, 500), 15000);
  ck_assert_int_eq(frame_ms(0, 1000, 1, 1000), 1);
  ck_assert_int_eq(frame_ms(-5, -5, -5, -5), 1);
  ck_assert_int_gt(frame_ms(huge, 0, 0, 0), 0);
}
END_TEST

START_TEST(a_grid_without_history_expects_a_point_of_a_frame) {
  GridEstimate grid;
  ck_assert_int_eq(grid.work(), 1000);
  for (int i = 0; i < 200; ++i) grid.add(i % 5 == 0 ? 5000 : 100);
  ck_assert_int_eq(grid.work(), 5000);  // one frame in five is long: a newcomer is charged for a long one
  for (int i = 0; i < 200; ++i) grid.add(i % 20 == 0 ? 5000 : 100);
  ck_assert_int_eq(grid.work(), 100);
}
END_TEST

}  // namespace

int main() {
  TCase* const all = tcase_create("points");
  for (auto const* test : {logarithm_and_power_agree_with_the_library,
                           scaling_rounds_to_nearest_and_never_overflows,
                           a_benchmark_measures_one_core,
                           a_benchmark_that_hides_cpu_time_is_held_to_the_servers_clock,
                           absurd_benchmarks_are_refused_with_the_value,
                           an_honest_claim_is_power_times_cpu_time,
                           a_claim_stops_at_what_the_server_saw,
                           absurd_claims_count_as_nothing_or_as_the_limit,
                           a_fair_value_needs_three_other_users,
                           a_fair_value_is_the_median_of_the_nearest,
                           two_farms_around_a_frame_do_not_make_its_value,
                           negative_claims_in_a_sample_count_as_nothing,
                           a_grant_is_at_most_fifteen_percent_above_the_fair_value,
                           without_a_fair_value_the_least_claim_is_paid,
                           power_follows_the_fair_value_slowly_and_within_limits,
                           weight_grows_with_points_from_an_hour_of_work_to_four,
                           an_army_with_an_hour_of_work_each_weighs_less_than_it_worked,
                           a_boost_is_what_was_paid_for_each_point_of_work_left,
                           a_payout_never_takes_more_than_the_escrow_holds,
                           an_estimate_is_the_median_of_the_latest_results,
                           a_frames_time_is_work_over_power_threads_and_efficiency,
                           a_grid_without_history_expects_a_point_of_a_frame})
    tcase_add_test(all, test);
  return run_suite("points", {all});
}

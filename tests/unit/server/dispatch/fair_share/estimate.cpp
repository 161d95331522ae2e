// What a frame is expected to cost and to take.
#include <cstdint>
#include <limits>

#include "server/dispatch/fair_share/estimate.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

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

TestGroup const estimates_tests{
    "estimates",
    {an_estimate_is_the_median_of_the_latest_results, a_frames_time_is_work_over_power_threads_and_efficiency,
     a_grid_without_history_expects_a_point_of_a_frame}};

}  // namespace

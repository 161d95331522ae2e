// The scheduling policy by itself: who is served when, from one job to ten thousand users.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "tests/support/check_main.h"
#include "tests/support/policy_grid.h"

using namespace distren;
using Rule = PolicyReason::Rule;

namespace {

START_TEST(an_empty_grid_gives_nothing_and_says_so) {
  PolicyGrid grid;
  ck_assert_int_eq(grid.give(1), 0);
  ck_assert(grid.policy.explain_slave(1).rule == Rule::no_work);
  ck_assert(grid.policy.explain_slave(77).rule == Rule::unknown);
  ck_assert(grid.policy.explain_job(77).rule == Rule::unknown);
  grid.policy.remove_job(5);
  grid.policy.forget_job(5);
  grid.policy.completed(5, {});
  grid.policy.returned(5);
}
END_TEST

START_TEST(one_job_is_served_until_it_has_nothing_left) {
  PolicyGrid grid;
  grid.job(1, 10, 3, 100);
  ck_assert_int_eq(grid.serve(10)[1], 3);
  ck_assert(grid.policy.explain_job(1).rule == Rule::all_dispatched);
  grid.policy.forget_job(1);
  ck_assert(grid.policy.explain_job(1).rule == Rule::unknown);
}
END_TEST

START_TEST(newcomers_share_equally_whatever_their_frames_take) {
  PolicyGrid grid;
  grid.job(1, 10, 100000, 100);
  grid.job(2, 20, 100000, 400);
  auto const got = grid.serve(1000);
  ck_assert_int_eq(got.at(1) * 100 / 8, got.at(2) * 400 / 8 * got.at(1) * 100 / (got.at(2) * 400));
  ck_assert_int_le(std::abs(got.at(1) * 100 - got.at(2) * 400), 1200);
}
END_TEST

START_TEST(a_grid_of_small_frames_is_shared_from_the_first_ones_on) {
  PolicyGrid grid;
  grid.job(1, 10, 1000, 4);
  grid.job(2, 20, 1000, 4);
  grid.pc(1);
  auto const got = grid.serve(20);
  ck_assert_int_ge(got.at(1), 9);
  ck_assert_int_ge(got.at(2), 9);
}
END_TEST

START_TEST(contributors_share_four_fifths_by_weight) {
  PolicyGrid grid;
  grid.policy.set_user(10, 600'000);       // weight 1.5
  grid.policy.set_user(20, 600'000 * 63);  // weight 4
  grid.job(1, 10, 100000, 100);
  grid.job(2, 20, 100000, 100);
  grid.job(3, 30, 100000, 100);  // a newcomer
  auto const got = grid.serve(30000);
  auto const near = [&](std::int64_t job, double share) {
    ck_assert_double_eq_tol(got.at(job) / 30000.0, share, 0.003);
  };
  near(1, 0.8 * 1.5 / 5.5 + 0.2 / 3);
  near(2, 0.8 * 4 / 5.5 + 0.2 / 3);
  near(3, 0.2 / 3);
}
END_TEST

START_TEST(a_hundred_fresh_accounts_share_one_fifth) {
  PolicyGrid grid;
  for (std::int64_t user = 1; user <= 11; ++user) {
    grid.policy.set_user(user, 6'000'000);
    grid.job(user, user, 1000000, 100);
  }
  for (std::int64_t user = 100; user < 200; ++user) {
    grid.policy.set_user(user, 59'000);
    grid.job(user, user, 1000000, 100);
  }
  int fakes = 0;
  for (auto const& [job, frames] : grid.serve(50000)) fakes += job >= 100 ? frames : 0;
  ck_assert_double_eq_tol(fakes / 50000.0, 0.2 * 100 / 111, 0.003);
}
END_TEST

START_TEST(without_contributors_everyone_gets_all_of_it) {
  PolicyGrid grid;
  grid.job(1, 10, 1000, 100);
  grid.job(2, 20, 1000, 100);
  ck_assert_int_eq(grid.serve(100).at(2), 50);
}
END_TEST

START_TEST(a_boosted_job_weighs_one_plus_its_boost) {
  PolicyGrid grid;
  grid.policy.set_user(10, 6'000'000);
  grid.policy.set_user(20, 6'000'000);
  grid.job(1, 10, 1000000, 100);
  grid.job(2, 20, 1000000, 100);
  grid.policy.set_boost(2, 1000000 * 100 * 2);
  grid.serve(100);  // until the work of a frame is known, and the boost with it
  ck_assert_int_eq(grid.policy.explain_job(2).boost / 10, 200);
  auto const got = grid.serve(20000);
  ck_assert_double_eq_tol(got.at(2) / 20000.0, 0.8 * 0.75 + 0.1, 0.01);
}
END_TEST

START_TEST(a_newcomer_has_the_priority_that_he_pays_for) {
  PolicyGrid grid;
  grid.policy.set_user(10, 600'000 * 63);  // weight 4
  grid.job(1, 10, 1000000, 1000);
  grid.job(2, 20, 1000000, 1000);
  grid.policy.set_boost(2, std::int64_t{1000000} * 1000);  // L = 1
  auto const got = grid.serve(20000);
  ck_assert_double_eq_tol(got.at(2) / 20000.0, 0.8 / 5 + 0.1, 0.01);
}
END_TEST

START_TEST(an_owner_orders_his_jobs_by_priority_then_boost_then_age) {
  PolicyGrid grid;
  grid.job(1, 10, 1, 100, 20);
  grid.job(2, 10, 1, 100, 80);
  grid.job(3, 10, 1, 100, 80);
  grid.job(4, 10, 1, 100, 80);
  grid.policy.set_boost(4, 50);
  std::vector<std::int64_t> order;
  for (int i = 0; i < 4; ++i) order.push_back(grid.give(100 + i));
  ck_assert(order == (std::vector<std::int64_t>{4, 2, 3, 1}));
}
END_TEST

START_TEST(changing_a_priority_takes_effect_at_once) {
  PolicyGrid grid;
  grid.job(1, 10, 5, 100);
  grid.job(2, 10, 5, 100);
  ck_assert_int_eq(grid.policy.explain_job(2).number, 1);
  ck_assert(grid.policy.explain_job(2).rule == Rule::own_job_first);
  grid.policy.add_job({.id = 2, .user = 10, .priority = 90, .ready = 5, .unfinished = 5});
  ck_assert(grid.policy.explain_job(2).rule == Rule::next);
  ck_assert_int_eq(grid.give(1), 2);
}
END_TEST

START_TEST(who_returns_gets_no_credit_for_the_time_away) {
  PolicyGrid grid;
  grid.job(1, 10, 100000, 100);
  grid.job(2, 20, 100000, 100);
  grid.serve(10);
  grid.policy.remove_job(2);
  grid.serve(1000);
  grid.job(2, 20, 100000, 100);
  auto const got = grid.serve(100);
  ck_assert_int_le(std::abs(got.at(2) - 50), 2);
}
END_TEST

START_TEST(who_returns_soon_keeps_what_he_had_ahead) {
  PolicyGrid grid;
  grid.job(1, 10, 100000, 100);
  grid.job(2, 20, 100000, 100);
  grid.serve(20);
  for (int i = 0; i < 50; ++i) {  // leaving and coming back is no way to be first
    grid.policy.remove_job(2);
    grid.policy.add_job({.id = 2, .user = 20, .ready = 100000, .unfinished = 100000});
    grid.serve(2);
  }
  auto const got = grid.serve(100);
  ck_assert_int_le(std::abs(got.at(2) - 50), 2);
}
END_TEST

START_TEST(a_wrong_estimate_is_corrected_when_the_frame_is_done) {
  PolicyGrid grid;
  grid.job(1, 10, 100000, 100);
  grid.job(2, 20, 100000, 50000);  // long frames, as yet unknown
  std::map<std::int64_t, std::int64_t> work;
  for (int i = 0; i < 5000; ++i) {
    std::int64_t const job = grid.give(1);
    work[job] += job == 1 ? 100 : 50000;
    grid.finish(grid.latest);
  }
  ck_assert_int_le(std::abs(work[1] - work[2]), 150000);
}
END_TEST

START_TEST(a_lost_frame_costs_its_owner_nothing) {
  PolicyGrid grid;
  grid.job(1, 10, 1000, 100);
  grid.job(2, 20, 1000, 100);
  grid.serve(2);
  for (int i = 0; i < 20; ++i) {  // everything that job 2 gets is lost
    if (grid.give(1) == 2)
      grid.lose(grid.latest);
    else
      grid.finish(grid.latest);
  }
  int const first = grid.serve(40)[2];
  ck_assert_int_ge(first, 20);
}
END_TEST

START_TEST(an_attempt_reported_twice_counts_once) {
  PolicyGrid grid;
  grid.job(1, 10, 1000, 100);
  grid.job(2, 20, 1000, 100);
  for (int i = 0; i < 200; ++i) {
    std::int64_t const job = grid.give(1);
    grid.policy.dispatched({.id = grid.latest, .job = job, .slave = 1, .now_ms = grid.now});
    std::int64_t const attempt = grid.latest;
    grid.finish(attempt);
    grid.policy.completed(attempt, {.work = 1'000'000});
    grid.policy.returned(attempt);
  }
  auto const got = grid.serve(100);
  ck_assert_int_le(std::abs(got.at(1) - got.at(2)), 4);
}
END_TEST

START_TEST(a_backlogged_user_waits_no_longer_than_the_bound) {
  PolicyGrid grid;
  constexpr std::int64_t users = 30;
  constexpr std::int64_t longest = 5000;
  for (std::int64_t user = 1; user <= users; ++user) {
    grid.policy.set_user(user, user % 3 == 0 ? 0 : user * 1'000'000);
    grid.job(user, user, 10000000, user % 7 == 0 ? longest : 100 * user);
  }
  std::map<std::int64_t, std::int64_t> last;
  std::int64_t total = 0;
  std::int64_t worst = 0;
  for (int i = 0; i < 50000; ++i) {
    std::int64_t const user = grid.give(i % 20 + 1);
    std::int64_t const work = user % 7 == 0 ? longest : 100 * user;
    if (i > 2000) worst = std::max(worst, total - last[user]);
    total += work;
    last[user] = total;
    grid.finish(grid.latest);
  }
  for (auto const& [user, at] : last) worst = std::max(worst, total - at);
  ck_assert_int_le(worst, 2 * users * longest * 5 + longest);
}
END_TEST

START_TEST(ten_thousand_users_are_all_served_in_turn) {
  PolicyGrid grid;
  for (std::int64_t user = 1; user <= 10000; ++user) grid.job(user, user, 100, 100);
  std::set<std::int64_t> served;
  for (int i = 0; i < 10000; ++i) {
    served.insert(grid.give(i + 1));  // each slave new, so that no files hold it
    grid.finish(grid.latest);
  }
  ck_assert_int_ge(static_cast<int>(served.size()), 9990);
}
END_TEST

TestGroup const order_tests{
    "order",
    {an_empty_grid_gives_nothing_and_says_so, one_job_is_served_until_it_has_nothing_left,
     newcomers_share_equally_whatever_their_frames_take, a_grid_of_small_frames_is_shared_from_the_first_ones_on,
     contributors_share_four_fifths_by_weight, a_hundred_fresh_accounts_share_one_fifth,
     without_contributors_everyone_gets_all_of_it, a_boosted_job_weighs_one_plus_its_boost,
     a_newcomer_has_the_priority_that_he_pays_for, an_owner_orders_his_jobs_by_priority_then_boost_then_age,
     changing_a_priority_takes_effect_at_once, who_returns_gets_no_credit_for_the_time_away,
     who_returns_soon_keeps_what_he_had_ahead, a_wrong_estimate_is_corrected_when_the_frame_is_done,
     a_lost_frame_costs_its_owner_nothing, an_attempt_reported_twice_counts_once,
     a_backlogged_user_waits_no_longer_than_the_bound, ten_thousand_users_are_all_served_in_turn}};

}  // namespace

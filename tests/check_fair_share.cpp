// The scheduling policy by itself, from one job to ten thousand, and the order in which a job gives its frames.
#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <vector>

#include "server/dispatch/fair_share.h"
#include "server/dispatch/job_queue.h"
#include "tests/support/check_main.h"

using namespace distren;
using Rule = PolicyReason::Rule;

namespace {

// A dispatcher without slaves: jobs have frames of known work, an attempt ends when the test says so.
class Grid {
public:
  FairShare policy;
  std::int64_t now = 1'000'000;

  void job(std::int64_t id, std::int64_t user, std::int64_t frames, std::int64_t work, int priority = 50,
           std::int64_t kind = 0) {
    jobs_[id] = {
        .facts = {.id = id, .user = user, .priority = priority, .kind = kind, .ready = frames, .unfinished = frames},
        .work = work};
    policy.add_job(jobs_[id].facts);
  }
  void pc(std::int64_t id, std::int64_t user = 900, std::int64_t power = 1000, int threads = 1) {
    policy.know_slave({.id = id, .user = user, .power = power, .threads = threads, .slots = 1});
    rates_[id] = power * threads;
  }
  // The slave asks and gets a frame of the job that it returns; 0: nothing.
  std::int64_t give(std::int64_t slave, std::set<std::int64_t> const& refuse = {},
                    std::function<bool(std::int64_t kind)> fits = {}) {
    std::int64_t given = 0;
    policy.choose({.id = slave, .user = 900, .now_ms = now, .fits = std::move(fits)}, [&](std::int64_t id) {
      ++offers;
      if (refuse.contains(id)) return false;
      given = id;
      start(id, slave, 0);
      return true;
    });
    return given;
  }
  std::int64_t copy(std::int64_t slave, std::int64_t user) {
    std::int64_t given = 0;
    policy.copy({.id = slave, .user = user, .now_ms = now, .fits = {}}, [&](std::int64_t attempt) {
      given = attempt;
      start(attempts.at(attempt), slave, attempt);
      return true;
    });
    return given;
  }
  void finish(std::int64_t attempt) {
    Job& of = jobs_.at(attempts.at(attempt));
    --of.facts.unfinished;
    auto const rate = rates_.find(slave_of_[attempt]);
    std::int64_t const wall = of.work * 60 * 1000 / (rate == rates_.end() ? 1000 : rate->second);
    policy.completed(attempt, {.work = of.work, .cpu_ms = of.work * 60, .wall_ms = wall});
    attempts.erase(attempt);
  }
  void lose(std::int64_t attempt) {
    Job& of = jobs_.at(attempts.at(attempt));
    policy.returned(attempt);
    ++of.facts.ready;
    policy.add_job(of.facts);
    attempts.erase(attempt);
  }
  // Frames given one after the other, each finished at once; how many each job got.
  std::map<std::int64_t, int> serve(int frames, std::int64_t slave = 1) {
    std::map<std::int64_t, int> got;
    for (int i = 0; i < frames; ++i) {
      std::int64_t const id = give(slave);
      if (id == 0) break;
      ++got[id];
      finish(latest);
    }
    return got;
  }

  std::map<std::int64_t, std::int64_t> attempts;  // attempt -> job
  std::int64_t latest = 0;
  int offers = 0;

private:
  struct Job {
    PolicyJob facts;
    std::int64_t work = 0;
  };
  void start(std::int64_t id, std::int64_t slave, std::int64_t copy_of) {
    attempts[++latest] = id;
    slave_of_[latest] = slave;
    policy.dispatched({.id = latest, .job = id, .slave = slave, .now_ms = now, .copy_of = copy_of});
    if (copy_of != 0) return;
    PolicyJob& facts = jobs_.at(id).facts;
    if (--facts.ready == 0)
      policy.remove_job(id);
    else
      policy.add_job(facts);
  }
  std::map<std::int64_t, Job> jobs_;
  std::map<std::int64_t, std::int64_t> rates_;
  std::map<std::int64_t, std::int64_t> slave_of_;
};

START_TEST(an_empty_grid_gives_nothing_and_says_so) {
  Grid grid;
  ck_assert_int_eq(grid.give(1), 0);
  ck_assert(grid.policy.why_slave(1).rule == Rule::nothing_to_do);
  ck_assert(grid.policy.why_slave(77).rule == Rule::unknown);
  ck_assert(grid.policy.why_job(77).rule == Rule::unknown);
  grid.policy.remove_job(5);
  grid.policy.forget_job(5);
  grid.policy.completed(5, {});
  grid.policy.returned(5);
}
END_TEST

START_TEST(one_job_is_served_until_it_has_nothing_left) {
  Grid grid;
  grid.job(1, 10, 3, 100);
  ck_assert_int_eq(grid.serve(10)[1], 3);
  ck_assert(grid.policy.why_job(1).rule == Rule::nothing_ready);
  grid.policy.forget_job(1);
  ck_assert(grid.policy.why_job(1).rule == Rule::unknown);
}
END_TEST

START_TEST(newcomers_share_equally_whatever_their_frames_take) {
  Grid grid;
  grid.job(1, 10, 100000, 100);
  grid.job(2, 20, 100000, 400);
  auto const got = grid.serve(1000);
  ck_assert_int_eq(got.at(1) * 100 / 8, got.at(2) * 400 / 8 * got.at(1) * 100 / (got.at(2) * 400));
  ck_assert_int_le(std::abs(got.at(1) * 100 - got.at(2) * 400), 1200);
}
END_TEST

START_TEST(contributors_share_four_fifths_by_weight) {
  Grid grid;
  grid.policy.know_user(10, 600'000);       // weight 1.5
  grid.policy.know_user(20, 600'000 * 63);  // weight 4
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
  Grid grid;
  for (std::int64_t user = 1; user <= 11; ++user) {
    grid.policy.know_user(user, 6'000'000);
    grid.job(user, user, 1000000, 100);
  }
  for (std::int64_t user = 100; user < 200; ++user) {
    grid.policy.know_user(user, 59'000);
    grid.job(user, user, 1000000, 100);
  }
  int fakes = 0;
  for (auto const& [job, frames] : grid.serve(50000)) fakes += job >= 100 ? frames : 0;
  ck_assert_double_eq_tol(fakes / 50000.0, 0.2 * 100 / 111, 0.003);
}
END_TEST

START_TEST(without_contributors_everyone_gets_all_of_it) {
  Grid grid;
  grid.job(1, 10, 1000, 100);
  grid.job(2, 20, 1000, 100);
  ck_assert_int_eq(grid.serve(100).at(2), 50);
}
END_TEST

START_TEST(a_boosted_job_weighs_one_plus_its_boost) {
  Grid grid;
  grid.policy.know_user(10, 6'000'000);
  grid.policy.know_user(20, 6'000'000);
  grid.job(1, 10, 1000000, 100);
  grid.job(2, 20, 1000000, 100);
  grid.policy.know_boost(2, 1000000 * 100 * 2);
  grid.serve(100);  // until the work of a frame is known, and the boost with it
  ck_assert_int_eq(grid.policy.why_job(2).boost / 10, 200);
  auto const got = grid.serve(20000);
  ck_assert_double_eq_tol(got.at(2) / 20000.0, 0.8 * 0.75 + 0.1, 0.01);
}
END_TEST

START_TEST(a_newcomer_has_the_priority_that_he_pays_for) {
  Grid grid;
  grid.policy.know_user(10, 600'000 * 63);  // weight 4
  grid.job(1, 10, 1000000, 1000);
  grid.job(2, 20, 1000000, 1000);
  grid.policy.know_boost(2, std::int64_t{1000000} * 1000);  // L = 1
  auto const got = grid.serve(20000);
  ck_assert_double_eq_tol(got.at(2) / 20000.0, 0.8 / 5 + 0.1, 0.01);
}
END_TEST

START_TEST(an_owner_orders_his_jobs_by_priority_then_boost_then_age) {
  Grid grid;
  grid.job(1, 10, 1, 100, 20);
  grid.job(2, 10, 1, 100, 80);
  grid.job(3, 10, 1, 100, 80);
  grid.job(4, 10, 1, 100, 80);
  grid.policy.know_boost(4, 50);
  std::vector<std::int64_t> order;
  for (int i = 0; i < 4; ++i) order.push_back(grid.give(100 + i));
  ck_assert(order == (std::vector<std::int64_t>{4, 2, 3, 1}));
}
END_TEST

START_TEST(changing_a_priority_takes_effect_at_once) {
  Grid grid;
  grid.job(1, 10, 5, 100);
  grid.job(2, 10, 5, 100);
  ck_assert_int_eq(grid.policy.why_job(2).number, 1);
  ck_assert(grid.policy.why_job(2).rule == Rule::own_job_first);
  grid.policy.add_job({.id = 2, .user = 10, .priority = 90, .ready = 5, .unfinished = 5});
  ck_assert(grid.policy.why_job(2).rule == Rule::next);
  ck_assert_int_eq(grid.give(1), 2);
}
END_TEST

START_TEST(who_returns_gets_no_credit_for_the_time_away) {
  Grid grid;
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
  Grid grid;
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
  Grid grid;
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
  Grid grid;
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
  Grid grid;
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

START_TEST(who_does_not_fit_does_not_stop_the_others) {
  Grid grid;
  grid.job(1, 10, 10, 100);
  grid.job(2, 20, 10, 100);
  ck_assert_int_eq(grid.give(1, {1}), 2);
  ck_assert_int_eq(grid.give(1, {1, 2}), 0);
  ck_assert(grid.policy.why_slave(1).rule == Rule::nothing_fits);
  ck_assert_int_eq(grid.policy.why_slave(1).number, 2);
}
END_TEST

START_TEST(kinds_are_asked_once_and_not_job_by_job) {
  Grid grid;
  for (std::int64_t job = 1; job <= 10000; ++job) grid.job(job, job, 10, 100, 50, 1);
  grid.job(20000, 20000, 10, 100, 50, 2);
  ck_assert_int_eq(grid.give(1, {}, [](std::int64_t kind) { return kind == 2; }), 20000);
  ck_assert_int_eq(grid.offers, 1);
  ck_assert_int_eq(grid.give(1, {}, [](std::int64_t kind) { return kind == 3; }), 0);
  ck_assert_int_eq(grid.offers, 1);
}
END_TEST

START_TEST(a_long_row_of_refusals_is_gone_through_in_several_turns) {
  Grid grid;
  std::set<std::int64_t> refused;
  for (std::int64_t job = 1; job <= 5000; ++job) {
    grid.job(job, job, 10, 100);
    if (job < 5000) refused.insert(job);
  }
  int turns = 0;
  int most = 0;
  while (turns < 50) {
    grid.offers = 0;
    std::int64_t const got = grid.give(1, refused);
    most = std::max(most, grid.offers);
    ++turns;
    if (got == 5000) break;
  }
  ck_assert_int_le(turns, 15);
  ck_assert_int_le(most, 500);
}
END_TEST

START_TEST(who_no_slave_fits_does_not_get_a_month_at_once) {
  Grid grid;
  grid.job(1, 10, 1000000, 100, 50, 1);
  grid.job(2, 20, 1000000, 100, 50, 2);
  grid.job(3, 30, 1000000, 100, 50, 1);
  auto const first_kind = [](std::int64_t kind) { return kind == 1; };
  for (int i = 0; i < 20000; ++i) {
    grid.give(1, {}, first_kind);
    grid.finish(grid.latest);
  }
  auto const got = grid.serve(3000, 2);
  ck_assert_int_ge(got.at(1), 700);
  ck_assert_int_ge(got.at(3), 700);
}
END_TEST

START_TEST(a_slave_stays_with_the_files_it_holds_within_one_frame) {
  Grid grid;
  for (std::int64_t job = 1; job <= 4; ++job) grid.job(job, job * 10, 10000, 100);
  for (std::int64_t slave = 1; slave <= 4; ++slave) grid.pc(slave);
  int stayed = 0;
  std::map<std::int64_t, std::int64_t> last;
  std::map<std::int64_t, int> got;
  for (int i = 0; i < 4000; ++i) {
    std::int64_t const slave = i % 4 + 1;
    std::int64_t const job = grid.give(slave);
    stayed += last[slave] == job ? 1 : 0;
    last[slave] = job;
    ++got[job];
    grid.finish(grid.latest);
  }
  ck_assert_int_ge(stayed, 3000);
  for (auto const& [job, frames] : got) ck_assert_int_le(std::abs(frames - 1000), 3);
}
END_TEST

START_TEST(a_backlogged_user_waits_no_longer_than_the_bound) {
  Grid grid;
  constexpr std::int64_t users = 30;
  constexpr std::int64_t longest = 5000;
  for (std::int64_t user = 1; user <= users; ++user) {
    grid.policy.know_user(user, user % 3 == 0 ? 0 : user * 1'000'000);
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

START_TEST(a_block_is_a_quarter_of_an_hour_of_frames) {
  Grid grid;
  grid.pc(1, 900, 1000, 1);
  grid.job(1, 10, 100, 1000);                    // a minute each
  ck_assert_int_eq(grid.policy.block(1, 1), 1);  // not known yet
  for (int i = 0; i < 20; ++i) {
    grid.give(1);
    grid.finish(grid.latest);
  }
  ck_assert_int_ge(grid.policy.block(1, 1), 14);
  ck_assert_int_le(grid.policy.block(1, 1), 15);
  ck_assert_int_eq(grid.policy.block(1, 55), 1);
}
END_TEST

START_TEST(a_frame_too_long_for_a_slaves_limit_goes_to_another) {
  Grid grid;
  grid.pc(1);
  grid.policy.know_slave({.id = 2, .user = 901, .power = 1000, .threads = 1, .slots = 1, .limit_ms = 30000});
  grid.job(1, 10, 100, 1000);
  grid.serve(3);
  ck_assert_int_eq(grid.give(2), 0);
  ck_assert(grid.policy.why_slave(2).rule == Rule::too_long);
  ck_assert_int_ge(grid.policy.why_slave(2).number, 30000);
  ck_assert_int_eq(grid.give(1), 1);
}
END_TEST

START_TEST(the_last_frames_wait_for_a_fast_slave_two_minutes_at_most) {
  Grid grid;
  grid.pc(1, 900, 1000, 16);
  grid.pc(2, 901, 250, 1);
  grid.job(1, 10, 5, 16000);  // a minute on the fast one, about an hour and a half on the slow one
  grid.serve(3, 1);
  ck_assert_int_eq(grid.give(1), 1);  // the fast one is busy with the last but one
  ck_assert_int_eq(grid.give(2), 0);
  PolicyReason const why = grid.policy.why_slave(2);
  ck_assert(why.rule == Rule::wait_for_faster);
  ck_assert(why.number > 0 && why.number <= 120000);
  ck_assert_says(sentence(why), "job 1 is nearly done");
  grid.now += 60000;
  ck_assert_int_eq(grid.give(2), 0);
  grid.now += 61000;
  ck_assert_int_eq(grid.give(2), 1);
}
END_TEST

START_TEST(an_idle_fast_slave_of_another_user_copies_the_slowest_last_frame) {
  Grid grid;
  for (std::int64_t slave = 10; slave < 30; ++slave) grid.pc(slave, 950);
  grid.pc(1, 900, 1000, 1);
  grid.pc(2, 901, 1000, 16);
  grid.pc(3, 900, 1000, 16);
  grid.job(1, 10, 5, 16000);
  grid.serve(3, 2);
  ck_assert_int_eq(grid.give(1), 1);
  std::int64_t const slow = grid.latest;
  ck_assert_int_eq(grid.copy(2, 901), 0);  // a frame is still waiting: no copies
  ck_assert_int_eq(grid.give(2), 1);
  std::int64_t const quick = grid.latest;
  ck_assert_int_eq(grid.copy(3, 900), 0);  // the same owner as the slow one, and no faster than the other
  grid.finish(quick);
  ck_assert_int_eq(grid.copy(2, 901), slow);
  ck_assert(grid.policy.why_slave(2).rule == Rule::tail_copy);
  std::int64_t const second = grid.latest;
  grid.pc(4, 902, 1000, 16);
  ck_assert_int_eq(grid.copy(4, 902), 0);  // one copy only
  grid.policy.returned(second);
  ck_assert_int_eq(grid.copy(4, 902), slow);
  grid.finish(slow);
  ck_assert_int_eq(grid.copy(4, 902), 0);
}
END_TEST

START_TEST(copies_take_a_tenth_of_the_slots_at_most) {
  Grid grid;
  for (std::int64_t slave = 1; slave <= 10; ++slave) grid.pc(slave, 900, 1000, 1);
  for (std::int64_t slave = 11; slave <= 20; ++slave) grid.pc(slave, 901, 1000, 16);
  grid.job(1, 10, 13, 16000);
  grid.serve(3, 11);
  for (std::int64_t slave = 1; slave <= 10; ++slave) ck_assert_int_eq(grid.give(slave), 1);
  int copies = 0;
  for (std::int64_t slave = 11; slave <= 20; ++slave) copies += grid.copy(slave, 901) != 0 ? 1 : 0;
  ck_assert_int_eq(copies, 2);
}
END_TEST

START_TEST(a_frame_long_overdue_is_copied_too) {
  Grid grid;
  for (std::int64_t slave = 10; slave < 30; ++slave) grid.pc(slave, 950);
  grid.pc(1, 900);
  grid.pc(2, 901);
  grid.job(1, 10, 4, 1000);
  grid.serve(3, 2);
  ck_assert_int_eq(grid.give(1), 1);
  std::int64_t const stuck = grid.latest;
  grid.now += 80000;
  ck_assert_int_eq(grid.copy(2, 901), 0);
  grid.now += 600000;
  ck_assert_int_eq(grid.copy(2, 901), stuck);
}
END_TEST

START_TEST(a_forecast_says_what_a_boost_would_change) {
  Grid grid;
  for (std::int64_t slave = 1; slave <= 10; ++slave) grid.pc(slave);
  for (std::int64_t user = 1; user <= 8; ++user) {
    grid.policy.know_user(user, 6'000'000);
    grid.job(user, user, 1000, 1000);
  }
  grid.serve(400);
  auto const plain = grid.policy.forecast(8, 0, grid.now);
  auto const boosted = grid.policy.forecast(8, 4'000'000, grid.now);
  ck_assert(plain && boosted);
  ck_assert_int_eq(plain->boost, 0);
  ck_assert_int_ge(boosted->boost, 3900);
  ck_assert_int_le(boosted->position, plain->position);
  ck_assert_int_gt(plain->finish_ms, grid.now);
  ck_assert_int_lt(boosted->finish_ms, plain->finish_ms);
  ck_assert_int_eq(grid.policy.why_job(8).boost, 0);  // asking costs nothing
  ck_assert(!grid.policy.forecast(99, 0, grid.now).has_value());
}
END_TEST

START_TEST(reasons_are_sentences_with_rule_and_number) {
  Grid grid;
  grid.policy.know_user(10, 600'000);
  grid.job(1, 10, 10, 100);
  grid.job(2, 20, 10, 100);
  ck_assert_says(sentence(grid.policy.why_job(1)), "it is next");
  ck_assert_says(sentence(grid.policy.why_job(1)), "weight 1.50");
  ck_assert_int_eq(grid.give(1), 1);
  ck_assert_says(sentence(grid.policy.why_slave(1)), "user 10's turn");
  for (int rule = 0; rule <= static_cast<int>(Rule::nothing_to_do); ++rule)
    ck_assert_int_gt(static_cast<int>(sentence({.rule = static_cast<Rule>(rule)}).size()), 15);
}
END_TEST

START_TEST(ten_thousand_users_are_all_served_in_turn) {
  Grid grid;
  for (std::int64_t user = 1; user <= 10000; ++user) grid.job(user, user, 100, 100);
  std::set<std::int64_t> served;
  for (int i = 0; i < 10000; ++i) {
    served.insert(grid.give(i + 1));  // each slave new, so that no files hold it
    grid.finish(grid.latest);
  }
  ck_assert_int_ge(static_cast<int>(served.size()), 9990);
}
END_TEST

store::RunnableJob ten_frames() {
  store::RunnableJob job;
  job.id = 1;
  job.user = 10;
  job.output = "{}";
  job.first_task = 101;
  job.tasks = 10;
  return job;
}

std::vector<store::RunnableTask> tasks(int count) {
  std::vector<store::RunnableTask> all;
  for (int i = 0; i < count; ++i) all.push_back({.id = 101 + i, .job = 1, .frame = i + 1});
  return all;
}

START_TEST(a_job_gives_its_probes_first_then_blocks) {
  JobQueue queue(ten_frames(), tasks(10), {});
  std::vector<std::int64_t> got;
  for (int i = 0; i < 3; ++i) got.push_back(*queue.take_next(7, 1));
  ck_assert(got == (std::vector<std::int64_t>{101, 106, 110}));
  ck_assert_int_eq(*queue.take_next(7, 3), 102);
  ck_assert_int_eq(*queue.take_next(8, 3), 105);
  ck_assert_int_eq(*queue.take_next(7, 3), 103);
  ck_assert_int_eq(*queue.take_next(7, 3), 104);
  ck_assert_int_eq(*queue.take_next(8, 3), 107);
  queue.give_back(103);
  ck_assert_int_eq(*queue.take_next(8, 3), 103);  // what came back goes first
  ck_assert_int_eq(*queue.take_next(9, 3), 108);
  ck_assert_int_eq(*queue.take_next(7, 3), 109);  // the rest of another's block is nobody's for ever
  ck_assert(!queue.take_next(7, 3).has_value());
  ck_assert_int_eq(queue.ready(), 0);
}
END_TEST

START_TEST(frames_that_failed_on_a_slave_are_passed_over) {
  JobQueue queue(ten_frames(), tasks(10), {{101, 7}, {102, 7}});
  ck_assert_int_eq(*queue.take_next(7, 1), 106);
  ck_assert_int_eq(*queue.take_next(7, 1), 110);
  ck_assert_int_eq(*queue.take_next(7, 1), 103);
  ck_assert_int_eq(*queue.take_next(8, 1), 101);
  ck_assert_int_eq(*queue.take_next(8, 1), 102);
}
END_TEST

START_TEST(every_frame_is_given_exactly_once_whatever_the_order) {
  std::uint64_t random = 42;
  for (int round = 0; round < 200; ++round) {
    int const count = 1 + round % 37;
    JobQueue queue(ten_frames(), tasks(count), {});
    std::set<std::int64_t> out;
    std::set<std::int64_t> done;
    for (int step = 0; step < 20000 && queue.unfinished() > 0; ++step) {
      random = random * 6364136223846793005ULL + 1442695040888963407ULL;
      auto const slave = static_cast<std::int64_t>(random >> 33) % 5;
      if (auto const task = queue.take_next(slave, static_cast<int>(random >> 40) % 6)) {
        ck_assert(out.insert(*task).second);
        ck_assert(!done.contains(*task));
      } else {
        ck_assert_int_eq(queue.ready(), 0);
      }
      if (out.size() > 3 || queue.ready() == 0) {
        std::int64_t const task = *std::next(out.begin(), static_cast<std::ptrdiff_t>((random >> 50) % out.size()));
        out.erase(task);
        if (random >> 60 < 5) {
          queue.give_back(task);
        } else {
          queue.finish(task);
          done.insert(task);
        }
      }
    }
    ck_assert_int_eq(queue.unfinished(), 0);
    ck_assert_int_eq(static_cast<int>(done.size()), count);
  }
}
END_TEST

}  // namespace

int main() {
  TCase* const order = tcase_create("order");
  for (auto const* test :
       {an_empty_grid_gives_nothing_and_says_so, one_job_is_served_until_it_has_nothing_left,
        newcomers_share_equally_whatever_their_frames_take, contributors_share_four_fifths_by_weight,
        a_hundred_fresh_accounts_share_one_fifth, without_contributors_everyone_gets_all_of_it,
        a_boosted_job_weighs_one_plus_its_boost, a_newcomer_has_the_priority_that_he_pays_for,
        an_owner_orders_his_jobs_by_priority_then_boost_then_age, changing_a_priority_takes_effect_at_once,
        who_returns_gets_no_credit_for_the_time_away, who_returns_soon_keeps_what_he_had_ahead,
        a_wrong_estimate_is_corrected_when_the_frame_is_done, a_lost_frame_costs_its_owner_nothing,
        an_attempt_reported_twice_counts_once, a_backlogged_user_waits_no_longer_than_the_bound,
        ten_thousand_users_are_all_served_in_turn})
    tcase_add_test(order, test);
  TCase* const slaves = tcase_create("slaves");
  for (auto const* test :
       {who_does_not_fit_does_not_stop_the_others, kinds_are_asked_once_and_not_job_by_job,
        a_long_row_of_refusals_is_gone_through_in_several_turns, who_no_slave_fits_does_not_get_a_month_at_once,
        a_slave_stays_with_the_files_it_holds_within_one_frame, a_block_is_a_quarter_of_an_hour_of_frames,
        a_frame_too_long_for_a_slaves_limit_goes_to_another, the_last_frames_wait_for_a_fast_slave_two_minutes_at_most,
        an_idle_fast_slave_of_another_user_copies_the_slowest_last_frame, copies_take_a_tenth_of_the_slots_at_most,
        a_frame_long_overdue_is_copied_too, a_forecast_says_what_a_boost_would_change,
        reasons_are_sentences_with_rule_and_number})
    tcase_add_test(slaves, test);
  TCase* const frames = tcase_create("frames");
  for (auto const* test : {a_job_gives_its_probes_first_then_blocks, frames_that_failed_on_a_slave_are_passed_over,
                           every_frame_is_given_exactly_once_whatever_the_order})
    tcase_add_test(frames, test);
  return run_suite("fair_share", {order, slaves, frames});
}

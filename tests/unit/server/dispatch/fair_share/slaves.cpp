// The scheduling policy and its slaves: what fits, files held, blocks, long frames, copies, reasons; and the order in
// which a job gives its frames.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "server/dispatch/job_queue.h"
#include "tests/support/check_main.h"
#include "tests/support/policy_grid.h"

using namespace distren;
using Rule = PolicyReason::Rule;

namespace {

START_TEST(who_does_not_fit_does_not_stop_the_others) {
  PolicyGrid grid;
  grid.job(1, 10, 10, 100);
  grid.job(2, 20, 10, 100);
  ck_assert_int_eq(grid.give(1, {1}), 2);
  ck_assert_int_eq(grid.give(1, {1, 2}), 0);
  ck_assert(grid.policy.explain_slave(1).rule == Rule::no_suitable_job);
  ck_assert_int_eq(grid.policy.explain_slave(1).number, 2);
}
END_TEST

START_TEST(kinds_are_asked_once_and_not_job_by_job) {
  PolicyGrid grid;
  for (std::int64_t job = 1; job <= 10000; ++job) grid.job(job, job, 10, 100, 50, 1);
  grid.job(20000, 20000, 10, 100, 50, 2);
  ck_assert_int_eq(grid.give(1, {}, [](std::int64_t kind) { return kind == 2; }), 20000);
  ck_assert_int_eq(grid.offers, 1);
  ck_assert_int_eq(grid.give(1, {}, [](std::int64_t kind) { return kind == 3; }), 0);
  ck_assert_int_eq(grid.offers, 1);
}
END_TEST

START_TEST(a_long_row_of_refusals_is_gone_through_in_several_turns) {
  PolicyGrid grid;
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
  PolicyGrid grid;
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
  PolicyGrid grid;
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

START_TEST(a_block_is_a_quarter_of_an_hour_of_frames) {
  PolicyGrid grid;
  grid.pc(1, 900, 1000, 1);
  grid.job(1, 10, 100, 1000);                         // a minute each
  ck_assert_int_eq(grid.policy.run_length(1, 1), 1);  // not known yet
  for (int i = 0; i < 20; ++i) {
    grid.give(1);
    grid.finish(grid.latest);
  }
  ck_assert_int_ge(grid.policy.run_length(1, 1), 14);
  ck_assert_int_le(grid.policy.run_length(1, 1), 15);
  ck_assert_int_eq(grid.policy.run_length(1, 55), 1);
}
END_TEST

START_TEST(an_order_that_a_slave_only_holds_adds_nothing_to_the_speed_of_its_job) {
  PolicyGrid grid;
  grid.pc(1);
  grid.job(1, 10, 1000, 1000);
  grid.serve(20);
  grid.give(1);
  std::int64_t const finish = grid.policy.forecast(1, 0, grid.now)->finish_ms;
  for (int i = 0; i < 7; ++i) grid.give(1);
  std::int64_t const held = grid.policy.forecast(1, 0, grid.now)->finish_ms;
  ck_assert_int_le(std::abs(held - finish), (finish - grid.now) / 50);
  // The first ends, the next begins: the job is as fast as before.
  grid.finish(grid.attempts.begin()->first);
  ck_assert_int_le(std::abs(grid.policy.forecast(1, 0, grid.now)->finish_ms - finish), (finish - grid.now) / 50);
}
END_TEST

START_TEST(a_frame_too_long_for_a_slaves_limit_goes_to_another) {
  PolicyGrid grid;
  grid.pc(1);
  grid.policy.set_slave({.id = 2, .user = 901, .power = 1000, .threads = 1, .slots = 1, .limit_ms = 30000});
  grid.job(1, 10, 100, 1000);
  grid.serve(3);
  ck_assert_int_eq(grid.give(2), 0);
  ck_assert(grid.policy.explain_slave(2).rule == Rule::too_long);
  ck_assert_int_ge(grid.policy.explain_slave(2).number, 30000);
  ck_assert_int_eq(grid.give(1), 1);
}
END_TEST

START_TEST(the_last_frames_wait_for_a_fast_slave_two_minutes_at_most) {
  PolicyGrid grid;
  grid.pc(1, 900, 1000, 16);
  grid.pc(2, 901, 250, 1);
  grid.job(1, 10, 5, 16000);  // a minute on the fast one, about an hour and a half on the slow one
  grid.serve(3, 1);
  ck_assert_int_eq(grid.give(1), 1);  // the fast one is busy with the last but one
  ck_assert_int_eq(grid.give(2), 0);
  PolicyReason const why = grid.policy.explain_slave(2);
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
  PolicyGrid grid;
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
  ck_assert(grid.policy.explain_slave(2).rule == Rule::speculative_copy);
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
  PolicyGrid grid;
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
  PolicyGrid grid;
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
  PolicyGrid grid;
  for (std::int64_t slave = 1; slave <= 10; ++slave) grid.pc(slave);
  for (std::int64_t user = 1; user <= 8; ++user) {
    grid.policy.set_user(user, 6'000'000);
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
  ck_assert_int_eq(grid.policy.explain_job(8).boost, 0);  // asking costs nothing
  ck_assert(!grid.policy.forecast(99, 0, grid.now).has_value());
}
END_TEST

START_TEST(reasons_are_sentences_with_rule_and_number) {
  PolicyGrid grid;
  grid.policy.set_user(10, 600'000);
  grid.job(1, 10, 10, 100);
  grid.job(2, 20, 10, 100);
  ck_assert_says(sentence(grid.policy.explain_job(1)), "it is next");
  ck_assert_says(sentence(grid.policy.explain_job(1)), "weight 1.50");
  ck_assert_int_eq(grid.give(1), 1);
  ck_assert_says(sentence(grid.policy.explain_slave(1)), "user 10's turn");
  for (int rule = 0; rule <= static_cast<int>(Rule::no_work); ++rule)
    ck_assert_int_gt(static_cast<int>(sentence({.rule = static_cast<Rule>(rule)}).size()), 15);
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

START_TEST(a_long_job_gives_its_probes_first) {
  JobQueue queue(ten_frames(), tasks(100), {});
  std::vector<std::int64_t> got;
  for (int i = 0; i < 4; ++i) got.push_back(*queue.take_next(7, 1));
  ck_assert(got == (std::vector<std::int64_t>{101, 151, 200, 102}));
  JobQueue shorter(ten_frames(), tasks(99), {});
  ck_assert_int_eq(*shorter.take_next(7, 1), 101);
  ck_assert_int_eq(*shorter.take_next(7, 1), 102);
}
END_TEST

START_TEST(a_job_gives_blocks) {
  JobQueue queue(ten_frames(), tasks(10), {});
  ck_assert_int_eq(*queue.take_next(7, 3), 101);
  ck_assert_int_eq(*queue.take_next(8, 3), 104);
  ck_assert_int_eq(*queue.take_next(7, 3), 102);
  ck_assert_int_eq(*queue.take_next(7, 3), 103);
  ck_assert_int_eq(*queue.take_next(8, 3), 105);
  queue.return_task(102);
  ck_assert_int_eq(*queue.take_next(8, 3), 102);  // what came back goes first
  ck_assert_int_eq(*queue.take_next(9, 3), 107);
  ck_assert_int_eq(*queue.take_next(7, 3), 110);
  for (std::int64_t const left : {106, 108, 109})  // the rest of another's block is nobody's for ever
    ck_assert_int_eq(*queue.take_next(7, 3), left);
  ck_assert(!queue.take_next(7, 3).has_value());
  ck_assert_int_eq(queue.ready(), 0);
}
END_TEST

START_TEST(frames_that_failed_on_a_slave_are_passed_over) {
  JobQueue queue(ten_frames(), tasks(10), {{101, 7}, {102, 7}});
  ck_assert_int_eq(*queue.take_next(7, 1), 103);
  ck_assert_int_eq(*queue.take_next(7, 1), 104);
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
          queue.return_task(task);
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

TestGroup const slaves_tests{
    "slaves",
    {who_does_not_fit_does_not_stop_the_others, kinds_are_asked_once_and_not_job_by_job,
     a_long_row_of_refusals_is_gone_through_in_several_turns, who_no_slave_fits_does_not_get_a_month_at_once,
     a_slave_stays_with_the_files_it_holds_within_one_frame, a_block_is_a_quarter_of_an_hour_of_frames,
     an_order_that_a_slave_only_holds_adds_nothing_to_the_speed_of_its_job,
     a_frame_too_long_for_a_slaves_limit_goes_to_another, the_last_frames_wait_for_a_fast_slave_two_minutes_at_most,
     an_idle_fast_slave_of_another_user_copies_the_slowest_last_frame, copies_take_a_tenth_of_the_slots_at_most,
     a_frame_long_overdue_is_copied_too, a_forecast_says_what_a_boost_would_change,
     reasons_are_sentences_with_rule_and_number}};
TestGroup const frames_tests{
    "frames",
    {a_long_job_gives_its_probes_first, a_job_gives_blocks, frames_that_failed_on_a_slave_are_passed_over,
     every_frame_is_given_exactly_once_whatever_the_order}};

}  // namespace

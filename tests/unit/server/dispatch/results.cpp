// Results: which of them counts, what a failed or returned frame becomes, and that an attempt that ended says no more.
#include "tests/support/dispatch_grid.h"

using namespace distren;

namespace {

START_TEST(a_late_result_counts_when_nobody_was_faster) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  json const order = slave->received[0];
  slave_disconnected(grid.core, 7, slave.get());
  grid.now += 700'000;
  tick(grid.core, grid.now);
  grid.commit();
  grid.done(order, 7);
  grid.commit();
  ck_assert_says(grid.answer, "accepted");
  ck_assert_uint_eq(grid.add_slave(8)->received.size(), 0);
}
END_TEST

START_TEST(whoever_finishes_first_counts_and_the_other_is_told_to_stop) {
  Grid grid;
  grid.add_job(1, 1);
  auto const first = grid.add_slave(7);
  json const order = first->received[0];
  slave_disconnected(grid.core, 7, first.get());
  grid.now += 700'000;
  tick(grid.core, grid.now);
  grid.commit();
  auto const second = grid.add_slave(8);
  ck_assert_uint_eq(second->received.size(), 1);
  grid.done(order, 7);
  grid.commit();
  ck_assert_uint_eq(second->of_type("cancel").size(), 1);
  auto late = grid.report_for(second->received[0], 8, store::Outcome::accepted);
  ck_assert(begin_commit(grid.core, late, grid.now) == CommitDecision::not_needed);
}
END_TEST

START_TEST(two_images_of_one_frame_are_never_put_in_place_at_once) {
  Grid grid;
  grid.add_job(1, 1);
  auto const first = grid.add_slave(7);
  auto const report = grid.report_for(first->received[0], 7, store::Outcome::accepted);
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  auto other = report;
  other.attempt = 55;
  other.slave = 8;
  ck_assert(begin_commit(grid.core, other, grid.now) == CommitDecision::busy);
  abort_commit(grid.core, report.attempt, grid.now);
  ck_assert(begin_commit(grid.core, other, grid.now) == CommitDecision::proceed);
}
END_TEST

START_TEST(warnings_and_further_files_go_into_the_journal_with_their_result) {
  Grid grid;
  grid.add_job(1, 2);
  auto const slave = grid.add_slave(7);
  auto good = grid.report_for(slave->received[0], 7, store::Outcome::accepted);
  good.warnings = {{.message = "no texture", .count = 2}};
  good.more_outputs = {{.name = "Depth/0001.exr", .size = 5}};
  ck_assert(begin_commit(grid.core, good, grid.now) == CommitDecision::proceed);
  report_result(grid.core, good, {}, grid.now);
  auto const& written = grid.journal.outcomes.back().entry;
  ck_assert(written.warnings.at(0).count == 2 && written.more_outputs.at(0).name == "Depth/0001.exr");
  grid.commit();
  auto bad = grid.report_for(slave->received[1], 7, store::Outcome::failed, "it crashed");
  bad.warnings = {{.message = "no texture"}};
  report_result(grid.core, bad, {}, grid.now);
  ck_assert_text(grid.journal.outcomes.back().entry.warnings.at(0).message, "no texture");
}
END_TEST

START_TEST(a_frame_that_failed_goes_to_another_slave) {
  Grid grid;
  grid.add_job(1, 1);
  auto const first = grid.add_slave(7);
  auto const second = grid.add_slave(8);
  grid.fails(first->received[0], 7);
  grid.commit();
  ck_assert_uint_eq(first->of_type("order").size(), 1);
  ck_assert_uint_eq(second->of_type("order").size(), 1);
}
END_TEST

START_TEST(on_a_grid_of_one_slave_a_failed_frame_comes_back_after_a_pause_three_times_in_all) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  grid.fails(slave->of_type("order").back(), 7);
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  grid.now += 5'001;
  tick(grid.core, grid.now);
  ck_assert_uint_eq(slave->of_type("order").size(), 2);
  grid.fails(slave->of_type("order").back(), 7);
  grid.now += 5'001;
  tick(grid.core, grid.now);
  ck_assert_uint_eq(slave->of_type("order").size(), 2);  // the pause doubles
  grid.now += 5'001;
  tick(grid.core, grid.now);
  ck_assert_uint_eq(slave->of_type("order").size(), 3);
  ck_assert(!grid.journal.outcomes.back().entry.task_failed);
  grid.fails(slave->of_type("order").back(), 7);
  ck_assert(grid.journal.outcomes.back().entry.task_failed);
  ck_assert_int_eq(grid_status(grid.core).jobs_active, 0);
}
END_TEST

START_TEST(a_returned_frame_is_held_against_nobody) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  for (int i = 0; i < 5; ++i) {
    report_result(grid.core, grid.report_for(slave->of_type("order").back(), 7, store::Outcome::returned), {},
                  grid.now);
    grid.commit();
  }
  ck_assert_uint_eq(slave->of_type("order").size(), 6);
}
END_TEST

START_TEST(a_result_without_the_image_that_the_job_wants_is_rejected) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  auto report = grid.report_for(slave->received[0], 7, store::Outcome::accepted);
  report.output.clear();
  report_result(
      grid.core, report, [&](std::string text) { grid.answer = std::move(text); }, grid.now);
  grid.commit();
  ck_assert_says(grid.answer, "rejected");
}
END_TEST

START_TEST(a_held_job_gives_its_test_frames_and_the_rest_when_it_is_approved) {
  Grid grid;
  grid.hold = true;
  grid.add_job(1, 9);
  auto const slave = grid.add_slave(1);
  std::vector<int> frames;
  for (int i = 0; i < 3; ++i) {
    auto const orders = slave->of_type("order");
    ck_assert_uint_eq(orders.size(), static_cast<std::size_t>(i) + 1);
    frames.push_back(orders.back()["task"].get<int>() - 999);
    grid.done(orders.back(), 1);
    grid.commit();
  }
  ck_assert(frames == (std::vector<int>{1, 5, 9}));
  tick(grid.core, grid.now += 1000);
  ck_assert_uint_eq(slave->of_type("order").size(), 3);
  ck_assert_text(explain_job(grid.core, 1).rule, "waits_for_approval");
  ck_assert_int_eq(explain_job(grid.core, 1).number, 6);
  grid.change_job({.job = 1});
  ck_assert_uint_eq(slave->of_type("order").size(), 4);
}
END_TEST

START_TEST(a_finished_frame_can_be_opened_again_while_the_job_is_worked_on) {
  Grid grid;
  grid.add_job(1, 2);
  auto const slave = grid.add_slave(1);
  auto const order = slave->of_type("order").back();
  grid.done(order, 1);
  grid.commit();
  ck_assert(reopen_task(grid.core, {.job = 1, .revision = ++grid.revision}, order["task"], grid.now));
  grid.done(slave->of_type("order").back(), 1);
  grid.commit();
  auto const again = slave->of_type("order").back();
  ck_assert(again["task"] == order["task"] && again["attempt"] != order["attempt"]);
  grid.done(again, 1);
  grid.commit();
  ck_assert(!reopen_task(grid.core, {.job = 1, .revision = ++grid.revision}, order["task"],
                         grid.now));  // the job has ended here
}
END_TEST

// An attempt that has ended may not speak again: only a live or an expired one may bring an image.
// Slave 7 had frame 1 and ended its attempt; slave 8 has it now.
struct Ghost {
  Grid grid;
  std::shared_ptr<FakeSlave> liar, honest;
  json old;
  explicit Ghost(std::function<void(Grid&, json const& order)> const& end) {
    grid.add_job(1, 1);
    liar = grid.add_slave(7);
    old = liar->received[0];
    end(grid, old);
    grid.commit();
    honest = grid.add_slave(8);
  }
  // Says done for the attempt that has ended; the database answers as it does.
  void speak(Verdict verdict) {
    auto report = grid.report_for(old, 7, store::Outcome::accepted);
    if (begin_commit(grid.core, report, grid.now) != CommitDecision::proceed) report.output.clear();
    report_result(
        grid.core, report, [this](std::string text) { grid.answer = std::move(text); }, grid.now);
    grid.commit(verdict);
  }
  void expect_honest_work_counts() {
    ck_assert_says(grid.answer, "rejected");
    ck_assert_uint_eq(honest->of_type("order").size(), 1);
    ck_assert_uint_eq(honest->of_type("cancel").size(), 0);
    ck_assert_int_eq(job_status(grid.core, 1).leased, 1);
    grid.done(honest->received[0], 8);
    grid.commit();
    ck_assert_says(grid.answer, "accepted");
    ck_assert_int_eq(grid_status(grid.core).jobs_active, 0);
  }
};

void returns(Grid& grid, json const& order) {
  slave_announced(grid.core, Grid::state(7, 0, "3.4.1", {{order["attempt"], order["lease"]}}), grid.now);
  report_result(grid.core, grid.report_for(order, 7, store::Outcome::returned), {}, grid.now);
}

START_TEST(only_what_is_out_or_expired_may_begin_a_commit) {
  using enum AttemptState;
  for (auto const state : {unknown, leased, expired}) ck_assert(after(state, AttemptEvent::begin_commit) == committing);
  for (auto const state : {committing, ended}) ck_assert(!after(state, AttemptEvent::begin_commit));
  for (auto const event : {AttemptEvent::lease, AttemptEvent::expire, AttemptEvent::abort_commit, AttemptEvent::end})
    ck_assert(!after(ended, event));
  ck_assert(!after(committing, AttemptEvent::expire));  // a slow database takes no frame away
  ck_assert(after(committing, AttemptEvent::abort_commit) == leased);
}
END_TEST

START_TEST(an_attempt_that_ended_is_remembered_as_long_as_memory_goes) {
  AttemptTable attempts;
  auto const last = static_cast<std::int64_t>(AttemptTable::past_kept) + 1;
  for (std::int64_t id = 1; id <= last; ++id) {
    attempts.add({.id = id, .slave = 7});
    ck_assert(attempts.remove(id, id == 2 ? AttemptEvent::expire : AttemptEvent::end).has_value());
  }
  ck_assert(attempts.state(1) == AttemptState::unknown && attempts.state(2) == AttemptState::expired);
  ck_assert(attempts.state(last) == AttemptState::ended && attempts.leased_by(7).empty());
}
END_TEST

START_TEST(a_returned_frame_cannot_be_brought_after_all) {
  Ghost ghost(returns);
  ghost.speak(Verdict::superseded);
  ghost.expect_honest_work_counts();
}
END_TEST

START_TEST(a_frame_that_an_announce_left_out_cannot_be_brought_after_all) {
  Ghost ghost([](Grid& grid, json const& order) {
    report_progress(grid.core, 7, {.attempt = order["attempt"]}, grid.now);
    slave_announced(grid.core, Grid::state(7, 0), grid.now);
  });
  ck_assert(begin_commit(ghost.grid.core, ghost.grid.report_for(ghost.old, 7, store::Outcome::accepted),
                         ghost.grid.now) != CommitDecision::proceed);
  ghost.speak(Verdict::superseded);
  ghost.expect_honest_work_counts();
  auto const again = ghost.grid.add_slave(7, 1, "3.4.1", {{ghost.old["attempt"], ghost.old["lease"]}});
  ck_assert_uint_eq(again->of_type("cancel").size(), 1);
}
END_TEST

// After a restart memory knows nothing of the attempt: the image is stored, the database refuses it.
START_TEST(what_the_database_calls_ended_gives_the_frame_to_the_next) {
  Grid before;
  before.add_job(1, 1);
  json const order = before.add_slave(7)->received[0];
  Grid grid;
  grid.journal.next = 200;  // no number is given twice
  grid.add_job(1, 1);
  slave_announced(grid.core, Grid::state(7, 0), grid.now);
  grid.done(order, 7);
  grid.commit(Verdict::ended);
  ck_assert_says(grid.answer, "rejected");
  ck_assert_uint_eq(grid.add_slave(8)->of_type("order").size(), 1);
  ck_assert(begin_commit(grid.core, grid.report_for(order, 7, store::Outcome::accepted), grid.now) ==
            CommitDecision::not_needed);
}
END_TEST

START_TEST(what_a_slave_says_beside_a_commit_changes_nothing) {
  Grid grid;
  grid.add_job(1, 1);
  json const order = grid.add_slave(7)->received[0];
  auto const other = grid.add_slave(8);
  grid.done(order, 7);
  for (auto const ending : {store::Outcome::returned, store::Outcome::failed})
    report_result(grid.core, grid.report_for(order, 7, ending, "no"), {}, grid.now);
  ck_assert_uint_eq(other->received.size(), 0);
  grid.commit();
  ck_assert_int_eq(grid_status(grid.core).jobs_active, 0);
}
END_TEST

START_TEST(a_result_that_the_dispatcher_does_not_know_cannot_win_without_its_image) {
  Grid grid;
  grid.add_job(1, 1);
  json const order = grid.add_slave(7)->received[0];
  remove_job(grid.core, 1, store::deleted_revision, "it is read again", grid.now);
  auto report = grid.report_for(order, 7, store::Outcome::accepted);
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::not_needed);
  report.output.clear();
  report_result(grid.core, report, {}, grid.now);
  ck_assert(!grid.journal.outcomes.back().entry.may_win);
}
END_TEST

START_TEST(a_failed_frame_cannot_be_brought_after_all) {
  Ghost ghost([](Grid& grid, json const& order) {
    grid.fails(order, 7);
    slave_announced(grid.core, Grid::state(7, 0), grid.now);
    grid.now += 10'000;
    tick(grid.core, grid.now);
  });
  ghost.speak(Verdict::superseded);
  ghost.expect_honest_work_counts();
}
END_TEST

TestGroup const results_tests{
    "results",
    {a_late_result_counts_when_nobody_was_faster, whoever_finishes_first_counts_and_the_other_is_told_to_stop,
     two_images_of_one_frame_are_never_put_in_place_at_once,
     warnings_and_further_files_go_into_the_journal_with_their_result, a_frame_that_failed_goes_to_another_slave,
     on_a_grid_of_one_slave_a_failed_frame_comes_back_after_a_pause_three_times_in_all,
     a_returned_frame_is_held_against_nobody, a_held_job_gives_its_test_frames_and_the_rest_when_it_is_approved,
     a_finished_frame_can_be_opened_again_while_the_job_is_worked_on,
     a_result_without_the_image_that_the_job_wants_is_rejected, only_what_is_out_or_expired_may_begin_a_commit,
     an_attempt_that_ended_is_remembered_as_long_as_memory_goes,
     what_the_database_calls_ended_gives_the_frame_to_the_next, what_a_slave_says_beside_a_commit_changes_nothing,
     a_result_that_the_dispatcher_does_not_know_cannot_win_without_its_image,
     a_returned_frame_cannot_be_brought_after_all, a_frame_that_an_announce_left_out_cannot_be_brought_after_all,
     a_failed_frame_cannot_be_brought_after_all}};

}  // namespace

// Leases: who holds a frame, for how long, and what is believed of one after a restart.
#include "tests/support/dispatch_grid.h"

using namespace distren;

namespace {

START_TEST(a_lease_that_nobody_renews_goes_to_the_next_slave) {
  Grid grid;
  grid.add_job(1, 1);
  auto const first = grid.add_slave(7);
  slave_disconnected(grid.core, 7, first.get());
  auto const second = grid.add_slave(8);
  ck_assert_uint_eq(second->received.size(), 0);
  grid.now += 599'000;
  tick(grid.core, grid.now);
  ck_assert_uint_eq(second->received.size(), 0);
  grid.now += 2'000;
  tick(grid.core, grid.now);
  ck_assert_uint_eq(second->of_type("order").size(), 1);
  ck_assert(grid.journal.outcomes.front().entry.outcome == store::Outcome::expired);
}
END_TEST

START_TEST(progress_renews_a_lease) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  for (int i = 0; i < 5; ++i) {
    grid.now += 500'000;
    report_progress(grid.core, 7, {.attempt = 100, .fraction = 0.1 * i}, grid.now);
    tick(grid.core, grid.now);
  }
  ck_assert_int_eq(job_status(grid.core, 1).leased, 1);
  ck_assert_uint_gt(grid.journal.leases.size(), 1);  // the journal hears of it, so that a restart waits as well
  report_progress(grid.core, 8, {.attempt = 100, .fraction = 0.5}, grid.now);
}
END_TEST

START_TEST(a_task_is_assigned_until_progress_is_reported_and_checked_when_its_result_arrives) {
  Grid grid;
  grid.add_job(1, 2);
  auto const slave = grid.add_slave(7);
  auto const phases = [&grid] { return job_status(grid.core, 1).phases; };
  auto const phase = [&grid] { return task_statuses(grid.core, 1).front().second.phase; };
  ck_assert(phases().assigned == 1 && phases().sum() == 1 && phase() == TaskPhase::assigned);
  report_progress(grid.core, 7, {.attempt = 100, .phase = protocol::Phase::fetching}, grid.now);
  ck_assert(phases().assigned == 1 && phase() == TaskPhase::assigned);
  report_progress(grid.core, 7, {.attempt = 100}, grid.now);
  ck_assert(phases().rendering == 1 && phases().sum() == 1 && phase() == TaskPhase::rendering);
  auto const report = grid.report_for(slave->received[0], 7, store::Outcome::accepted);
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  ck_assert(phases().checking == 1 && phases().sum() == 1 && phase() == TaskPhase::checking);
  abort_commit(grid.core, 100, grid.now);  // its slave tries again
  ck_assert(phases().rendering == 1 && phases().sum() == 1);
}
END_TEST

START_TEST(a_slave_that_restarted_without_its_frame_loses_it_at_once) {
  Grid grid;
  grid.add_job(1, 1);
  auto const before = grid.add_slave(7);
  slave_disconnected(grid.core, 7, before.get());
  auto const after = grid.add_slave(7);
  ck_assert_uint_eq(after->of_type("order").size(), 1);
  ck_assert_int_eq(after->received[0]["attempt"].get<int>(), 101);
  ck_assert(grid.journal.outcomes.front().entry.outcome == store::Outcome::returned);
}
END_TEST

START_TEST(a_slave_that_still_holds_its_frame_keeps_it_through_a_broken_connection) {
  Grid grid;
  grid.add_job(1, 1);
  auto const before = grid.add_slave(7);
  std::string const lease = before->received[0]["lease"];
  slave_disconnected(grid.core, 7, before.get());
  auto const after = grid.add_slave(7, 1, "3.4.1", {{100, lease}});
  ck_assert_uint_eq(after->received.size(), 0);
  grid.done(before->received[0], 7);
  grid.commit();
  ck_assert_says(grid.answer, "accepted");
}
END_TEST

START_TEST(a_lease_that_the_server_forgot_is_believed_by_its_signature) {
  Grid before;
  before.add_job(1, 1);
  json const order = before.add_slave(7)->received[0];
  Grid after;  // restarted before the lease was journaled
  after.add_job(1, 1);
  auto const slave = after.add_slave(7, 1, "3.4.1", {{100, order["lease"]}});
  ck_assert_uint_eq(slave->received.size(), 0);
  ck_assert_int_eq(job_status(after.core, 1).leased, 1);
  auto const liar = after.add_slave(8, 1, "3.4.1", {{100, order["lease"]}, {5, "1.5.8.9.forged"}});
  ck_assert_uint_eq(liar->of_type("cancel").size(), 2);
}
END_TEST

START_TEST(after_a_restart_the_server_waits_for_the_holder_of_a_journaled_lease) {
  Grid grid;
  grid.add_job(1, 1);
  restore_lease(grid.core, {100, 1000, 7, grid.now + 1000}, grid.now);
  auto const other = grid.add_slave(8);
  grid.now += 60'000;  // the lease is over, but the holder had no way to renew it while the server was away
  tick(grid.core, grid.now);
  ck_assert_uint_eq(other->received.size(), 0);
  grid.now += 60'000;
  tick(grid.core, grid.now);
  ck_assert_uint_eq(other->of_type("order").size(), 1);
}
END_TEST

START_TEST(a_lease_token_cannot_be_changed) {
  std::string const token = sign_lease({1, 2, 3, 4}, "key");
  ck_assert(verify_lease(token, "key").has_value());
  ck_assert(!verify_lease(token, "another key"));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == '1' ? '2' : '1';
    ck_assert_msg(!verify_lease(changed, "key"), "changed at %zu: %s", i, changed.c_str());
  }
  for (auto const* text : {"", ".", "....", "1.2.3.4.", "1.2.3.4", "a.b.c.d.e"}) ck_assert(!verify_lease(text, "key"));
}
END_TEST

// Over HTTPS it waits for its slave's next visit.
START_TEST(an_order_that_ended_before_it_was_fetched_is_cancelled_behind_it) {
  for (bool const by_announce : {true, false}) {
    Grid grid;
    grid.add_job(1, 1);
    auto const slave = grid.add_slave(7);
    auto const order = slave->of_type("order").at(0);
    if (by_announce) {
      slave_announced(grid.core, Grid::state(7, 0), grid.now += 30'000);
    } else {
      slave_announced(grid.core, Grid::state(7, 0), grid.now += 1'000);
      ck_assert(slave->of_type("cancel").empty());  // it may be on its way
      tick(grid.core, grid.now += 29'000);
    }
    auto const cancels = slave->of_type("cancel");
    ck_assert_uint_eq(cancels.size(), 1);
    ck_assert(cancels[0]["attempts"] == json({order["attempt"]}) && cancels[0]["code"] == "not_wanted");
  }
}
END_TEST

TestGroup const leases_tests{
    "leases",
    {a_lease_token_cannot_be_changed, a_lease_that_nobody_renews_goes_to_the_next_slave, progress_renews_a_lease,
     a_task_is_assigned_until_progress_is_reported_and_checked_when_its_result_arrives,
     a_slave_that_restarted_without_its_frame_loses_it_at_once,
     a_slave_that_still_holds_its_frame_keeps_it_through_a_broken_connection,
     a_lease_that_the_server_forgot_is_believed_by_its_signature,
     after_a_restart_the_server_waits_for_the_holder_of_a_journaled_lease,
     an_order_that_ended_before_it_was_fetched_is_cancelled_behind_it}};

}  // namespace

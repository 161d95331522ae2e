// Slaves from their announce to their end: one program for a key, announces again, disabled ones.
#include "tests/support/dispatch_grid.h"

using namespace distren;

namespace {

START_TEST(a_second_program_with_the_same_key_is_refused_while_the_first_lives) {
  Grid grid;
  auto const first = grid.add_slave(7);
  auto const second = std::make_shared<FakeSlave>();
  auto refused = admit_slave(grid.core, 7, "other", second, grid.now);
  ck_assert(!refused && refused.error().code == Errc::conflict);
  ck_assert_uint_eq(first->of_type("ping").size(), 1);
  grid.now += 1000;
  slave_seen(grid.core, 7, grid.now);  // it answered
  grid.now += 10'000;
  ck_assert(!admit_slave(grid.core, 7, "other", second, grid.now));
  grid.now += 10'000;  // this time it did not
  ck_assert(admit_slave(grid.core, 7, "other", second, grid.now).has_value());
  ck_assert_text(first->closed, "the same slave signed on again");
  slave_disconnected(grid.core, 7, first.get());  // the old connection's end is not the new one's
  ck_assert(grid.core.slaves.contains(7));
}
END_TEST

START_TEST(an_announce_renews_the_leases_of_what_the_slave_still_holds) {
  Grid grid;
  grid.add_job(1, 1);
  json const order = grid.add_slave(7)->received[0];
  auto const attempt = order["attempt"].get<std::int64_t>();
  grid.now += 599'000;  // of a lease of 600 s; the line was silent
  auto state = Grid::state(7);
  state.holding = {{attempt, order["lease"].get<std::string>()}};
  slave_announced(grid.core, state, grid.now);
  ck_assert_int_eq(grid.core.attempts.at(attempt).expires_ms, grid.now + 600'000);
}
END_TEST

START_TEST(an_announce_that_crosses_an_order_does_not_end_it) {
  Grid grid;
  grid.add_job(1, 2);
  auto const slave = grid.add_slave(7);
  json const order = slave->received[0];
  slave_announced(grid.core, Grid::state(7), grid.now += 100);  // written before the order arrived
  ck_assert_uint_eq(slave->received.size(), 1);
  report_progress(grid.core, 7, {.attempt = order["attempt"]}, grid.now += 100);
  tick(grid.core, grid.now += 31'000);  // a heartbeat later
  ck_assert_uint_eq(slave->received.size(), 1);
  grid.done(order, 7);
  grid.commit();
  ck_assert_says(grid.answer, "accepted");
}
END_TEST

START_TEST(an_order_that_is_not_named_within_a_heartbeat_was_lost_on_its_way) {
  for (bool const again : {false, true}) {
    Grid grid;
    grid.add_job(1, 1);
    auto const slave = grid.add_slave(7);
    slave_announced(grid.core, Grid::state(7), grid.now += 100);
    tick(grid.core, grid.now += 29'000);
    ck_assert_uint_eq(slave->received.size(), 1);
    grid.now += 1000;
    if (again)
      slave_announced(grid.core, Grid::state(7), grid.now);
    else
      tick(grid.core, grid.now);
    ck_assert(grid.journal.outcomes.front().entry.outcome == store::Outcome::returned);
    ck_assert_uint_eq(slave->of_type("order").size(), 2);
    ck_assert(slave->of_type("order")[1]["task"] == slave->of_type("order")[0]["task"]);
  }
}
END_TEST

START_TEST(what_a_slave_named_and_leaves_out_of_an_announce_is_lost_at_once) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  report_progress(grid.core, 7, {.attempt = slave->received[0]["attempt"]}, grid.now);
  slave_announced(grid.core, Grid::state(7), grid.now += 100);
  ck_assert_uint_eq(slave->of_type("order").size(), 2);
}
END_TEST

START_TEST(what_the_first_announce_of_a_session_leaves_out_is_lost_at_once) {
  Grid grid;
  grid.add_job(1, 1);
  auto const before = grid.add_slave(7);
  ck_assert_uint_eq(before->of_type("order").size(), 1);
  ck_assert_uint_eq(grid.add_slave(7)->of_type("order").size(), 1);  // the PC was switched off and on
}
END_TEST

START_TEST(a_disabled_slave_is_sent_away_and_its_frame_given_to_the_next) {
  Grid grid;
  grid.add_job(1, 1);
  auto const first = grid.add_slave(7);
  auto const second = grid.add_slave(8);
  disable_slave(grid.core, 7, "disabled by its owner", grid.now);
  ck_assert_text(first->closed, "disabled by its owner");
  ck_assert_uint_eq(second->of_type("order").size(), 1);
}
END_TEST

TestGroup const slaves_tests{
    "slaves",
    {a_second_program_with_the_same_key_is_refused_while_the_first_lives,
     an_announce_renews_the_leases_of_what_the_slave_still_holds, an_announce_that_crosses_an_order_does_not_end_it,
     an_order_that_is_not_named_within_a_heartbeat_was_lost_on_its_way,
     what_a_slave_named_and_leaves_out_of_an_announce_is_lost_at_once,
     what_the_first_announce_of_a_session_leaves_out_is_lost_at_once,
     a_disabled_slave_is_sent_away_and_its_frame_given_to_the_next}};

}  // namespace

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

TestGroup const slaves_tests{"slaves",
                             {a_second_program_with_the_same_key_is_refused_while_the_first_lives,
                              an_announce_renews_the_leases_of_what_the_slave_still_holds,
                              a_disabled_slave_is_sent_away_and_its_frame_given_to_the_next}};

}  // namespace

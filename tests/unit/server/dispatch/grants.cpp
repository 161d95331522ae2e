// What frames are worth: claims on the server's clock, fair values, held grants, and the terms of the lease; and
// everything that a slave may claim wrongly.
#include "tests/support/measured_grid.h"

using namespace distren;

namespace {

START_TEST(results_that_come_together_are_each_worth_the_time_that_they_took) {
  Grid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add_slave(7, 1);
  auto const first = slave->of_type("order").back();
  // Held ahead, as the slave asked: all are given now, and handed in 60 seconds later in the same millisecond.
  auto const second = [&] {
    auto report = grid.report_for(first, 7, store::Outcome::accepted);
    report.cpu_ms = 20'000;
    report.wall_ms = 20'000;
    grid.now += 60'000;
    ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
    report_result(
        grid.core, report, [](std::string const&) {}, grid.now);
    return slave->of_type("order").back();
  }();
  auto report = grid.report_for(second, 7, store::Outcome::accepted);
  report.given_ms = grid.now - 60'000;  // signed with the first
  report.cpu_ms = 30'000;
  report.wall_ms = 30'000;
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, report, [](std::string const&) {}, grid.now);
  ck_assert_int_gt(grid.journal.outcomes[0].entry.claim, 0);
  auto const expected = grid.journal.outcomes[0].entry.claim * 3 / 2;
  ck_assert_int_le(std::abs(grid.journal.outcomes[1].entry.claim - expected), 2);  // both are rounded
  // And what is left of the minute is all that a third could be paid for, whatever it says.
  auto third = grid.report_for(slave->of_type("order").back(), 7, store::Outcome::accepted);
  third.given_ms = grid.now - 60'000;
  third.cpu_ms = third.wall_ms = 3'600'000;
  ck_assert(begin_commit(grid.core, third, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, third, [](std::string const&) {}, grid.now);
  ck_assert_int_le(grid.journal.outcomes[2].entry.grant_limit, grid.journal.outcomes[0].entry.grant_limit / 2 + 1);
}
END_TEST

START_TEST(cpu_time_is_a_claim_that_the_server_s_clock_bounds) {
  Grid grid;
  grid.add_job(1, 20);
  auto const slave = grid.add_slave(7);
  struct Case {
    std::int64_t cpu_ms, wall_ms, claim;
  };
  for (Case const& each :
       {Case{6000, 60'000, 100}, Case{60'000, 60'000, 1000}, Case{INT64_MAX / 4, 60'000, 1050},  // 1.05 cores wall
        Case{-5, 60'000, 0}, Case{60'000, 0, 0}}) {
    render(grid, slave->of_type("order").back(), 7, each.cpu_ms, each.wall_ms);
    auto const& entry = grid.journal.outcomes.back().entry;
    ck_assert_int_eq(entry.claim, each.claim);
    ck_assert_int_eq(entry.grant_limit, each.claim == 0 ? 0 : each.wall_ms / 60 * 5 / 4);
  }
}
END_TEST

START_TEST(time_is_not_paid_twice_to_a_slave_that_holds_results_back) {
  Grid grid;
  grid.add_job(1, 2);
  auto const slave = grid.add_slave(7);
  render(grid, slave->of_type("order").back(), 7, 60'000, 60'000);
  json late = slave->of_type("order").back();
  auto report = grid.report_for(late, 7, store::Outcome::accepted);
  report.cpu_ms = 60'000;
  report.given_ms = grid.now - 600'000;
  grid.now += 6000;
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, report, [](std::string const&) {}, grid.now);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.claim, 105);
}
END_TEST

// Three frames on three slots of a core each; handed in as if each had had all three cores.
START_TEST(neither_new_connections_nor_new_slots_make_one_hour_two) {
  Grid grid;
  grid.add_job(1, 20);
  auto const greet = [&grid](int slots, std::vector<json> const& holding) {
    auto slave = std::make_shared<FakeSlave>();
    ck_assert(admit_slave(grid.core, 7, "instance", slave, grid.now).has_value());
    SlaveCapabilities said = Grid::state(7, slots);
    said.cores = 3;
    for (json const& order : holding) said.holding.emplace_back(order["attempt"], order["lease"]);
    slave_announced(grid.core, said, grid.now);
    return slave;
  };
  auto slave = greet(3, {});
  std::vector<json> orders = slave->of_type("order");
  ck_assert_uint_eq(orders.size(), 3);
  grid.now += 3'600'000;
  std::int64_t claimed = 0;
  while (!orders.empty()) {
    slave_disconnected(grid.core, 7, slave.get());
    slave = greet(1, orders);
    render(grid, orders.back(), 7, 3 * 3'600'000, 0);
    orders.pop_back();
    claimed += grid.journal.outcomes.back().entry.claim;
    grid.commit();
  }
  ck_assert_int_eq(claimed, 3 * 63'000);  // three hours of the reference core, and what clocks may differ
}
END_TEST

START_TEST(grants_wait_until_three_others_have_rendered_some_of_the_job) {
  Grid grid;
  grid.add_job(1, 40);
  std::map<std::int64_t, std::shared_ptr<FakeSlave>> slaves;
  for (std::int64_t const id : {11, 12, 13}) slaves[id] = grid.add_slave(id);
  for (auto const& [id, slave] : slaves) {
    render(grid, slave->of_type("order").back(), id, 60'000 + id, 60'000);
    ck_assert_int_eq(grid.journal.outcomes.back().entry.fair_value, 0);
  }
  grid.commit();
  ck_assert(grid.journal.settled.empty());  // each has two others
  slaves[14] = grid.add_slave(14);
  render(grid, slaves[14]->of_type("order").back(), 14, 60'000, 60'000);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.fair_value, 1000);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.grant, 1000);
  grid.commit();
  ck_assert_uint_eq(grid.journal.settled.size(), 3);
  for (auto const& each : grid.journal.settled) ck_assert_int_eq(each.grant, 1000);
  render(grid, slaves[11]->of_type("order").back(), 11, 240'000, 240'000);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.claim, 4000);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.grant, 1150);
}
END_TEST

START_TEST(a_frame_given_before_a_restart_is_paid_by_its_lease_and_the_power_measured_before) {
  MeasuredGrid grid;
  grid.core.benchmarks.load({7, "blender", "3.4.1", 3000, 3000, 60}, grid.now);
  grid.add_job(1, 2);
  restore_lease(grid.core, {.attempt = 90, .task = 1000, .slave = 7, .expires_ms = grid.now + 500'000}, grid.now);
  auto slave = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, 7, "instance", slave, grid.now).has_value());
  SlaveCapabilities said = Grid::state(7, 1, "3.4.1", {{90, "any"}});
  said.cores = 1;
  slave_announced(grid.core, said, grid.now);
  ck_assert_uint_eq(slave->of_type("order").size(), 0);  // it has that frame
  AttemptReport report{.attempt = 90,
                       .task = 1000,
                       .slave = 7,
                       .given_ms = grid.now - 100'000,
                       .terms = {.user = 57, .power = 3000, .benchmark = 3000},
                       .cpu_ms = 60'000};
  report.output = "0001.png";
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, report, [](std::string const&) {}, grid.now);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.claim, 3000);
}
END_TEST

START_TEST(a_clock_that_was_set_back_pays_nothing_and_breaks_nothing) {
  Grid grid;
  grid.add_job(1, 2);
  auto const slave = grid.add_slave(7);
  json const order = slave->of_type("order").back();
  grid.now -= 3'600'000;
  grid.done(order, 7);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.claim, 0);
  grid.commit();
  ck_assert_says(grid.answer, "accepted");
  ck_assert_uint_eq(slave->of_type("order").size(), 2);
}
END_TEST

START_TEST(one_s_own_frames_are_no_samples) {
  Grid grid;
  grid.add_job(1, 40, 57);  // user 57 owns slave 7
  std::map<std::int64_t, std::shared_ptr<FakeSlave>> slaves;
  for (std::int64_t const id : {7, 8, 9}) {
    slaves[id] = grid.add_slave(id);
    render(grid, slaves[id]->of_type("order").back(), id, 60'000, 60'000);
    grid.commit();
  }
  ck_assert(grid.journal.settled.empty());
  slaves[10] = grid.add_slave(10);
  render(grid, slaves[10]->of_type("order").back(), 10, 60'000, 60'000);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.fair_value, 0);  // 8 and 9 are two; 7 is the owner's
}
END_TEST

START_TEST(a_held_grant_is_remembered_over_a_restart) {
  Grid grid;
  grid.core.grants.load_held(1, {.attempt = 5, .task = 1000, .frame = 1, .user = 90, .claim = 900});
  for (std::int64_t const user : {91, 92}) grid.core.grants.load_claim(1, {2, user, 1000});
  grid.add_job(1, 40);
  auto const slave = grid.add_slave(7);
  render(grid, slave->of_type("order").back(), 7, 60'000, 60'000);
  grid.commit();
  ck_assert_uint_eq(grid.journal.settled.size(), 1);
  ck_assert_int_eq(grid.journal.settled[0].attempt, 5);
  ck_assert_int_eq(grid.journal.settled[0].grant, 900);
}
END_TEST

START_TEST(a_job_of_many_frames_keeps_few_claims_and_no_user_fills_them) {
  Grants grants;
  for (std::int64_t frame = 1; frame <= 5000; ++frame)
    (void)grants.accepted(1, {.frame = frame, .user = 1, .claim = 10}, false);
  ck_assert(!grants.fair_value(1, 5000, 9));
  for (std::int64_t const user : {2, 3}) (void)grants.accepted(1, {.frame = 1, .user = user, .claim = 1000}, false);
  ck_assert_int_eq(grants.fair_value(1, 5000, 9).value_or(0), 10);
  ck_assert(!grants.fair_value(1, 5000, 2));
  grants.forget_job(1);
  ck_assert(!grants.fair_value(1, 5000, 9));
}
END_TEST

// Pay belongs to the attempt: what its order froze, whatever has become of its slave when the result counts.
START_TEST(a_frame_is_paid_whose_slave_left_while_its_image_was_checked) {
  for (bool const disabled : {false, true}) {
    Grid grid;
    grid.add_job(1, 3);
    auto const slave = grid.add_slave(7);
    auto report = grid.report_for(slave->received.back(), 7, store::Outcome::accepted);
    grid.now += 60'000;
    report.cpu_ms = 60'000;
    ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
    if (disabled)
      disable_slave(grid.core, 7, "disabled by its owner", grid.now);
    else
      slave_disconnected(grid.core, 7, slave.get());
    report_result(grid.core, report, {}, grid.now);
    ck_assert_int_eq(grid.journal.outcomes.back().entry.claim, 1000);
    ck_assert_int_eq(grid.journal.outcomes.back().entry.grant_limit, 1250);
  }
}
END_TEST

START_TEST(what_a_slave_says_of_itself_after_its_order_changes_nothing_of_its_pay) {
  MeasuredGrid grid;
  grid.core.benchmarks.load({7, "blender", "3.4.1", 2000, 2000, 60}, grid.now);
  grid.core.benchmarks.load({7, "blender", "4.2", 9000, 9000, 60}, grid.now);
  grid.add_job(1, 3);
  auto const slave = grid.add(7, 2);
  json const order = slave->received.back();
  SlaveCapabilities other = Grid::state(7, 1, "4.2", {{order["attempt"], order["lease"]}});
  other.cores = 64;
  other.user = 99;
  slave_announced(grid.core, other, grid.now);
  render(grid, order, 7, 64 * 60'000, 60'000);
  auto const& entry = grid.journal.outcomes.back().entry;
  ck_assert_int_eq(entry.claim, 2 * 2 * 1050);  // two cores of power 2 for a minute, and what clocks may differ
  ck_assert_int_eq(entry.grant_limit, 2 * 2 * 1250);
}
END_TEST

START_TEST(a_boost_pays_what_it_paid_when_the_frame_was_given) {
  Grid grid;
  grid.add_job(1, 2);
  grid.policy.set_boost(1, 1'000'000'000);
  auto const slave = grid.add_slave(7);
  json const order = slave->received.back();
  grid.policy.set_boost(1, 0);
  render(grid, order, 7, 60'000, 60'000);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.boost, 4000);
  render(grid, slave->received.back(), 7, 60'000, 60'000);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.boost, 0);
}
END_TEST

START_TEST(claims_of_slaves_that_left_make_the_fair_value_too) {
  Grid grid;
  grid.add_job(1, 40);
  for (std::int64_t const id : {11, 12, 13}) {
    auto const slave = grid.add_slave(id);
    render(grid, slave->received.back(), id, 60'000, 60'000);
    slave_disconnected(grid.core, id, slave.get());
    grid.commit();
  }
  auto const slave = grid.add_slave(14);
  render(grid, slave->received.back(), 14, 60'000, 60'000);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.fair_value, 1000);
}
END_TEST

START_TEST(a_late_frame_is_paid_by_the_terms_of_its_lease) {
  MeasuredGrid grid;
  grid.core.benchmarks.load({7, "blender", "3.4.1", 2000, 2000, 60}, grid.now);
  grid.add_job(1, 1);
  auto const slave = grid.add(7, 2);
  json const order = slave->received.back();
  slave_disconnected(grid.core, 7, slave.get());
  grid.now += 700'000;
  tick(grid.core, grid.now);
  grid.commit();
  render(grid, order, 7, 60'000, 0);
  ck_assert_int_eq(grid.journal.outcomes.back().entry.claim, 2000);
}
END_TEST

TestGroup const grants_tests{
    "grants",
    {results_that_come_together_are_each_worth_the_time_that_they_took,
     cpu_time_is_a_claim_that_the_server_s_clock_bounds, time_is_not_paid_twice_to_a_slave_that_holds_results_back,
     neither_new_connections_nor_new_slots_make_one_hour_two,
     grants_wait_until_three_others_have_rendered_some_of_the_job,
     a_frame_given_before_a_restart_is_paid_by_its_lease_and_the_power_measured_before,
     a_clock_that_was_set_back_pays_nothing_and_breaks_nothing, one_s_own_frames_are_no_samples,
     a_held_grant_is_remembered_over_a_restart, a_job_of_many_frames_keeps_few_claims_and_no_user_fills_them}};
TestGroup const terms_tests{
    "terms",
    {a_frame_is_paid_whose_slave_left_while_its_image_was_checked,
     what_a_slave_says_of_itself_after_its_order_changes_nothing_of_its_pay,
     a_boost_pays_what_it_paid_when_the_frame_was_given, claims_of_slaves_that_left_make_the_fair_value_too,
     a_late_frame_is_paid_by_the_terms_of_its_lease}};

}  // namespace

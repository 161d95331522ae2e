// What frames are worth and how fast slaves are: benchmarks before the first order, claims on the server's clock, fair
// values, held grants, corrected powers; and everything that a slave may claim wrongly.
#include "server/dispatch/benchmarks.h"
#include "tests/support/dispatch_grid.h"

using namespace distren;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

store::Method const blender{"blender", "3.4.1"};

BenchmarkPlan plan() {
  BenchmarkPlan plan;
  plan.method.name = "blender";
  plan.method.benchmark = Benchmark{.scene = "/methods/blender/benchmark.blend",
                                    .format = "PNG",
                                    .width = 480,
                                    .height = 270,
                                    .first_frame = 1,
                                    .last_frame = 1000,
                                    .min_percentage = 50,
                                    .max_percentage = 150,
                                    .min_samples = 1,
                                    .max_samples = 4096,
                                    .fixed_ms = 1000,
                                    .ms_per_megasample = 2000};
  plan.scene = {"benchmark.blend", "bbb", 1000};
  return plan;
}

struct MeasuredGrid : Grid {
  MeasuredGrid() : Grid({plan()}) {}
  std::shared_ptr<FakeSlave> add(std::int64_t id, int cores = 4, int slots = 1, std::string cpu = "a CPU") {
    auto slave = std::make_shared<FakeSlave>();
    ck_assert(admit_slave(core, id, "instance", slave, now).has_value());
    greet(id, cores, slots, std::move(cpu));
    return slave;
  }
  void greet(std::int64_t id, int cores = 4, int slots = 1, std::string cpu = "a CPU") {
    SlaveCapabilities hello = state(id, slots);
    hello.cores = cores;
    hello.cpu = std::move(cpu);
    slave_hello(core, hello, now);
  }
  // Hands in a benchmark that took cpu_ms on all threads together, wall_ms after it was ordered.
  void answer_benchmark(json const& order, std::int64_t slave, std::int64_t cpu_ms, std::int64_t wall_ms,
                        std::string sha256) {
    now += wall_ms;
    auto report = report_for(order, slave, store::Ending::accepted);
    report.cpu_ms = cpu_ms;
    report.output_sha256 = std::move(sha256);
    report_result(
        core, report, [this](std::string text) { answer = std::move(text); }, now);
  }
  static std::int64_t work_of(json const& order) {
    auto const& parameters = order["parameters"];
    auto const& output = order["output"];
    return benchmark_work(*plan().method.benchmark, output["width"], output["height"], parameters["samples"]);
  }
};

// A frame's result: cpu_ms as the slave says, after wall_ms by the server's clock.
void render(Grid& grid, json const& order, std::int64_t slave, std::int64_t cpu_ms, std::int64_t wall_ms) {
  grid.now += wall_ms;
  auto report = grid.report_for(order, slave, store::Ending::accepted);
  report.cpu_ms = cpu_ms;
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, report, [](std::string const&) {}, grid.now);
}

}  // namespace

START_TEST(results_that_come_together_are_each_worth_the_time_that_they_took) {
  Grid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add_slave(7, 1);
  auto const first = slave->of_type("order").back();
  // Held ahead, as the slave asked: all are given now, and handed in 60 seconds later in the same millisecond.
  auto const second = [&] {
    auto report = grid.report_for(first, 7, store::Ending::accepted);
    report.cpu_ms = 20'000;
    report.wall_ms = 20'000;
    grid.now += 60'000;
    ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
    report_result(
        grid.core, report, [](std::string const&) {}, grid.now);
    return slave->of_type("order").back();
  }();
  auto report = grid.report_for(second, 7, store::Ending::accepted);
  report.given_ms = grid.now - 60'000;  // signed with the first
  report.cpu_ms = 30'000;
  report.wall_ms = 30'000;
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, report, [](std::string const&) {}, grid.now);
  ck_assert_int_gt(grid.journal.endings[0].entry.claim, 0);
  auto const expected = grid.journal.endings[0].entry.claim * 3 / 2;
  ck_assert_int_le(std::abs(grid.journal.endings[1].entry.claim - expected), 2);  // both are rounded
  // And what is left of the minute is all that a third could be paid for, whatever it says.
  auto third = grid.report_for(slave->of_type("order").back(), 7, store::Ending::accepted);
  third.given_ms = grid.now - 60'000;
  third.cpu_ms = third.wall_ms = 3'600'000;
  ck_assert(begin_commit(grid.core, third, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, third, [](std::string const&) {}, grid.now);
  ck_assert_int_le(grid.journal.endings[2].entry.grant_limit, grid.journal.endings[0].entry.grant_limit / 2 + 1);
}
END_TEST

START_TEST(a_slave_renders_a_benchmark_before_its_first_order) {
  MeasuredGrid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add(7);
  ck_assert_uint_eq(slave->received.size(), 1);
  json const order = slave->received[0];
  ck_assert_int_eq(order["job"].get<int>(), 0);
  ck_assert_text(order["parameters"]["file"], "benchmark.blend");
  ck_assert_text(order["files"][0]["url"], "/blob/bbb");
  ck_assert_int_eq(order["parameters"]["frame"].get<int>(), 8);
  ck_assert_text(explain_slave(grid.core, 7).rule, "benchmark");
  ck_assert_int_eq(grid_status(grid.core).tasks_leased, 0);  // it is no frame of anybody's
  auto const expected = expected_result(grid.core, order["attempt"], 0);
  ck_assert(expected && expected->job == 0 && expected->code == 8);
  ck_assert_int_eq(expected->output.width, order["output"]["width"].get<int>());

  std::int64_t const work = MeasuredGrid::work_of(order);
  grid.answer_benchmark(order, 7, work / 2, work / 8, "one");  // twice the reference core, on four of them
  ck_assert_says(grid.answer, "accepted");
  ck_assert(grid.journal.endings.empty() && grid.journal.leases.size() == 1);
  ck_assert_uint_eq(grid.journal.powers.size(), 1);
  ck_assert_int_eq(grid.journal.powers[0].second, 2000);
  ck_assert_int_eq(slave->of_type("order").back()["job"].get<int>(), 1);
}
END_TEST

START_TEST(a_benchmark_has_the_machine_for_itself) {
  MeasuredGrid grid;
  grid.add_job(1, 9);
  auto const slave = grid.add(7, 4, 3);
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  grid.answer_benchmark(slave->received[0], 7, 10'000, 30'000, "one");
  ck_assert_uint_eq(slave->of_type("order").size(), 4);
}
END_TEST

START_TEST(a_benchmark_that_is_too_fast_or_copied_or_without_a_picture_is_not_believed) {
  MeasuredGrid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add(7);
  std::int64_t const work = MeasuredGrid::work_of(slave->received[0]);
  grid.answer_benchmark(slave->received[0], 7, work / 30, work / 100, "one");
  ck_assert_says(grid.answer, "rejected");
  ck_assert_says(grid.answer, "not believed");
  ck_assert_uint_eq(slave->of_type("order").size(), 1);  // it waits, and nothing else is given
  auto const why = explain_slave(grid.core, 7);
  ck_assert_text(why.rule, "benchmark_failed");
  ck_assert_int_eq(why.number, 30);
  grid.now += 31'000;
  tick(grid.core, grid.now);
  auto const honest = grid.add(8);
  grid.answer_benchmark(honest->received[0], 8, work, work / 4, "two");
  ck_assert_says(grid.answer, "accepted");
  grid.answer_benchmark(slave->of_type("order").back(), 7, work, work / 4, "two");
  ck_assert_says(grid.answer, "handed in for a benchmark before");
  grid.now += 100'000;
  tick(grid.core, grid.now);
  grid.answer_benchmark(slave->of_type("order").back(), 7, work, work / 4, "");
  ck_assert_says(grid.answer, "has no picture");
  ck_assert_uint_eq(grid.journal.powers.size(), 1);
}
END_TEST

START_TEST(a_benchmark_is_repeated_after_a_month_and_on_other_hardware) {
  MeasuredGrid grid;
  grid.now += 100 * day_ms;
  grid.core.benchmarks.load({7, "blender", "3.4.1", 1500, 1400, 29 * 86400}, grid.now);
  grid.add_job(1, 1000);
  auto const slave = grid.add(7);
  ck_assert_int_eq(slave->of_type("order").back()["job"].get<int>(), 1);
  grid.done(slave->of_type("order").back(), 7);
  ck_assert_int_eq(slave->of_type("order").back()["job"].get<int>(), 1);
  grid.now += day_ms + 1;
  grid.done(slave->of_type("order").back(), 7);
  ck_assert_int_eq(slave->of_type("order").back()["job"].get<int>(), 0);
  grid.answer_benchmark(slave->of_type("order").back(), 7, 20'000, 60'000, "one");
  ck_assert_int_eq(slave->of_type("order").back()["job"].get<int>(), 1);
  slave_disconnected(grid.core, 7, slave.get());
  auto const back = grid.add(7, 16, 1, "another CPU");
  ck_assert_int_eq(back->of_type("order").back()["job"].get<int>(), 0);
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
    auto const& entry = grid.journal.endings.back().entry;
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
  auto report = grid.report_for(late, 7, store::Ending::accepted);
  report.cpu_ms = 60'000;
  report.given_ms = grid.now - 600'000;
  grid.now += 6000;
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  report_result(
      grid.core, report, [](std::string const&) {}, grid.now);
  ck_assert_int_eq(grid.journal.endings.back().entry.claim, 105);
}
END_TEST

// Three frames on three slots of a core each; handed in as if each had had all three cores.
START_TEST(neither_new_connections_nor_new_slots_make_one_hour_two) {
  Grid grid;
  grid.add_job(1, 20);
  auto const greet = [&grid](int slots, std::vector<json> const& holding) {
    auto slave = std::make_shared<FakeSlave>();
    ck_assert(admit_slave(grid.core, 7, "instance", slave, grid.now).has_value());
    SlaveCapabilities hello = Grid::state(7, slots);
    hello.cores = 3;
    for (json const& order : holding) hello.holding.emplace_back(order["attempt"], order["lease"]);
    slave_hello(grid.core, hello, grid.now);
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
    claimed += grid.journal.endings.back().entry.claim;
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
    ck_assert_int_eq(grid.journal.endings.back().entry.fair_value, 0);
  }
  grid.commit();
  ck_assert(grid.journal.settled.empty());  // each has two others
  slaves[14] = grid.add_slave(14);
  render(grid, slaves[14]->of_type("order").back(), 14, 60'000, 60'000);
  ck_assert_int_eq(grid.journal.endings.back().entry.fair_value, 1000);
  ck_assert_int_eq(grid.journal.endings.back().entry.grant, 1000);
  grid.commit();
  ck_assert_uint_eq(grid.journal.settled.size(), 3);
  for (auto const& each : grid.journal.settled) ck_assert_int_eq(each.grant, 1000);
  render(grid, slaves[11]->of_type("order").back(), 11, 240'000, 240'000);
  ck_assert_int_eq(grid.journal.endings.back().entry.claim, 4000);
  ck_assert_int_eq(grid.journal.endings.back().entry.grant, 1150);
}
END_TEST

START_TEST(a_frame_given_before_a_restart_is_paid_by_its_lease_and_the_power_measured_before) {
  MeasuredGrid grid;
  grid.core.benchmarks.load({7, "blender", "3.4.1", 3000, 3000, 60}, grid.now);
  grid.add_job(1, 2);
  restore_lease(grid.core, {.attempt = 90, .task = 1000, .slave = 7, .expires_ms = grid.now + 500'000}, grid.now);
  auto slave = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, 7, "instance", slave, grid.now).has_value());
  SlaveCapabilities hello = Grid::state(7, 1, "3.4.1", {{90, "any"}});
  hello.cores = 1;
  slave_hello(grid.core, hello, grid.now);
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
  ck_assert_int_eq(grid.journal.endings.back().entry.claim, 3000);
}
END_TEST

START_TEST(a_clock_that_was_set_back_pays_nothing_and_breaks_nothing) {
  Grid grid;
  grid.add_job(1, 2);
  auto const slave = grid.add_slave(7);
  json const order = slave->of_type("order").back();
  grid.now -= 3'600'000;
  grid.done(order, 7);
  ck_assert_int_eq(grid.journal.endings.back().entry.claim, 0);
  grid.commit();
  ck_assert_says(grid.answer, "accepted");
  ck_assert_uint_eq(slave->of_type("order").size(), 2);
}
END_TEST

START_TEST(a_slave_with_too_little_memory_is_not_asked_and_one_liar_keeps_nobody_away) {
  Grid grid;
  grid.add_job(1, 40);
  auto const add = [&grid](std::int64_t id, int memory_mib) {
    auto slave = std::make_shared<FakeSlave>();
    ck_assert(admit_slave(grid.core, id, "instance", slave, grid.now).has_value());
    SlaveCapabilities hello = Grid::state(id);
    hello.memory_mib = memory_mib;
    slave_hello(grid.core, hello, grid.now);
    return slave;
  };
  auto const uses = [&grid](std::shared_ptr<FakeSlave> const& slave, std::int64_t id, int memory_mib) {
    auto report = grid.report_for(slave->of_type("order").back(), id, store::Ending::accepted);
    report.memory_mib = memory_mib;
    ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
    report_result(
        grid.core, report, [](std::string const&) {}, grid.now);
  };
  auto const big = add(7, 16000);
  for (int i = 0; i < 3; ++i) uses(big, 7, 5000);
  ck_assert_uint_eq(add(8, 5900)->of_type("order").size(), 0);
  auto const enough = add(9, 6000);
  ck_assert_uint_eq(enough->of_type("order").size(), 1);
  uses(enough, 9, 1 << 30);
  ck_assert_uint_eq(add(10, 6000)->of_type("order").size(), 1);
  slave_disconnected(grid.core, 7, big.get());
  uses(enough, 9, 16000);
  uses(enough, 9, 16000);
  uses(enough, 9, 16000);
  ck_assert_uint_eq(enough->of_type("order").size(), 5);  // it has rendered some, so it has enough
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
  ck_assert_int_eq(grid.journal.endings.back().entry.fair_value, 0);  // 8 and 9 are two; 7 is the owner's
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

START_TEST(a_power_that_claims_too_much_sinks_and_is_measured_again) {
  Benchmarks powers({"blender"});
  powers.load({7, "blender", "3.4.1", 2000, 2000, 60}, 0);
  ck_assert(!powers.due(7, {blender}, 0));
  for (int i = 0; i < 200; ++i) powers.correct(7, blender, 100, 1000);
  ck_assert_int_eq(powers.of(7, blender).power, 500);
  ck_assert_int_eq(powers.of(7, blender).benchmark, 2000);
  ck_assert(powers.due(7, {blender}, 2 * day_ms).has_value());
  auto const rows = powers.take_corrected();
  ck_assert_uint_eq(rows.size(), 1);
  ck_assert_int_eq(rows[0].power, 500);
  ck_assert(powers.take_corrected().empty());
  for (int i = 0; i < 200; ++i) powers.correct(7, blender, 1000, 100);
  ck_assert_int_eq(powers.of(7, blender).power, 2500);
}
END_TEST

START_TEST(failed_benchmarks_are_tried_less_and_less_often) {
  Benchmarks powers({"blender"});
  ck_assert(powers.due(7, {blender}, 0).has_value() && !powers.ready(7, blender));
  ck_assert(powers.ready(7, {"povray", "3.8"}));  // it has no benchmark
  std::int64_t now = 0;
  for (std::int64_t const pause : {30'000, 60'000, 120'000}) {
    powers.failed(7, blender, "it crashed", now);
    ck_assert(!powers.due(7, {blender}, now + pause - 1));
    now += pause;
    ck_assert(powers.due(7, {blender}, now).has_value());
  }
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
    auto report = grid.report_for(slave->received.back(), 7, store::Ending::accepted);
    grid.now += 60'000;
    report.cpu_ms = 60'000;
    ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
    if (disabled)
      disable_slave(grid.core, 7, "disabled by its owner", grid.now);
    else
      slave_disconnected(grid.core, 7, slave.get());
    report_result(grid.core, report, {}, grid.now);
    ck_assert_int_eq(grid.journal.endings.back().entry.claim, 1000);
    ck_assert_int_eq(grid.journal.endings.back().entry.grant_limit, 1250);
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
  slave_hello(grid.core, other, grid.now);
  render(grid, order, 7, 64 * 60'000, 60'000);
  auto const& entry = grid.journal.endings.back().entry;
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
  ck_assert_int_eq(grid.journal.endings.back().entry.boost, 4000);
  render(grid, slave->received.back(), 7, 60'000, 60'000);
  ck_assert_int_eq(grid.journal.endings.back().entry.boost, 0);
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
  ck_assert_int_eq(grid.journal.endings.back().entry.fair_value, 1000);
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
  ck_assert_int_eq(grid.journal.endings.back().entry.claim, 2000);
}
END_TEST

START_TEST(a_slave_is_measured_with_the_cores_that_its_benchmark_was_ordered_for) {
  MeasuredGrid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add(7, 4);
  json const order = slave->received[0];
  std::int64_t const work = MeasuredGrid::work_of(order);
  SlaveCapabilities fewer = Grid::state(7, 1, "3.4.1", {{order["attempt"], order["lease"]}});
  fewer.cores = 1;  // as if one core had done what four did
  fewer.cpu = "a CPU";
  slave_hello(grid.core, fewer, grid.now);
  grid.answer_benchmark(order, 7, work / 5, work / 2, "one");
  ck_assert_int_eq(grid.journal.powers.at(0).second, 1250 * 2 / 4);
}
END_TEST

int main() {
  TCase* benchmarks = tcase_create("benchmarks");
  tcase_add_test(benchmarks, a_slave_renders_a_benchmark_before_its_first_order);
  tcase_add_test(benchmarks, a_benchmark_has_the_machine_for_itself);
  tcase_add_test(benchmarks, a_benchmark_that_is_too_fast_or_copied_or_without_a_picture_is_not_believed);
  tcase_add_test(benchmarks, a_benchmark_is_repeated_after_a_month_and_on_other_hardware);
  TCase* grants = tcase_create("grants");
  tcase_add_test(grants, results_that_come_together_are_each_worth_the_time_that_they_took);
  tcase_add_test(grants, cpu_time_is_a_claim_that_the_server_s_clock_bounds);
  tcase_add_test(grants, time_is_not_paid_twice_to_a_slave_that_holds_results_back);
  tcase_add_test(grants, neither_new_connections_nor_new_slots_make_one_hour_two);
  tcase_add_test(grants, grants_wait_until_three_others_have_rendered_some_of_the_job);
  tcase_add_test(grants, a_frame_given_before_a_restart_is_paid_by_its_lease_and_the_power_measured_before);
  tcase_add_test(grants, a_clock_that_was_set_back_pays_nothing_and_breaks_nothing);
  tcase_add_test(grants, a_slave_with_too_little_memory_is_not_asked_and_one_liar_keeps_nobody_away);
  tcase_add_test(grants, one_s_own_frames_are_no_samples);
  tcase_add_test(grants, a_held_grant_is_remembered_over_a_restart);
  tcase_add_test(grants, a_power_that_claims_too_much_sinks_and_is_measured_again);
  tcase_add_test(grants, failed_benchmarks_are_tried_less_and_less_often);
  tcase_add_test(grants, a_job_of_many_frames_keeps_few_claims_and_no_user_fills_them);
  TCase* terms = tcase_create("terms");
  tcase_add_test(terms, a_frame_is_paid_whose_slave_left_while_its_image_was_checked);
  tcase_add_test(terms, what_a_slave_says_of_itself_after_its_order_changes_nothing_of_its_pay);
  tcase_add_test(terms, a_boost_pays_what_it_paid_when_the_frame_was_given);
  tcase_add_test(terms, claims_of_slaves_that_left_make_the_fair_value_too);
  tcase_add_test(terms, a_late_frame_is_paid_by_the_terms_of_its_lease);
  tcase_add_test(terms, a_slave_is_measured_with_the_cores_that_its_benchmark_was_ordered_for);
  return run_suite("grants", {benchmarks, grants, terms});
}

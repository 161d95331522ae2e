// How fast slaves are: benchmarks before the first order and again, what is not believed, powers that are corrected.
#include "server/dispatch/benchmarks.h"
#include "tests/support/measured_grid.h"

using namespace distren;

namespace {

START_TEST(a_slave_renders_a_benchmark_before_its_first_order) {
  MeasuredGrid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add(7);
  ck_assert_uint_eq(slave->received.size(), 1);
  json const order = slave->received[0];
  ck_assert_int_eq(order["job"].get<int>(), 0);
  ck_assert_text(order["parameters"]["file"], "benchmark.blend");
  ck_assert_text(order["inputs"][0]["url"], "/blob/bbb");
  ck_assert_int_eq(order["frame"].get<int>(), 8);
  ck_assert_text(explain_slave(grid.core, 7).rule, "benchmark");
  ck_assert_int_eq(grid_status(grid.core).tasks_leased, 0);  // it is no frame of anybody's
  auto const expected = expected_result(grid.core, order["attempt"], 0);
  ck_assert(expected && expected->job == 0 && expected->code == 8);
  ck_assert_int_eq(expected->output.width, order["output"]["width"].get<int>());

  std::int64_t const work = MeasuredGrid::work_of(order);
  grid.answer_benchmark(order, 7, work / 2, work / 8, "one");  // twice the reference core, on four of them
  ck_assert_says(grid.answer, "accepted");
  ck_assert(grid.journal.outcomes.empty() && grid.journal.leases.size() == 1);
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

START_TEST(a_slave_with_too_little_memory_is_not_asked_and_one_liar_keeps_nobody_away) {
  Grid grid;
  grid.add_job(1, 40);
  auto const add = [&grid](std::int64_t id, int memory_mib) {
    auto slave = std::make_shared<FakeSlave>();
    ck_assert(admit_slave(grid.core, id, "instance", slave, grid.now).has_value());
    SlaveCapabilities said = Grid::state(id);
    said.memory_mib = memory_mib;
    slave_announced(grid.core, said, grid.now);
    return slave;
  };
  auto const uses = [&grid](std::shared_ptr<FakeSlave> const& slave, std::int64_t id, int memory_mib) {
    auto report = grid.report_for(slave->of_type("order").back(), id, store::Outcome::accepted);
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

START_TEST(a_slave_is_measured_with_the_cores_that_its_benchmark_was_ordered_for) {
  MeasuredGrid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add(7, 4);
  json const order = slave->received[0];
  std::int64_t const work = MeasuredGrid::work_of(order);
  SlaveCapabilities fewer = Grid::state(7, 1, "3.4.1", {{order["attempt"], order["lease"]}});
  fewer.cores = 1;  // as if one core had done what four did
  fewer.cpu = "a CPU";
  slave_announced(grid.core, fewer, grid.now);
  grid.answer_benchmark(order, 7, work / 5, work / 2, "one");
  ck_assert_int_eq(grid.journal.powers.at(0).second, 1250 * 2 / 4);
}
END_TEST

TestGroup const benchmarks_tests{
    "benchmarks",
    {a_slave_renders_a_benchmark_before_its_first_order, a_benchmark_has_the_machine_for_itself,
     a_benchmark_that_is_too_fast_or_copied_or_without_a_picture_is_not_believed,
     a_benchmark_is_repeated_after_a_month_and_on_other_hardware,
     a_slave_with_too_little_memory_is_not_asked_and_one_liar_keeps_nobody_away,
     a_power_that_claims_too_much_sinks_and_is_measured_again, failed_benchmarks_are_tried_less_and_less_often,
     a_slave_is_measured_with_the_cores_that_its_benchmark_was_ordered_for}};

}  // namespace

// What a slave is not offered: what it or its owner blocked, and what takes longer than it lends itself for.
#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "server/dispatch/blocks.h"
#include "tests/support/dispatch_grid.h"

using namespace distren;

namespace {

START_TEST(a_slave_is_not_offered_what_it_or_its_owner_blocked) {
  Grid grid;
  grid.add_job(1, 3, 1);
  grid.add_job(2, 3, 2);
  change_blocks(grid.core, 7, {.users = {2}}, grid.now);
  auto slave = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, 7, "i", slave, grid.now).has_value());
  auto state = Grid::state(7);
  state.blocks.jobs = {1};
  slave_announced(grid.core, state, grid.now);
  ck_assert(slave->of_type("order").empty());
  auto why = explain_slave(grid.core, 7);
  ck_assert_text(why.rule, "blocked");
  ck_assert(why.number == 1 || why.number == 2);
  ck_assert_says(why.sentence, "blocked");
  ck_assert_text(explain_job(grid.core, 1).rule, "refused_by_slaves");
  auto const other = grid.add_slave(8);  // nobody else minds
  ck_assert_uint_eq(other->of_type("order").size(), 1);
  change_blocks(grid.core, 7, {}, grid.now);  // its owner takes it back: at once there is work
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  ck_assert_int_eq(slave->received.back()["job"].get<int>(), 2);
}
END_TEST

store::RunnableJob job_of(std::int64_t id, std::string user, std::int64_t project) {
  store::RunnableJob job;
  job.id = id;
  job.user = 4;
  job.user_name = std::move(user);
  job.project = project;
  return job;
}

START_TEST(names_and_projects_are_blocked_like_numbers) {
  auto const read = [](json const& said) { return blocks_of(protocol::read<protocol::Blocks>(said).message); };
  Blocks const blocks =
      read(json::parse(R"({"user_names":["Mallory",5],"project_ids":[3,"x"],"job_ids":[9,1e300,null],"more":1})"));
  ck_assert_text(blocks.of(job_of(1, "mallory", 0)), "user mallory");
  ck_assert_text(blocks.of(job_of(1, "bob", 3)), "project 3");
  ck_assert_text(blocks.of(job_of(9, "bob", 0)), "job 9");
  ck_assert_text(blocks.of(job_of(1, "bob", 0)), "");
  json many;
  for (int i = 1; i <= 5000; ++i) many["job_ids"].push_back(i);
  ck_assert_uint_eq(read(many).jobs.size(), protocol::limits::max_blocks);
  ck_assert(read(json::array({1})).empty() && read(nullptr).empty());
}
END_TEST

START_TEST(a_frame_that_took_longer_than_a_slave_lends_goes_elsewhere_and_counts_against_nobody) {
  Grid grid;
  grid.add_job(1, 2);
  auto slave = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, 7, "i", slave, grid.now).has_value());
  auto state = Grid::state(7);
  state.max_frame_ms = 600'000;
  slave_announced(grid.core, state, grid.now);
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  auto report =
      grid.report_for(slave->received.back(), 7, store::Outcome::returned, "it took longer than the 10 minutes");
  report.result_code = protocol::ResultCode::too_long;
  report_result(grid.core, report, {}, grid.now);
  grid.commit();
  ck_assert_uint_eq(slave->of_type("order").size(), 1);  // neither this frame again nor the next of the job
  slave_announced(grid.core, state, grid.now);
  tick(grid.core, grid.now + 60'000);
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  ck_assert_text(explain_slave(grid.core, 7).rule, "took_too_long");
  ck_assert_says(explain_slave(grid.core, 7).sentence, "the 10 minutes that this slave lends");
  ck_assert_uint_eq(grid.add_slave(8)->of_type("order").size(), 1);
  state.max_frame_ms = 1'200'000;
  slave_announced(grid.core, state, grid.now);
  ck_assert_uint_eq(slave->of_type("order").size(), 2);  // it lends more now
}
END_TEST

START_TEST(a_slave_is_not_given_frames_that_are_expected_to_take_longer_than_it_lends) {
  Grid grid;
  grid.add_job(1, 10);
  auto const first = grid.add_slave(8);
  for (int i = 0; i < 3; ++i) {  // an hour each
    grid.now += 3'600'000;
    auto report = grid.report_for(first->received.back(), 8, store::Outcome::accepted);
    report.cpu_ms = report.wall_ms = 3'600'000;
    ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
    report_result(grid.core, report, {}, grid.now);
    grid.commit();
  }
  auto slave = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, 7, "i", slave, grid.now).has_value());
  auto state = Grid::state(7);
  state.max_frame_ms = 600'000;
  slave_announced(grid.core, state, grid.now);
  ck_assert(slave->of_type("order").empty());
  ck_assert_text(explain_slave(grid.core, 7).rule, "too_long");
}
END_TEST

TestGroup const refusals_tests{
    "refusals",
    {a_slave_is_not_offered_what_it_or_its_owner_blocked, names_and_projects_are_blocked_like_numbers,
     a_frame_that_took_longer_than_a_slave_lends_goes_elsewhere_and_counts_against_nobody,
     a_slave_is_not_given_frames_that_are_expected_to_take_longer_than_it_lends}};

}  // namespace

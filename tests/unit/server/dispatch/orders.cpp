// Which order goes to which slave, and what it says.
#include "common/base/text.h"
#include "common/protocol/order.h"
#include "server/dispatch/refresh.h"
#include "tests/support/dispatch_grid.h"

using namespace distren;

namespace {

START_TEST(an_order_says_all_that_a_slave_needs) {
  Grid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add_slave(7);
  ck_assert_uint_eq(slave->received.size(), 1);
  json const& order = slave->received[0];
  ck_assert_text(order["type"], "order");
  ck_assert_int_eq(order["attempt"].get<int>(), 100);
  ck_assert_int_eq(order["frame"].get<int>(), 1);
  ck_assert_int_eq(order["parameters"]["samples"].get<int>(), 4);
  ck_assert_text(order["parameters"]["file"], "scene.blend");
  ck_assert_text(order["inputs"][0]["url"], "/blob/abc");
  ck_assert_text(order["output"]["name"], "0001.png");
  ck_assert_int_eq(order["output"]["width"].get<int>(), 64);
  ck_assert_text(order["upload"], "/upload/0001.png");
  auto const lease = verify_lease(order["lease"].get<std::string>(), "key");
  ck_assert(lease && lease->task == 1000 && lease->attempt == 100 && lease->slave == 7);
  ck_assert_uint_eq(grid.journal.leases.size(), 1);
}
END_TEST

START_TEST(an_order_is_sent_again_with_new_addresses_and_the_same_lease) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  json const order = slave->received[0];
  ck_assert_text(order["urls_expire_at"], iso_time(grid.now + 3'600'000));
  auto const attempt = order["attempt"].get<std::int64_t>();
  protocol::Refresh asked{attempt, order["lease"]};
  auto const answer = [&](std::int64_t who) { return json::parse(refreshed_order(grid.core, who, asked, grid.now)); };
  grid.now += 590'000;
  json update = answer(7);
  ck_assert_text(update["type"], "order_update");
  ck_assert_text(update["urls_expire_at"], order["urls_expire_at"]);  // they hold for most of their life
  ck_assert_int_eq(grid.core.attempts.at(attempt).expires_ms, grid.now + 600'000);
  grid.now += 590'000;
  ck_assert_text(answer(7)["type"], "order_update");
  grid.now += 590'000;
  ck_assert_text(answer(7)["type"], "order_update");
  grid.now += 590'000;
  update = answer(7);
  ck_assert_text(update["urls_expire_at"], iso_time(grid.now + 3'600'000));
  ck_assert_text(update["attempts"][0]["lease"], order["lease"]);
  ck_assert(update["inputs"] == order["inputs"] && update["attempts"][0]["frame"] == order["frame"]);
  ck_assert_text(answer(8)["type"], "cancel");
  asked.lease[0] = '9';
  ck_assert_text(answer(7)["type"], "cancel");
  asked.lease = order["lease"];
  grid.done(order, 7);
  grid.commit();
  ck_assert_text(answer(7)["type"], "cancel");
}
END_TEST

START_TEST(no_order_is_longer_than_a_line) {
  Grid grid;
  store::RunnableJob job{.id = 1,
                         .user = 1,
                         .method = "blender",
                         .source = "scene.blend",
                         .parameters = R"({"camera":")" + std::string(4000, 'c') + "\"}",
                         .output = R"({"format":"PNG","pattern":"%04d.png"})",
                         .version = "2.80",
                         .priority = 50,
                         .state = "active",
                         .first_task = 1000,
                         .tasks = 1,
                         .renderer = {.version = "3.4.1"},
                         .files = {}};
  for (int i = 0; i < 64; ++i)
    job.files.push_back({std::string(1000, 'd') + std::to_string(i), std::string(64, 'a'), 10});
  add_job(grid.core, std::move(job), {{1000, 1, 1, 0}}, {}, grid.now);
  auto const slave = grid.add_slave(7);
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  ck_assert_uint_lt(slave->longest, protocol::max_line_bytes);
  ck_assert_text(slave->received[0]["inputs_url"], "/list/1");
}
END_TEST

START_TEST(an_order_of_a_job_with_many_files_names_their_list) {
  Grid grid;
  store::RunnableJob job{.id = 1,
                         .user = 1,
                         .method = "blender",
                         .source = "scene.blend",
                         .parameters = "{}",
                         .output = R"({"format":"PNG","pattern":"%04d.png"})",
                         .version = "2.80",
                         .priority = 50,
                         .state = "active",
                         .first_task = 1000,
                         .tasks = 1,
                         .renderer = {.version = "3.4.1"},
                         .files = {}};
  for (int i = 0; i < 5000; ++i) job.files.push_back({"tex/" + std::to_string(i) + ".png", "abc", 10});
  add_job(grid.core, std::move(job), {{1000, 1, 1, 0}}, {}, grid.now);
  auto const slave = grid.add_slave(7);
  ck_assert_text(slave->received[0]["inputs_url"], "/list/1");
  ck_assert(!slave->received[0].contains("files"));
  ck_assert_uint_lt(slave->received[0].dump().size(), 64U << 10);
}
END_TEST

START_TEST(every_frame_is_given_once_and_the_next_follows_the_result_before_its_commit) {
  Grid grid;
  grid.add_job(1, 3);
  auto const slave = grid.add_slave(7);
  grid.done(slave->received.back(), 7);
  ck_assert_uint_eq(slave->of_type("order").size(), 2);  // nothing is committed yet
  grid.done(slave->received.back(), 7);
  grid.done(slave->received.back(), 7);
  ck_assert_uint_eq(slave->of_type("order").size(), 3);
  ck_assert_text(grid.answer, "");
  grid.commit();
  ck_assert_says(grid.answer, "accepted");
  std::vector<int> frames;
  for (auto const& order : slave->of_type("order")) frames.push_back(order["frame"]);
  ck_assert(frames == std::vector({1, 2, 3}));
  ck_assert_int_eq(grid_status(grid.core).jobs_active, 0);
}
END_TEST

START_TEST(a_slave_gets_as_many_orders_as_it_has_slots) {
  Grid grid;
  grid.add_job(1, 5);
  ck_assert_uint_eq(grid.add_slave(7, 2)->received.size(), 2);
  ck_assert_uint_eq(grid.add_slave(8, 0)->received.size(), 0);
}
END_TEST

// A slave that holds orders, and results whose frames took so long.
struct Holder {
  Grid grid;
  std::shared_ptr<FakeSlave> slave = std::make_shared<FakeSlave>();
  Holder(int frames, std::int64_t ms, int results) {
    grid.add_job(1, frames);
    ck_assert(admit_slave(grid.core, 7, "one", slave, grid.now).has_value());
    SlaveCapabilities said = Grid::state(7);
    said.cores = 1;
    said.orders = 8;
    slave_announced(grid.core, said, grid.now);
    for (int i = 0; i < results; ++i) {
      grid.now += ms;
      auto report = grid.report_for(slave->of_type("order")[static_cast<std::size_t>(i)], 7, store::Outcome::accepted);
      report.cpu_ms = report.wall_ms = ms;
      ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
      report_result(grid.core, report, {}, grid.now);
      grid.commit();
    }
  }
  [[nodiscard]] std::size_t in_hand() const { return slave->of_type("order").size(); }
};

START_TEST(a_slave_holds_one_order_ahead_and_many_of_short_frames) {
  ck_assert_uint_eq(Holder(100, 1000, 0).in_hand(), 2);  // nobody knows how long they are
  ck_assert_uint_eq(Holder(100, 1000, 9).in_hand(), 9 + 8);
  ck_assert_uint_eq(Holder(100, 60'000, 9).in_hand(), 9 + 2);
}
END_TEST

START_TEST(near_the_end_of_a_job_nothing_is_held_back_from_others) {
  Holder few(12, 1000, 6);
  ck_assert_uint_eq(few.in_hand(), 6 + 4);  // of the last six
  auto const other = few.grid.add_slave(8);
  ck_assert_uint_eq(other->of_type("order").size(), 1);
  Holder last(1, 1000, 0);
  ck_assert_uint_eq(last.in_hand(), 1);
}
END_TEST

START_TEST(work_reaches_slaves_that_waited_for_it) {
  Grid grid;
  auto const slave = grid.add_slave(7);
  ck_assert_uint_eq(slave->received.size(), 0);
  grid.add_job(1, 1);
  ck_assert_uint_eq(slave->received.size(), 1);
}
END_TEST

START_TEST(a_slave_whose_renderer_is_too_old_gets_nothing_and_the_job_says_why) {
  Grid grid;
  grid.add_job(1, 1, 1, 50, "4.0");
  auto const slave = grid.add_slave(7, 1, "3.4.1");
  ck_assert_uint_eq(slave->received.size(), 0);
  ck_assert_says(job_status(grid.core, 1).waiting, "has or may fetch blender 4.2; they have blender 3.4.1");
  ck_assert_uint_eq(grid.add_slave(8, 1, "4.2")->received.size(), 1);
}
END_TEST

START_TEST(users_take_turns_and_an_owner_orders_his_own) {
  Grid grid;
  grid.add_job(1, 1, 1);
  grid.add_job(2, 1, 2);
  grid.add_job(3, 1, 1, 90);  // of the first owner, and he wants it before his first
  std::vector<int> jobs;
  for (int i = 0; i < 3; ++i) jobs.push_back(grid.add_slave(10 + i)->received[0]["job"]);
  ck_assert(jobs == std::vector({3, 2, 1}));
}
END_TEST

START_TEST(a_paused_job_gives_nothing_and_its_running_frames_count) {
  Grid grid;
  grid.add_job(1, 2);
  auto const slave = grid.add_slave(7);
  grid.change_job({.job = 1, .state = store::JobState::paused});
  grid.done(slave->received[0], 7);
  grid.commit();
  ck_assert_says(grid.answer, "accepted");
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  ck_assert_says(job_status(grid.core, 1).waiting, "paused");
  grid.change_job({.job = 1});
  ck_assert_uint_eq(slave->of_type("order").size(), 2);
}
END_TEST

START_TEST(a_cancelled_job_takes_its_frames_away) {
  Grid grid;
  grid.add_job(1, 2);
  grid.add_job(2, 1);
  auto const slave = grid.add_slave(7);
  remove_job(grid.core, 1, ++grid.revision, "cancelled by its owner", grid.now);
  ck_assert_uint_eq(slave->of_type("cancel").size(), 1);
  ck_assert_int_eq(slave->of_type("order").back()["job"].get<int>(), 2);
}
END_TEST

START_TEST(no_work_is_given_while_attempt_numbers_are_missing) {
  Grid grid;
  grid.journal.next = 0;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  ck_assert_uint_eq(slave->received.size(), 0);
  grid.journal.next = 500;
  tick(grid.core, grid.now);
  ck_assert_int_eq(slave->received.at(0)["attempt"].get<int>(), 500);
}
END_TEST

START_TEST(each_tile_of_a_frame_is_a_task_with_its_place_size_and_name) {
  Grid grid;
  store::RunnableJob job{.id = 1,
                         .user = 1,
                         .method = "blender",
                         .source = "scene.blend",
                         .parameters = "{}",
                         .output = R"({"format":"PNG","pattern":"%04d.png","width":100,"height":60,
                                       "tiles":{"columns":2,"rows":2,"overscan":4}})",
                         .version = "2.80",
                         .priority = 50,
                         .state = "active",
                         .first_task = 1000,
                         .tasks = 8,
                         .tiles = 4,
                         .renderer = {.version = "3.4.1"},
                         .files = {{"scene.blend", "abc", 10}}};
  std::vector<store::RunnableTask> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back({1000 + i, 1, 5 + i / 4, 0});
  add_job(grid.core, std::move(job), tasks, {}, grid.now);
  auto const slave = grid.add_slave(7, 8);
  std::map<std::string, json> by_name;
  for (auto const& order : slave->of_type("order")) by_name[order["output"]["name"]] = order;
  ck_assert_uint_eq(by_name.size(), 8);
  auto const& last = by_name.at("0006-t0004.png");
  ck_assert_int_eq(last["frame"].get<int>(), 6);
  ck_assert_text(last["tile"].dump(), R"({"first_column":47,"first_row":27,"last_column":100,"last_row":60})");
  ck_assert_int_eq(last["output"]["width"].get<int>(), 54);
  ck_assert_int_eq(last["output"]["height"].get<int>(), 34);
  auto const expected = expected_result(grid.core, last["attempt"], last["task"]);
  ck_assert(expected && expected->name == "0006-t0004.png" && expected->output.width == 54);
}
END_TEST

START_TEST(a_job_made_of_anothers_output_begins_when_that_one_is_finished) {
  Grid grid;
  grid.add_job(1, 1);
  store::RunnableJob video{.id = 2,
                           .user = 1,
                           .method = "blender",
                           .source = "output/%04d.png",
                           .parameters = "{}",
                           .output = R"({"format":"MP4","pattern":"video.mp4"})",
                           .version = "2.80",
                           .priority = 100,
                           .state = "active",
                           .first_task = 2000,
                           .tasks = 1,
                           .after = 1,
                           .waits = true,
                           .renderer = {.version = "3.4.1"},
                           .files = {}};
  add_job(grid.core, std::move(video), {{2000, 2, 1, 0}}, {}, grid.now);
  auto const slave = grid.add_slave(7, 2);
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  ck_assert_text(explain_job(grid.core, 2).rule, "waits_for_job");
  grid.change_job({.job = 2, .state = store::JobState::paused});
  grid.change_job({.job = 2});
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  grid.done(slave->received.back(), 7);
  grid.commit();
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  job_finished(grid.core, 1, ++grid.revision, grid.now);
  ck_assert_uint_eq(slave->of_type("order").size(), 2);
  ck_assert_text(slave->received.back()["inputs_url"], "/list/2");
  ck_assert_text(slave->received.back()["output"]["name"], "video.mp4");
}
END_TEST

START_TEST(output_names_follow_the_pattern_and_nothing_else_of_printf) {
  ck_assert_text(output_name({.format = "PNG", .pattern = "%04d.png"}, {7}), "0007.png");
  ck_assert_text(output_name({.format = "PNG", .pattern = "shot_%06d.exr"}, {123}), "shot_000123.exr");
  ck_assert_text(output_name({.format = "PNG", .pattern = "%s%n"}, {7}), "%s%n");
}
END_TEST

START_TEST(what_many_jobs_wait_for_is_told_in_one_answer_in_the_order_asked) {
  Grid grid;
  grid.add_job(1, 2);
  grid.add_job(2, 2, 2, 50, "4.0");
  auto const slave = grid.add_slave(7);
  auto const statuses = job_statuses(grid.core, {2, 99, 1}, grid.now);
  ck_assert_uint_eq(statuses.size(), 3);
  ck_assert_says(statuses[0].waiting, "blender 4.2");
  ck_assert_text(statuses[0].waiting, explain_job(grid.core, 2).sentence);
  ck_assert(!statuses[0].forecast && statuses[2].forecast);  // nobody here can render the first
  ck_assert(!statuses[1].forecast && statuses[1].waiting.empty());
  ck_assert_int_eq(statuses[2].leased, 1);
  auto const slaves = slave_statuses(grid.core, {8, 7});
  ck_assert(!slaves[0].online && slaves[1].online && slaves[1].tasks.size() == 1);
}
END_TEST

TestGroup const orders_tests{
    "orders",
    {an_order_says_all_that_a_slave_needs, an_order_is_sent_again_with_new_addresses_and_the_same_lease,
     no_order_is_longer_than_a_line, an_order_of_a_job_with_many_files_names_their_list,
     every_frame_is_given_once_and_the_next_follows_the_result_before_its_commit,
     a_slave_gets_as_many_orders_as_it_has_slots, a_slave_holds_one_order_ahead_and_many_of_short_frames,
     near_the_end_of_a_job_nothing_is_held_back_from_others, work_reaches_slaves_that_waited_for_it,
     a_slave_whose_renderer_is_too_old_gets_nothing_and_the_job_says_why, users_take_turns_and_an_owner_orders_his_own,
     a_paused_job_gives_nothing_and_its_running_frames_count, a_cancelled_job_takes_its_frames_away,
     no_work_is_given_while_attempt_numbers_are_missing, each_tile_of_a_frame_is_a_task_with_its_place_size_and_name,
     a_job_made_of_anothers_output_begins_when_that_one_is_finished,
     output_names_follow_the_pattern_and_nothing_else_of_printf,
     what_many_jobs_wait_for_is_told_in_one_answer_in_the_order_asked}};

}  // namespace

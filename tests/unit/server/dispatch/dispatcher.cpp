// The dispatcher's rules, driven by hand: DispatchCore with a journal, slaves and a clock that the test holds.
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
  ck_assert_int_eq(order["parameters"]["frame"].get<int>(), 1);
  ck_assert_int_eq(order["parameters"]["samples"].get<int>(), 4);
  ck_assert_text(order["parameters"]["file"], "scene.blend");
  ck_assert_text(order["files"][0]["url"], "/blob/abc");
  ck_assert_text(order["output"]["name"], "0001.png");
  ck_assert_int_eq(order["output"]["width"].get<int>(), 64);
  ck_assert_text(order["upload"], "/upload/0001.png");
  auto const lease = verify_lease(order["lease"].get<std::string>(), "key");
  ck_assert(lease && lease->task == 1000 && lease->attempt == 100 && lease->slave == 7);
  ck_assert_uint_eq(grid.journal.leases.size(), 1);
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
                         .files = {}};
  for (int i = 0; i < 5000; ++i) job.files.push_back({"tex/" + std::to_string(i) + ".png", "abc", 10});
  add_job(grid.core, std::move(job), {{1000, 1, 1, 0}}, {}, grid.now);
  auto const slave = grid.add_slave(7);
  ck_assert_text(slave->received[0]["file_list"], "/list/1");
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
  for (auto const& order : slave->of_type("order")) frames.push_back(order["parameters"]["frame"]);
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
    SlaveCapabilities hello = Grid::state(7);
    hello.cores = 1;
    hello.orders = 8;
    slave_hello(grid.core, hello, grid.now);
    for (int i = 0; i < results; ++i) {
      grid.now += ms;
      auto report = grid.report_for(slave->of_type("order")[static_cast<std::size_t>(i)], 7, store::Ending::accepted);
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
  ck_assert_says(job_status(grid.core, 1).waiting, "blender 4.0");
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
  ck_assert(grid.journal.endings.front().entry.ending == store::Ending::expired);
}
END_TEST

START_TEST(progress_renews_a_lease) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  for (int i = 0; i < 5; ++i) {
    grid.now += 500'000;
    ck_assert(!report_progress(grid.core, 7, 100, 0.1 * i, grid.now));
    tick(grid.core, grid.now);
  }
  ck_assert_int_eq(job_status(grid.core, 1).leased, 1);
  ck_assert_uint_gt(grid.journal.leases.size(), 1);  // the journal hears of it, so that a restart waits as well
  ck_assert(report_progress(grid.core, 8, 100, 0.5, grid.now).has_value());  // another slave's attempt: told to stop
}
END_TEST

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
  auto late = grid.report_for(second->received[0], 8, store::Ending::accepted);
  ck_assert(begin_commit(grid.core, late, grid.now) == CommitDecision::not_needed);
}
END_TEST

START_TEST(two_images_of_one_frame_are_never_put_in_place_at_once) {
  Grid grid;
  grid.add_job(1, 1);
  auto const first = grid.add_slave(7);
  auto const report = grid.report_for(first->received[0], 7, store::Ending::accepted);
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::proceed);
  auto other = report;
  other.attempt = 55;
  other.slave = 8;
  ck_assert(begin_commit(grid.core, other, grid.now) == CommitDecision::busy);
  abort_commit(grid.core, report.attempt, grid.now);
  ck_assert(begin_commit(grid.core, other, grid.now) == CommitDecision::proceed);
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
  ck_assert(!grid.journal.endings.back().entry.task_failed);
  grid.fails(slave->of_type("order").back(), 7);
  ck_assert(grid.journal.endings.back().entry.task_failed);
  ck_assert_int_eq(grid_status(grid.core).jobs_active, 0);
}
END_TEST

START_TEST(a_returned_frame_is_held_against_nobody) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  for (int i = 0; i < 5; ++i) {
    report_result(grid.core, grid.report_for(slave->of_type("order").back(), 7, store::Ending::returned), {}, grid.now);
    grid.commit();
  }
  ck_assert_uint_eq(slave->of_type("order").size(), 6);
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
  ck_assert(grid.journal.endings.front().entry.ending == store::Ending::returned);
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

START_TEST(a_hello_renews_the_leases_of_what_the_slave_still_holds) {
  Grid grid;
  grid.add_job(1, 1);
  json const order = grid.add_slave(7)->received[0];
  auto const attempt = order["attempt"].get<std::int64_t>();
  grid.now += 599'000;  // of a lease of 600 s; the line was silent
  auto state = Grid::state(7);
  state.holding = {{attempt, order["lease"].get<std::string>()}};
  slave_hello(grid.core, state, grid.now);
  ck_assert_int_eq(grid.core.attempts.at(attempt).expires_ms, grid.now + 600'000);
}
END_TEST

START_TEST(a_hello_over_https_takes_the_place_of_a_dead_line_alone) {
  Grid grid;
  auto const line = grid.add_slave(7);
  auto const state = Grid::state(7, 0);
  grid.now += 1;  // what was heard in the very millisecond of the question would count as its answer
  auto const refused = hello_over_https(grid.core, state, grid.now);
  ck_assert(!refused && refused.error().code == Errc::conflict);
  ck_assert_uint_eq(line->of_type("ping").size(), 1);
  grid.add_job(1, 1);
  ck_assert_uint_eq(line->of_type("order").size(), 1);  // what was refused changed nothing
  grid.now += 10'000;                                   // it did not answer
  ck_assert(hello_over_https(grid.core, state, grid.now).has_value());
  ck_assert_text(line->closed, "the same slave signed on again");
  slave_disconnected(grid.core, 7, line.get());
  ck_assert(grid.core.slaves.contains(7));
  ck_assert(hello_over_https(grid.core, state, grid.now).has_value());  // as often as it likes
  auto const again = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, 7, "", again, grid.now).has_value());
  ck_assert(!hello_over_https(grid.core, state, grid.now));  // also of a line that gave no instance
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

START_TEST(a_result_without_the_image_that_the_job_wants_is_rejected) {
  Grid grid;
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7);
  auto report = grid.report_for(slave->received[0], 7, store::Ending::accepted);
  report.output.clear();
  report_result(
      grid.core, report, [&](std::string text) { grid.answer = std::move(text); }, grid.now);
  grid.commit();
  ck_assert_says(grid.answer, "rejected");
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

START_TEST(a_slave_over_https_asks_for_each_order_and_is_offline_when_it_stops_asking) {
  Grid grid;
  grid.add_job(1, 2);
  ck_assert(slave_hello(grid.core, Grid::state(9), grid.now).empty());
  auto const order = fetch_order(grid.core, 9, grid.now);
  ck_assert(order.has_value());
  ck_assert(!fetch_order(grid.core, 9, grid.now));  // it has its one slot full
  grid.now += 91'000;
  tick(grid.core, grid.now);
  ck_assert(!grid.core.slaves.contains(9));
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
                         .files = {{"scene.blend", "abc", 10}}};
  std::vector<store::RunnableTask> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back({1000 + i, 1, 5 + i / 4, 0});
  add_job(grid.core, std::move(job), tasks, {}, grid.now);
  auto const slave = grid.add_slave(7, 8);
  std::map<std::string, json> by_name;
  for (auto const& order : slave->of_type("order")) by_name[order["output"]["name"]] = order;
  ck_assert_uint_eq(by_name.size(), 8);
  auto const& last = by_name.at("0006-t0004.png");
  ck_assert_text(
      last["parameters"].dump(),
      R"({"file":"scene.blend","first-column":47,"first-row":27,"frame":6,"last-column":100,"last-row":60})");
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
  ck_assert_text(slave->received.back()["file_list"], "/list/2");
  ck_assert_text(slave->received.back()["output"]["name"], "video.mp4");
}
END_TEST

START_TEST(output_names_follow_the_pattern_and_nothing_else_of_printf) {
  ck_assert_text(output_name({.format = "PNG", .pattern = "%04d.png"}, {7}), "0007.png");
  ck_assert_text(output_name({.format = "PNG", .pattern = "shot_%06d.exr"}, {123}), "shot_000123.exr");
  ck_assert_text(output_name({.format = "PNG", .pattern = "%s%n"}, {7}), "%s%n");
}
END_TEST

}  // namespace

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
    auto report = grid.report_for(old, 7, store::Ending::accepted);
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
  report_result(grid.core, grid.report_for(order, 7, store::Ending::returned), {}, grid.now);
  slave_hello(grid.core, Grid::state(7, 0), grid.now);
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

START_TEST(a_frame_that_a_hello_left_out_cannot_be_brought_after_all) {
  Ghost ghost([](Grid& grid, json const&) { slave_hello(grid.core, Grid::state(7, 0), grid.now); });
  ck_assert(begin_commit(ghost.grid.core, ghost.grid.report_for(ghost.old, 7, store::Ending::accepted),
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
  slave_hello(grid.core, Grid::state(7, 0), grid.now);
  grid.done(order, 7);
  grid.commit(Verdict::ended);
  ck_assert_says(grid.answer, "rejected");
  ck_assert_uint_eq(grid.add_slave(8)->of_type("order").size(), 1);
  ck_assert(begin_commit(grid.core, grid.report_for(order, 7, store::Ending::accepted), grid.now) ==
            CommitDecision::not_needed);
}
END_TEST

START_TEST(what_a_slave_says_beside_a_commit_changes_nothing) {
  Grid grid;
  grid.add_job(1, 1);
  json const order = grid.add_slave(7)->received[0];
  auto const other = grid.add_slave(8);
  grid.done(order, 7);
  for (auto const ending : {store::Ending::returned, store::Ending::failed})
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
  auto report = grid.report_for(order, 7, store::Ending::accepted);
  ck_assert(begin_commit(grid.core, report, grid.now) == CommitDecision::not_needed);
  report.output.clear();
  report_result(grid.core, report, {}, grid.now);
  ck_assert(!grid.journal.endings.back().entry.may_win);
}
END_TEST

START_TEST(a_failed_frame_cannot_be_brought_after_all) {
  Ghost ghost([](Grid& grid, json const& order) {
    grid.fails(order, 7);
    slave_hello(grid.core, Grid::state(7, 0), grid.now);
    grid.now += 10'000;
    tick(grid.core, grid.now);
  });
  ghost.speak(Verdict::superseded);
  ghost.expect_honest_work_counts();
}
END_TEST

START_TEST(what_many_jobs_wait_for_is_told_in_one_answer_in_the_order_asked) {
  Grid grid;
  grid.add_job(1, 2);
  grid.add_job(2, 2, 2, 50, "4.0");
  auto const slave = grid.add_slave(7);
  auto const statuses = job_statuses(grid.core, {2, 99, 1}, grid.now);
  ck_assert_uint_eq(statuses.size(), 3);
  ck_assert_says(statuses[0].waiting, "blender 4.0");
  ck_assert_text(statuses[0].waiting, explain_job(grid.core, 2).sentence);
  ck_assert(statuses[0].forecast && !statuses[1].forecast && statuses[1].waiting.empty());
  ck_assert_int_eq(statuses[2].leased, 1);
  auto const slaves = slave_statuses(grid.core, {8, 7});
  ck_assert(!slaves[0].online && slaves[1].online && slaves[1].tasks.size() == 1);
}
END_TEST

namespace {

TestGroup const orders_tests{
    "orders",
    {an_order_says_all_that_a_slave_needs, an_order_of_a_job_with_many_files_names_their_list,
     every_frame_is_given_once_and_the_next_follows_the_result_before_its_commit,
     a_slave_gets_as_many_orders_as_it_has_slots, a_slave_holds_one_order_ahead_and_many_of_short_frames,
     near_the_end_of_a_job_nothing_is_held_back_from_others, work_reaches_slaves_that_waited_for_it,
     a_slave_whose_renderer_is_too_old_gets_nothing_and_the_job_says_why, users_take_turns_and_an_owner_orders_his_own,
     a_paused_job_gives_nothing_and_its_running_frames_count, a_cancelled_job_takes_its_frames_away,
     no_work_is_given_while_attempt_numbers_are_missing, each_tile_of_a_frame_is_a_task_with_its_place_size_and_name,
     a_job_made_of_anothers_output_begins_when_that_one_is_finished,
     output_names_follow_the_pattern_and_nothing_else_of_printf,
     what_many_jobs_wait_for_is_told_in_one_answer_in_the_order_asked}};
TestGroup const leases_tests{"leases",
                             {a_lease_token_cannot_be_changed, a_lease_that_nobody_renews_goes_to_the_next_slave,
                              progress_renews_a_lease, a_slave_that_restarted_without_its_frame_loses_it_at_once,
                              a_slave_that_still_holds_its_frame_keeps_it_through_a_broken_connection,
                              a_lease_that_the_server_forgot_is_believed_by_its_signature,
                              after_a_restart_the_server_waits_for_the_holder_of_a_journaled_lease}};
TestGroup const results_tests{
    "results",
    {a_late_result_counts_when_nobody_was_faster, whoever_finishes_first_counts_and_the_other_is_told_to_stop,
     two_images_of_one_frame_are_never_put_in_place_at_once, a_frame_that_failed_goes_to_another_slave,
     on_a_grid_of_one_slave_a_failed_frame_comes_back_after_a_pause_three_times_in_all,
     a_returned_frame_is_held_against_nobody, a_held_job_gives_its_test_frames_and_the_rest_when_it_is_approved,
     a_finished_frame_can_be_opened_again_while_the_job_is_worked_on,
     a_result_without_the_image_that_the_job_wants_is_rejected, only_what_is_out_or_expired_may_begin_a_commit,
     an_attempt_that_ended_is_remembered_as_long_as_memory_goes,
     what_the_database_calls_ended_gives_the_frame_to_the_next, what_a_slave_says_beside_a_commit_changes_nothing,
     a_result_that_the_dispatcher_does_not_know_cannot_win_without_its_image,
     a_returned_frame_cannot_be_brought_after_all, a_frame_that_a_hello_left_out_cannot_be_brought_after_all,
     a_failed_frame_cannot_be_brought_after_all}};
TestGroup const slaves_tests{
    "slaves",
    {a_second_program_with_the_same_key_is_refused_while_the_first_lives,
     a_hello_renews_the_leases_of_what_the_slave_still_holds, a_hello_over_https_takes_the_place_of_a_dead_line_alone,
     a_disabled_slave_is_sent_away_and_its_frame_given_to_the_next,
     a_slave_over_https_asks_for_each_order_and_is_offline_when_it_stops_asking}};

}  // namespace

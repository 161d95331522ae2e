// The batcher that merges many updates of frames into few events.
#include <nlohmann/json.hpp>

#include "server/dispatch/event_batcher.h"
#include "tests/support/dispatch_grid.h"
#include "tests/support/event_reader.h"

using namespace distren;

namespace {

EventBatcher batcher_after(EventBroker& broker, Grid& grid) {
  EventBatcher batcher(broker);
  batcher.publish(grid.core, 1'000'000);  // the grid's own counts
  return batcher;
}

FrameUpdate frame(std::int64_t task, std::string_view state) {
  return {.job = 1, .user = 7, .task = task, .state = state};
}

START_TEST(the_last_state_of_a_frame_is_told_once) {
  EventFixture fixture;
  Grid grid;
  EventReader reader(fixture.broker, {.user = 7, .job = 1});
  auto batcher = batcher_after(fixture.broker, grid);
  batcher.frame(frame(1, "rendering"));
  batcher.frame(frame(2, "rendering"));
  FrameUpdate done = frame(1, "finished");
  done.slave = 4;
  done.slave_name = "att\"ic\n\xff";
  done.output = "0001.png";
  done.size = 77;
  done.sha256 = "ab";
  batcher.frame(done);
  auto const due = batcher.due();
  ck_assert(due.has_value());
  batcher.publish(grid.core, *due - 1);
  ck_assert(reader.writer->of("tasks.updated").empty());
  batcher.publish(grid.core, *due);
  auto const told = reader.writer->of("tasks.updated");
  ck_assert_uint_eq(told.size(), 1);
  ck_assert(told[0]["job_id"] == 1 && told[0]["truncated"] == false && told[0]["items"].size() == 2);
  auto const& first = told[0]["items"][0];
  ck_assert(first["id"] == 1 && first["state"] == "finished" && first["progress"].is_null() &&
            first["outputs"][0]["size_bytes"] == 77);
  ck_assert(first["slave"]["name"].get<std::string>().starts_with("att\"ic\n"));
  ck_assert(told[0]["items"][1]["state"] == "rendering" && told[0]["items"][1]["outputs"].empty());
  ck_assert(!batcher.due());
  batcher.publish(grid.core, *due + 1000);
  ck_assert_uint_eq(reader.writer->of("tasks.updated").size(), 1);
}
END_TEST

START_TEST(ten_thousand_frames_are_few_events_that_say_that_there_is_more) {
  EventFixture fixture;
  Grid grid;
  EventReader reader(fixture.broker, {.user = 7, .job = 1});
  auto batcher = batcher_after(fixture.broker, grid);
  std::int64_t now = 2'000'000;
  for (int i = 0; i < 10'000; ++i) {
    batcher.frame(frame(i, "finished"));
    batcher.job({.job = 1,
                 .user = 7,
                 .accepted = i + 1,
                 .failed = 0,
                 .state = i == 9999 ? "finished" : "active",
                 .revision = 8,
                 .submission = 1});
    if (auto const due = batcher.due(); due && *due <= now) batcher.publish(grid.core, now);
    if (i % 10 == 0) ++now;  // ten frames a millisecond
  }
  batcher.publish(grid.core, now + 400);
  auto const frames = reader.writer->of("tasks.updated");
  auto const jobs = reader.writer->of("job.updated");
  ck_assert_uint_le(frames.size(), 5);
  ck_assert_uint_le(jobs.size(), 5);
  ck_assert(frames.back()["truncated"] == true && frames.back()["items"].size() <= 64);
  ck_assert(jobs.back()["tasks"]["finished"] == 10'000 && jobs.back()["state"] == "finished");
  ck_assert_msg(!jobs.front().contains("state"), "that it is active its owner may have changed");
  ck_assert(jobs.back()["id"] == 1 && jobs.back()["revision"] == 8);
  ck_assert(reader.writer->of("job.finished") ==
            (std::vector<json>{{{"id", 1}, {"revision", 8}, {"state", "finished"}}}));
  ck_assert(reader.writer->of("submission.updated") == (std::vector<json>{{{"id", 1}}}));
  ck_assert_uint_le(reader.writer->text.size(), 100'000);
}
END_TEST

START_TEST(that_the_grid_paused_a_job_is_told_once) {
  EventFixture fixture;
  Grid grid;
  EventReader reader(fixture.broker, {.user = 7});
  auto batcher = batcher_after(fixture.broker, grid);
  store::JournalReply::JobCounts const counts{
      .job = 1, .user = 7, .accepted = 1, .failed = 3, .state = "paused", .revision = 5, .submission = 1};
  batcher.job(counts);
  batcher.paused(1);
  batcher.publish(grid.core, 2'000'000);
  batcher.job(counts);  // a frame that was at work is finished; its owner may have paused it as well
  batcher.publish(grid.core, 3'000'000);
  ck_assert_uint_eq(reader.writer->of("job.updated").size(), 2);
  ck_assert(reader.writer->of("job.paused") == (std::vector<json>{{{"id", 1}, {"revision", 5}, {"state", "paused"}}}));
}
END_TEST

START_TEST(warnings_of_a_job_are_told_when_they_change) {
  EventFixture fixture;
  Grid grid;
  EventReader reader(fixture.broker, {.user = 7, .job = 1});
  auto batcher = batcher_after(fixture.broker, grid);
  store::JournalReply::JobCounts counts{
      .job = 1, .user = 7, .accepted = 1, .failed = 0, .state = "active", .revision = 5, .submission = 1};
  counts.warnings = R"([{"code":null,"message":"no texture","count":2,"task_count":1}])";
  batcher.job(counts);
  counts.warnings.clear();
  counts.accepted = 2;
  batcher.job(counts);  // a frame without, before the pages are told of the other
  auto update = frame(3, "finished");
  update.warnings = {{.message = "no texture", .count = 2}};
  batcher.frame(update);
  batcher.publish(grid.core, 2'000'000);
  auto const jobs = reader.writer->of("job.updated");
  ck_assert(jobs.back()["warnings"][0]["task_count"] == 1 && jobs.back()["tasks"]["finished"] == 2);
  auto const items = reader.writer->of("tasks.updated").back()["items"];
  ck_assert(items[0]["warnings"] == (json::array({{{"code", nullptr}, {"message", "no texture"}, {"count", 2}}})));
  batcher.job(counts);
  batcher.publish(grid.core, 3'000'000);
  ck_assert(!reader.writer->of("job.updated").back().contains("warnings"));
}
END_TEST

START_TEST(what_a_slave_does_is_told_to_its_owner) {
  EventFixture fixture;
  Grid grid;
  EventReader owner(fixture.broker, {.user = 51});
  EventBatcher batcher(fixture.broker);
  grid.add_job(1, 3);
  auto const slave = grid.add_slave(1);
  batcher.slave(1, 51);
  batcher.publish(grid.core, 5'000'000);
  auto const told = owner.writer->of("slave.updated");
  ck_assert_uint_eq(told.size(), 1);
  ck_assert(told[0]["online"] == true && told[0]["current_tasks"][0]["job_id"] == 1);
  ck_assert(owner.writer->of("grid.updated")[0] ==
            (json{{"slaves", {{"online", 1}}},
                  {"jobs", {{"active", 1}}},
                  {"frames", {{"ready", 2}, {"assigned", 1}, {"rendering", 0}, {"checking", 0}}}}));
  batcher.publish(grid.core, 5'010'000);
  ck_assert_uint_eq(owner.writer->of("grid.updated").size(), 1);
  slave_disconnected(grid.core, 1, slave.get());
  batcher.slave(1, 51);
  batcher.publish(grid.core, 5'020'000);
  ck_assert(owner.writer->of("slave.updated")[1]["online"] == false);
}
END_TEST

TestGroup const batcher_tests{
    "batcher",
    {the_last_state_of_a_frame_is_told_once, ten_thousand_frames_are_few_events_that_say_that_there_is_more,
     that_the_grid_paused_a_job_is_told_once, warnings_of_a_job_are_told_when_they_change,
     what_a_slave_does_is_told_to_its_owner}};

}  // namespace

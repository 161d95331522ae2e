// Live events: the broker with its ring and limits, and the batcher that merges many frame updates into few events.
#include <nlohmann/json.hpp>

#include "server/dispatch/event_batcher.h"
#include "server/live/event_broker.h"
#include "server/live/publish.h"
#include "tests/support/check_main.h"
#include "tests/support/dispatch_grid.h"

using namespace distren;

namespace {

struct RecordingWriter : StreamWriter {
  std::string text;
  bool ended = false;
  void send(std::shared_ptr<std::string const> more) override { text += *more; }
  void end() override { ended = true; }
  [[nodiscard]] bool says(std::string_view words) const { return text.find(words) != std::string::npos; }
  // The data of all events of a name.
  [[nodiscard]] std::vector<json> of(std::string const& name) const {
    std::vector<json> found;
    auto const mark = "event: " + name + "\ndata: ";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      auto const begin = at + mark.size();
      found.push_back(json::parse(text.substr(begin, text.find('\n', begin) - begin)));
    }
    return found;
  }
};

struct Reader {
  std::shared_ptr<RecordingWriter> writer = std::make_shared<RecordingWriter>();
  std::optional<StreamingReply> stream;
  Reader(EventBroker& broker, Subscriber who, std::string since = {}) {
    auto opened = broker.open(std::move(who), std::move(since));
    ck_assert(opened.has_value());
    stream = std::move(*opened);
    stream->opened(writer);
  }
};

struct Fixture {
  std::int64_t now = 1'000'000'000;
  EventBroker broker;
  explicit Fixture(StreamLimits limits = {}) : broker(limits, "life", [this] { return now; }) {}
  void job(std::int64_t user, std::string data, std::int64_t job = 1) {
    broker.publish({{.kind = Event::Kind::job, .user = user, .job = job, .data = std::move(data)}});
  }
};

EventBatcher batcher_after(EventBroker& broker, Grid& grid) {
  EventBatcher batcher(broker);
  batcher.publish(grid.core, 1'000'000);  // the grid's own counts
  return batcher;
}

FrameUpdate frame(std::int64_t task, std::string_view state) {
  return {.job = 1, .user = 7, .task = task, .state = state};
}

}  // namespace

START_TEST(users_receive_their_own_events_and_moderators_all) {
  Fixture fixture;
  Reader mine(fixture.broker, {.user = 1});
  Reader other(fixture.broker, {.user = 2});
  Reader moderator(fixture.broker, {.user = 3, .all = true});
  Reader watcher(fixture.broker, {.user = 3, .job = 5});
  fixture.job(1, R"({"id":5})", 5);
  fixture.broker.publish({{.kind = Event::Kind::grid, .data = R"({"online":1})"}});
  fixture.broker.publish({{.kind = Event::Kind::points, .user = 1, .data = "{}"}});
  ck_assert_uint_eq(mine.writer->of("job").size(), 1);
  ck_assert_uint_eq(other.writer->of("job").size(), 0);
  ck_assert_uint_eq(moderator.writer->of("job").size(), 1);
  ck_assert_uint_eq(watcher.writer->of("job").size(), 1);
  for (auto const* each : {&mine, &other, &moderator}) ck_assert_uint_eq(each->writer->of("grid").size(), 1);
  ck_assert_uint_eq(mine.writer->of("points").size(), 1);
  ck_assert_uint_eq(moderator.writer->of("points").size(), 0);
  publish_notification(fixture.broker, 1);
  ck_assert_uint_eq(mine.writer->of("notification").size(), 1);
  ck_assert_uint_eq(moderator.writer->of("notification").size(), 0);
}
END_TEST

START_TEST(frame_and_slave_events_go_to_streams_that_asked_for_them) {
  Fixture fixture;
  Reader plain(fixture.broker, {.user = 1});
  Reader watcher(fixture.broker, {.user = 1, .slaves = true, .job = 5});
  fixture.broker.publish({{.kind = Event::Kind::frames, .user = 1, .job = 5, .data = "{}"},
                          {.kind = Event::Kind::frames, .user = 1, .job = 6, .data = "{}"},
                          {.kind = Event::Kind::slave, .user = 1, .data = "{}"}});
  ck_assert(!plain.writer->says("frames") && !plain.writer->says("slave"));
  ck_assert_uint_eq(watcher.writer->of("frames").size(), 1);
  ck_assert_uint_eq(watcher.writer->of("slave").size(), 1);
}
END_TEST

START_TEST(a_resumed_stream_gets_each_missed_event_once) {
  Fixture fixture;
  Reader first(fixture.broker, {.user = 1});
  fixture.job(1, R"({"n":1})");
  auto const known = fixture.broker.last_event_id();
  fixture.job(1, R"({"n":2})");
  fixture.job(2, R"({"n":3})");
  fixture.job(1, R"({"n":4})");
  Reader back(fixture.broker, {.user = 1}, known);
  ck_assert(back.writer->of("job") == (std::vector<json>{{{"n", 2}}, {{"n", 4}}}));
  ck_assert_uint_eq(back.writer->of("hello").size(), 1);
  Reader here(fixture.broker, {.user = 1}, fixture.broker.last_event_id());
  ck_assert_uint_eq(here.writer->of("job").size(), 0);
  fixture.job(1, R"({"n":5})");
  ck_assert_uint_eq(here.writer->of("job").size(), 1);
}
END_TEST

START_TEST(an_unknown_event_id_gets_a_reset) {
  Fixture fixture({.kept_events = 4});
  Reader first(fixture.broker, {.user = 1});
  auto const old = fixture.broker.last_event_id();
  for (int i = 0; i < 4; ++i) fixture.job(1, "{}");
  ck_assert_uint_eq(Reader(fixture.broker, {.user = 1}, old).writer->of("job").size(), 4);
  fixture.job(1, "{}");
  std::string const unknown[] = {old,       "other-3", "life-",   "life",
                                 "life-99", "life--1", "life-1x", "life-99999999999999999999999"};
  for (auto const& since : unknown) {
    Reader const back(fixture.broker, {.user = 1}, since);
    ck_assert_msg(back.writer->of("reset").size() == 1 && back.writer->of("job").empty(), "%s", since.c_str());
  }
}
END_TEST

START_TEST(stored_events_are_limited_in_bytes) {
  Fixture fixture({.kept_events = 1000, .kept_bytes = 10'000});
  Reader first(fixture.broker, {.user = 1});
  auto const old = fixture.broker.last_event_id();
  for (int i = 0; i < 20; ++i) fixture.job(1, '"' + std::string(1000, 'x') + '"');
  ck_assert_uint_eq(Reader(fixture.broker, {.user = 1}, old).writer->of("reset").size(), 1);
}
END_TEST

START_TEST(without_subscribers_no_event_is_stored) {
  Fixture fixture;
  ck_assert(!fixture.broker.has_subscribers());
  auto const before = fixture.broker.last_event_id();
  ck_assert(fixture.broker.has_subscribers());
  fixture.job(1, "{}");
  ck_assert_uint_eq(Reader(fixture.broker, {.user = 1}, before).writer->of("job").size(), 1);
  fixture.now += 299'000;
  ck_assert(fixture.broker.has_subscribers());
  fixture.now += 2'000;
  ck_assert(!fixture.broker.has_subscribers());
  auto const late = before;
  fixture.job(1, "{}");  // no subscriber
  ck_assert_uint_eq(Reader(fixture.broker, {.user = 1}, late).writer->of("reset").size(), 1);
}
END_TEST

START_TEST(streams_are_limited_and_a_closed_one_frees_its_slot) {
  Fixture fixture({.per_user = 2, .total = 3});
  auto first = std::make_unique<Reader>(fixture.broker, Subscriber{.user = 1});
  Reader second(fixture.broker, {.user = 1});
  ck_assert(fixture.broker.open({.user = 1}, "").error().code == Errc::conflict);
  {
    auto const never_opened = fixture.broker.open({.user = 2}, "");
    ck_assert(never_opened.has_value());
    ck_assert(fixture.broker.open({.user = 3}, "").error().code == Errc::unavailable);
  }
  first.reset();
  ck_assert_uint_eq(fixture.broker.streams(), 1);
  ck_assert(fixture.broker.open({.user = 1}, "").has_value());
}
END_TEST

START_TEST(streams_end_with_their_session_and_with_the_server) {
  Fixture fixture;
  Reader mine(fixture.broker, {.user = 1, .secret_hash = "a"});
  Reader also(fixture.broker, {.user = 1, .by_role = true, .secret_hash = "a"});
  Reader other(fixture.broker, {.user = 1, .secret_hash = "b", .by_token = true});
  ck_assert_uint_eq(fixture.broker.sessions().size(), 3);
  fixture.broker.end_session("a");
  ck_assert(mine.writer->ended && also.writer->ended && mine.writer->says("event: end\n"));
  ck_assert(!other.writer->ended);
  fixture.broker.heartbeat();
  ck_assert(other.writer->says("event: beat\n"));
  fixture.broker.close();
  ck_assert(other.writer->ended);
  ck_assert(fixture.broker.open({.user = 1}, "").error().code == Errc::unavailable);
}
END_TEST

START_TEST(the_last_state_of_a_frame_is_told_once) {
  Fixture fixture;
  Grid grid;
  Reader reader(fixture.broker, {.user = 7, .job = 1});
  auto batcher = batcher_after(fixture.broker, grid);
  batcher.frame(frame(1, "leased"));
  batcher.frame(frame(2, "leased"));
  FrameUpdate done = frame(1, "accepted");
  done.slave = 4;
  done.slave_name = "att\"ic\n\xff";
  done.output = "0001.png";
  done.size = 77;
  done.sha256 = "ab";
  batcher.frame(done);
  auto const due = batcher.due();
  ck_assert(due.has_value());
  batcher.publish(grid.core, *due - 1);
  ck_assert(reader.writer->of("frames").empty());
  batcher.publish(grid.core, *due);
  auto const told = reader.writer->of("frames");
  ck_assert_uint_eq(told.size(), 1);
  ck_assert(told[0]["job"] == 1 && told[0]["more"] == false && told[0]["items"].size() == 2);
  auto const& first = told[0]["items"][0];
  ck_assert(first["id"] == 1 && first["state"] == "accepted" && first["fraction"].is_null() && first["size"] == 77);
  ck_assert(first["slave_name"].get<std::string>().starts_with("att\"ic\n"));
  ck_assert(told[0]["items"][1]["state"] == "leased" && told[0]["items"][1]["size"].is_null());
  ck_assert(!batcher.due());
  batcher.publish(grid.core, *due + 1000);
  ck_assert_uint_eq(reader.writer->of("frames").size(), 1);
}
END_TEST

START_TEST(ten_thousand_frames_are_few_events_that_say_that_there_is_more) {
  Fixture fixture;
  Grid grid;
  Reader reader(fixture.broker, {.user = 7, .job = 1});
  auto batcher = batcher_after(fixture.broker, grid);
  std::int64_t now = 2'000'000;
  for (int i = 0; i < 10'000; ++i) {
    batcher.frame(frame(i, "accepted"));
    batcher.job({.job = 1, .user = 7, .accepted = i + 1, .failed = 0, .state = i == 9999 ? "finished" : "active"});
    if (auto const due = batcher.due(); due && *due <= now) batcher.publish(grid.core, now);
    if (i % 10 == 0) ++now;  // ten frames a millisecond
  }
  batcher.publish(grid.core, now + 400);
  auto const frames = reader.writer->of("frames");
  auto const jobs = reader.writer->of("job");
  ck_assert_uint_le(frames.size(), 5);
  ck_assert_uint_le(jobs.size(), 5);
  ck_assert(frames.back()["more"] == true && frames.back()["items"].size() <= 64);
  ck_assert(jobs.back()["accepted"] == 10'000 && jobs.back()["state"] == "finished");
  ck_assert_msg(!jobs.front().contains("state"), "that it is active its owner may have changed");
  ck_assert_uint_le(reader.writer->text.size(), 100'000);
}
END_TEST

START_TEST(what_a_slave_does_is_told_to_its_owner) {
  Fixture fixture;
  Grid grid;
  Reader owner(fixture.broker, {.user = 51, .slaves = true});
  EventBatcher batcher(fixture.broker);
  grid.add_job(1, 3);
  auto const slave = grid.add_slave(1);
  batcher.slave(1, 51);
  batcher.publish(grid.core, 5'000'000);
  auto const told = owner.writer->of("slave");
  ck_assert_uint_eq(told.size(), 1);
  ck_assert(told[0]["online"] == true && told[0]["working_on"][0]["job"] == 1);
  ck_assert(owner.writer->of("grid")[0] == (json{{"online", 1}, {"active", 1}, {"ready", 2}, {"leased", 1}}));
  batcher.publish(grid.core, 5'010'000);
  ck_assert_uint_eq(owner.writer->of("grid").size(), 1);
  slave_disconnected(grid.core, 1, slave.get());
  batcher.slave(1, 51);
  batcher.publish(grid.core, 5'020'000);
  ck_assert(owner.writer->of("slave")[1]["online"] == false);
}
END_TEST

namespace {

TestGroup const broker_tests{
    "broker",
    {users_receive_their_own_events_and_moderators_all, frame_and_slave_events_go_to_streams_that_asked_for_them,
     a_resumed_stream_gets_each_missed_event_once, an_unknown_event_id_gets_a_reset, stored_events_are_limited_in_bytes,
     without_subscribers_no_event_is_stored, streams_are_limited_and_a_closed_one_frees_its_slot,
     streams_end_with_their_session_and_with_the_server}};
TestGroup const batcher_tests{
    "batcher",
    {the_last_state_of_a_frame_is_told_once, ten_thousand_frames_are_few_events_that_say_that_there_is_more,
     what_a_slave_does_is_told_to_its_owner}};

}  // namespace

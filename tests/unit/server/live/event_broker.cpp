// The broker of live events: who receives which, its ring of stored events, and its limits.
#include <nlohmann/json.hpp>

#include "server/live/event_broker.h"
#include "server/live/publish.h"
#include "tests/support/check_main.h"
#include "tests/support/event_reader.h"

using namespace distren;
using nlohmann::json;

namespace {

START_TEST(users_receive_their_own_events_and_moderators_all) {
  EventFixture fixture;
  EventReader mine(fixture.broker, {.user = 1});
  EventReader other(fixture.broker, {.user = 2});
  EventReader moderator(fixture.broker, {.user = 3, .all = true});
  EventReader watcher(fixture.broker, {.user = 3, .job = 5});
  fixture.job(1, R"({"id":5})", 5);
  fixture.broker.publish({{.kind = Event::Kind::grid_updated, .data = R"({"online":1})"}});
  fixture.broker.publish({{.kind = Event::Kind::points_changed, .user = 1, .data = "{}"}});
  ck_assert_uint_eq(mine.writer->of("job.updated").size(), 1);
  ck_assert_uint_eq(other.writer->of("job.updated").size(), 0);
  ck_assert_uint_eq(moderator.writer->of("job.updated").size(), 1);
  ck_assert_uint_eq(watcher.writer->of("job.updated").size(), 1);
  for (auto const* each : {&mine, &other, &moderator}) ck_assert_uint_eq(each->writer->of("grid.updated").size(), 1);
  ck_assert_uint_eq(mine.writer->of("points.changed").size(), 1);
  ck_assert_uint_eq(moderator.writer->of("points.changed").size(), 0);
  publish_notification(fixture.broker, 1);
  ck_assert_uint_eq(mine.writer->of("notification.created").size(), 1);
  ck_assert_uint_eq(moderator.writer->of("notification.created").size(), 0);
}
END_TEST

START_TEST(task_events_go_to_who_asked_for_the_job_and_topics_choose_the_rest) {
  EventFixture fixture;
  EventReader plain(fixture.broker, {.user = 1});
  EventReader watcher(fixture.broker, {.user = 1, .topics = *Topics::parse({"tasks", "slave.offline"}), .job = 5});
  fixture.broker.publish({{.kind = Event::Kind::tasks_updated, .user = 1, .job = 5, .data = "{}"},
                          {.kind = Event::Kind::tasks_updated, .user = 1, .job = 6, .data = "{}"},
                          {.kind = Event::Kind::slave_updated, .user = 1, .data = "{}"},
                          {.kind = Event::Kind::slave_offline, .user = 1, .data = "{}"}});
  ck_assert(!plain.writer->says("tasks.updated") && plain.writer->says("slave.updated"));
  ck_assert_uint_eq(watcher.writer->of("tasks.updated").size(), 1);
  ck_assert_uint_eq(watcher.writer->of("slave.offline").size(), 1);
  ck_assert(!watcher.writer->says("slave.updated"));
}
END_TEST

START_TEST(a_moderator_can_follow_one_user_and_gets_no_points_of_theirs) {
  EventFixture fixture;
  EventReader moderator(fixture.broker, {.user = 3, .owner = 1});
  fixture.job(1, R"({"n":1})");
  fixture.job(2, R"({"n":2})");
  fixture.job(3, R"({"n":3})");
  for (std::int64_t const user : {1, 3})
    fixture.broker.publish({{.kind = Event::Kind::points_changed, .user = user, .data = "{}"}});
  ck_assert(moderator.writer->of("job.updated") == (std::vector<json>{{{"n", 1}}}));
  ck_assert_uint_eq(moderator.writer->of("points.changed").size(), 1);
}
END_TEST

START_TEST(a_resumed_stream_gets_each_missed_event_once) {
  EventFixture fixture;
  EventReader first(fixture.broker, {.user = 1});
  fixture.job(1, R"({"n":1})");
  auto const known = fixture.broker.last_event_id();
  fixture.job(1, R"({"n":2})");
  fixture.job(2, R"({"n":3})");
  fixture.job(1, R"({"n":4})");
  EventReader back(fixture.broker, {.user = 1}, known);
  ck_assert(back.writer->of("job.updated") == (std::vector<json>{{{"n", 2}}, {{"n", 4}}}));
  ck_assert_uint_eq(back.writer->of("stream.open").size(), 1);
  EventReader here(fixture.broker, {.user = 1}, fixture.broker.last_event_id());
  ck_assert_uint_eq(here.writer->of("job.updated").size(), 0);
  fixture.job(1, R"({"n":5})");
  ck_assert_uint_eq(here.writer->of("job.updated").size(), 1);
}
END_TEST

START_TEST(an_unknown_event_id_gets_a_reset) {
  EventFixture fixture({.kept_events = 4});
  EventReader first(fixture.broker, {.user = 1});
  auto const old = fixture.broker.last_event_id();
  for (int i = 0; i < 4; ++i) fixture.job(1, "{}");
  ck_assert_uint_eq(EventReader(fixture.broker, {.user = 1}, old).writer->of("job.updated").size(), 4);
  fixture.job(1, "{}");
  std::string const unknown[] = {old,       "other-3", "life-",   "life",
                                 "life-99", "life--1", "life-1x", "life-99999999999999999999999"};
  for (auto const& since : unknown) {
    EventReader const back(fixture.broker, {.user = 1}, since);
    ck_assert_msg(back.writer->of("stream.reset").size() == 1 && back.writer->of("job.updated").empty(), "%s",
                  since.c_str());
  }
}
END_TEST

START_TEST(stored_events_are_limited_in_bytes) {
  EventFixture fixture({.kept_events = 1000, .kept_bytes = 10'000});
  EventReader first(fixture.broker, {.user = 1});
  auto const old = fixture.broker.last_event_id();
  for (int i = 0; i < 20; ++i) fixture.job(1, '"' + std::string(1000, 'x') + '"');
  ck_assert_uint_eq(EventReader(fixture.broker, {.user = 1}, old).writer->of("stream.reset").size(), 1);
}
END_TEST

START_TEST(without_subscribers_no_event_is_stored) {
  EventFixture fixture;
  ck_assert(!fixture.broker.has_subscribers());
  auto const before = fixture.broker.last_event_id();
  ck_assert(!fixture.broker.has_subscribers());
  fixture.broker.note_interest();
  ck_assert(fixture.broker.has_subscribers());
  fixture.job(1, "{}");
  ck_assert_uint_eq(EventReader(fixture.broker, {.user = 1}, before).writer->of("job.updated").size(), 1);
  fixture.now += 299'000;
  ck_assert(fixture.broker.has_subscribers());
  fixture.now += 2'000;
  ck_assert(!fixture.broker.has_subscribers());
  auto const late = before;
  fixture.job(1, "{}");  // no subscriber
  ck_assert_uint_eq(EventReader(fixture.broker, {.user = 1}, late).writer->of("stream.reset").size(), 1);
}
END_TEST

START_TEST(streams_are_limited_and_a_closed_one_frees_its_slot) {
  EventFixture fixture({.per_user = 2, .total = 3});
  auto first = std::make_unique<EventReader>(fixture.broker, Subscriber{.user = 1});
  EventReader second(fixture.broker, {.user = 1});
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
  EventFixture fixture;
  EventReader mine(fixture.broker, {.user = 1, .secret_hash = "a"});
  EventReader also(fixture.broker, {.user = 1, .by_role = true, .secret_hash = "a"});
  EventReader other(fixture.broker, {.user = 1, .secret_hash = "b", .by_token = true});
  ck_assert_uint_eq(fixture.broker.sessions().size(), 3);
  fixture.broker.end_session("a");
  ck_assert(mine.writer->ended && also.writer->ended && mine.writer->says("event: stream.end\n"));
  ck_assert(!other.writer->ended);
  fixture.broker.heartbeat();
  ck_assert(other.writer->says("event: heartbeat\n"));
  fixture.broker.close();
  ck_assert(other.writer->ended);
  ck_assert(fixture.broker.open({.user = 1}, "").error().code == Errc::unavailable);
}
END_TEST

TestGroup const broker_tests{
    "broker",
    {users_receive_their_own_events_and_moderators_all,
     task_events_go_to_who_asked_for_the_job_and_topics_choose_the_rest,
     a_moderator_can_follow_one_user_and_gets_no_points_of_theirs, a_resumed_stream_gets_each_missed_event_once,
     an_unknown_event_id_gets_a_reset, stored_events_are_limited_in_bytes, without_subscribers_no_event_is_stored,
     streams_are_limited_and_a_closed_one_frees_its_slot, streams_end_with_their_session_and_with_the_server}};

}  // namespace

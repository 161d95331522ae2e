// What open pages are told: the hub with its ring and limits, the gatherer that makes few events of many frames, and
// the door through which people come.
#include <nlohmann/json.hpp>

#include "server/dispatch/event_batcher.h"
#include "server/live/event_broker.h"
#include "server/live/publish.h"
#include "tests/support/check_main.h"
#include "tests/support/dispatch_grid.h"

using namespace distren;

namespace {

struct Paper : Outlet {
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
  std::shared_ptr<Paper> paper = std::make_shared<Paper>();
  std::optional<Feed> stream;
  Reader(EventBroker& hub, Subscriber who, std::string since = {}) {
    auto opened = hub.open(std::move(who), std::move(since));
    ck_assert(opened.has_value());
    stream = std::move(*opened);
    stream->opened(paper);
  }
};

struct Place {
  std::int64_t now = 1'000'000'000;
  EventBroker hub;
  explicit Place(StreamLimits limits = {}) : hub(limits, "life", [this] { return now; }) {}
  void job(std::int64_t user, std::string data, std::int64_t job = 1) {
    hub.publish({{.kind = News::Kind::job, .user = user, .job = job, .data = std::move(data)}});
  }
};

EventBatcher gatherer_after(EventBroker& hub, Grid& grid) {
  EventBatcher gatherer(hub);
  gatherer.tell(grid.core, 1'000'000);  // the grid's own figures
  return gatherer;
}

FrameUpdate frame(std::int64_t task, std::string_view state) {
  return {.job = 1, .user = 7, .task = task, .state = state};
}

}  // namespace

START_TEST(everybody_hears_of_his_own_and_moderators_of_all) {
  Place place;
  Reader mine(place.hub, {.user = 1});
  Reader other(place.hub, {.user = 2});
  Reader moderator(place.hub, {.user = 3, .all = true});
  Reader watcher(place.hub, {.user = 3, .job = 5});
  place.job(1, R"({"id":5})", 5);
  place.hub.publish({{.kind = News::Kind::grid, .data = R"({"online":1})"}});
  place.hub.publish({{.kind = News::Kind::points, .user = 1, .data = "{}"}});
  ck_assert_uint_eq(mine.paper->of("job").size(), 1);
  ck_assert_uint_eq(other.paper->of("job").size(), 0);
  ck_assert_uint_eq(moderator.paper->of("job").size(), 1);
  ck_assert_uint_eq(watcher.paper->of("job").size(), 1);
  for (auto const* each : {&mine, &other, &moderator}) ck_assert_uint_eq(each->paper->of("grid").size(), 1);
  ck_assert_uint_eq(mine.paper->of("points").size(), 1);
  ck_assert_uint_eq(moderator.paper->of("points").size(), 0);
  tell_notification(place.hub, 1);
  ck_assert_uint_eq(mine.paper->of("notification").size(), 1);
  ck_assert_uint_eq(moderator.paper->of("notification").size(), 0);
}
END_TEST

START_TEST(frames_and_slaves_are_told_to_those_who_asked) {
  Place place;
  Reader plain(place.hub, {.user = 1});
  Reader watcher(place.hub, {.user = 1, .slaves = true, .job = 5});
  place.hub.publish({{.kind = News::Kind::frames, .user = 1, .job = 5, .data = "{}"},
                     {.kind = News::Kind::frames, .user = 1, .job = 6, .data = "{}"},
                     {.kind = News::Kind::slave, .user = 1, .data = "{}"}});
  ck_assert(!plain.paper->says("frames") && !plain.paper->says("slave"));
  ck_assert_uint_eq(watcher.paper->of("frames").size(), 1);
  ck_assert_uint_eq(watcher.paper->of("slave").size(), 1);
}
END_TEST

START_TEST(who_comes_back_hears_what_he_missed_and_nothing_twice) {
  Place place;
  Reader first(place.hub, {.user = 1});
  place.job(1, R"({"n":1})");
  auto const known = place.hub.position();
  place.job(1, R"({"n":2})");
  place.job(2, R"({"n":3})");
  place.job(1, R"({"n":4})");
  Reader back(place.hub, {.user = 1}, known);
  ck_assert(back.paper->of("job") == (std::vector<json>{{{"n", 2}}, {{"n", 4}}}));
  ck_assert_uint_eq(back.paper->of("hello").size(), 1);
  Reader here(place.hub, {.user = 1}, place.hub.position());
  ck_assert_uint_eq(here.paper->of("job").size(), 0);
  place.job(1, R"({"n":5})");
  ck_assert_uint_eq(here.paper->of("job").size(), 1);
}
END_TEST

START_TEST(a_position_that_is_not_known_is_a_reset) {
  Place place({.kept_events = 4});
  Reader first(place.hub, {.user = 1});
  auto const old = place.hub.position();
  for (int i = 0; i < 4; ++i) place.job(1, "{}");
  ck_assert_uint_eq(Reader(place.hub, {.user = 1}, old).paper->of("job").size(), 4);
  place.job(1, "{}");
  std::string const unknown[] = {old,       "other-3", "life-",   "life",
                                 "life-99", "life--1", "life-1x", "life-99999999999999999999999"};
  for (auto const& since : unknown) {
    Reader const back(place.hub, {.user = 1}, since);
    ck_assert_msg(back.paper->of("reset").size() == 1 && back.paper->of("job").empty(), "%s", since.c_str());
  }
}
END_TEST

START_TEST(what_is_kept_has_a_limit_in_bytes) {
  Place place({.kept_events = 1000, .kept_bytes = 10'000});
  Reader first(place.hub, {.user = 1});
  auto const old = place.hub.position();
  for (int i = 0; i < 20; ++i) place.job(1, '"' + std::string(1000, 'x') + '"');
  ck_assert_uint_eq(Reader(place.hub, {.user = 1}, old).paper->of("reset").size(), 1);
}
END_TEST

START_TEST(while_nobody_asks_nothing_is_kept_and_nothing_is_claimed) {
  Place place;
  ck_assert(!place.hub.wanted());
  auto const before = place.hub.position();
  ck_assert(place.hub.wanted());
  place.job(1, "{}");
  ck_assert_uint_eq(Reader(place.hub, {.user = 1}, before).paper->of("job").size(), 1);
  place.now += 299'000;
  ck_assert(place.hub.wanted());
  place.now += 2'000;
  ck_assert(!place.hub.wanted());
  auto const late = before;
  place.job(1, "{}");  // nobody is there
  ck_assert_uint_eq(Reader(place.hub, {.user = 1}, late).paper->of("reset").size(), 1);
}
END_TEST

START_TEST(streams_have_limits_and_their_places_come_back) {
  Place place({.per_person = 2, .altogether = 3});
  auto first = std::make_unique<Reader>(place.hub, Subscriber{.user = 1});
  Reader second(place.hub, {.user = 1});
  ck_assert(place.hub.open({.user = 1}, "").error().code == Errc::conflict);
  {
    auto const never_opened = place.hub.open({.user = 2}, "");
    ck_assert(never_opened.has_value());
    ck_assert(place.hub.open({.user = 3}, "").error().code == Errc::unavailable);
  }
  first.reset();
  ck_assert_uint_eq(place.hub.streams(), 1);
  ck_assert(place.hub.open({.user = 1}, "").has_value());
}
END_TEST

START_TEST(streams_end_with_their_login_and_with_the_server) {
  Place place;
  Reader mine(place.hub, {.user = 1, .secret_hash = "a"});
  Reader also(place.hub, {.user = 1, .by_role = true, .secret_hash = "a"});
  Reader other(place.hub, {.user = 1, .secret_hash = "b", .by_token = true});
  ck_assert_uint_eq(place.hub.sessions().size(), 3);
  place.hub.end_session("a");
  ck_assert(mine.paper->ended && also.paper->ended && mine.paper->says("event: end\n"));
  ck_assert(!other.paper->ended);
  place.hub.beat();
  ck_assert(other.paper->says("event: beat\n"));
  place.hub.close();
  ck_assert(other.paper->ended);
  ck_assert(place.hub.open({.user = 1}, "").error().code == Errc::unavailable);
}
END_TEST

START_TEST(the_last_state_of_a_frame_is_told_once) {
  Place place;
  Grid grid;
  Reader reader(place.hub, {.user = 7, .job = 1});
  auto gatherer = gatherer_after(place.hub, grid);
  gatherer.frame(frame(1, "leased"));
  gatherer.frame(frame(2, "leased"));
  FrameUpdate done = frame(1, "accepted");
  done.slave = 4;
  done.slave_name = "att\"ic\n\xff";
  done.output = "0001.png";
  done.size = 77;
  done.sha256 = "ab";
  gatherer.frame(done);
  auto const due = gatherer.due();
  ck_assert(due.has_value());
  gatherer.tell(grid.core, *due - 1);
  ck_assert(reader.paper->of("frames").empty());
  gatherer.tell(grid.core, *due);
  auto const told = reader.paper->of("frames");
  ck_assert_uint_eq(told.size(), 1);
  ck_assert(told[0]["job"] == 1 && told[0]["more"] == false && told[0]["items"].size() == 2);
  auto const& first = told[0]["items"][0];
  ck_assert(first["id"] == 1 && first["state"] == "accepted" && first["fraction"].is_null() && first["size"] == 77);
  ck_assert(first["slave_name"].get<std::string>().starts_with("att\"ic\n"));
  ck_assert(told[0]["items"][1]["state"] == "leased" && told[0]["items"][1]["size"].is_null());
  ck_assert(!gatherer.due());
  gatherer.tell(grid.core, *due + 1000);
  ck_assert_uint_eq(reader.paper->of("frames").size(), 1);
}
END_TEST

START_TEST(ten_thousand_frames_are_few_events_that_say_that_there_is_more) {
  Place place;
  Grid grid;
  Reader reader(place.hub, {.user = 7, .job = 1});
  auto gatherer = gatherer_after(place.hub, grid);
  std::int64_t now = 2'000'000;
  for (int i = 0; i < 10'000; ++i) {
    gatherer.frame(frame(i, "accepted"));
    gatherer.job({.job = 1, .user = 7, .accepted = i + 1, .failed = 0, .state = i == 9999 ? "finished" : "active"});
    if (auto const due = gatherer.due(); due && *due <= now) gatherer.tell(grid.core, now);
    if (i % 10 == 0) ++now;  // ten frames a millisecond
  }
  gatherer.tell(grid.core, now + 400);
  auto const frames = reader.paper->of("frames");
  auto const jobs = reader.paper->of("job");
  ck_assert_uint_le(frames.size(), 5);
  ck_assert_uint_le(jobs.size(), 5);
  ck_assert(frames.back()["more"] == true && frames.back()["items"].size() <= 64);
  ck_assert(jobs.back()["accepted"] == 10'000 && jobs.back()["state"] == "finished");
  ck_assert_msg(!jobs.front().contains("state"), "that it is active its owner may have changed");
  ck_assert_uint_le(reader.paper->text.size(), 100'000);
}
END_TEST

START_TEST(what_a_slave_does_is_told_to_its_owner) {
  Place place;
  Grid grid;
  Reader owner(place.hub, {.user = 51, .slaves = true});
  EventBatcher gatherer(place.hub);
  grid.add_job(1, 3);
  auto const slave = grid.add_slave(1);
  gatherer.slave(1, 51);
  gatherer.tell(grid.core, 5'000'000);
  auto const told = owner.paper->of("slave");
  ck_assert_uint_eq(told.size(), 1);
  ck_assert(told[0]["online"] == true && told[0]["working_on"][0]["job"] == 1);
  ck_assert(owner.paper->of("grid")[0] == (json{{"online", 1}, {"active", 1}, {"ready", 2}, {"leased", 1}}));
  gatherer.tell(grid.core, 5'010'000);
  ck_assert_uint_eq(owner.paper->of("grid").size(), 1);
  grid.core.gone(1, slave.get());
  gatherer.slave(1, 51);
  gatherer.tell(grid.core, 5'020'000);
  ck_assert(owner.paper->of("slave")[1]["online"] == false);
}
END_TEST

int main() {
  auto* hub = tcase_create("hub");
  tcase_add_test(hub, everybody_hears_of_his_own_and_moderators_of_all);
  tcase_add_test(hub, frames_and_slaves_are_told_to_those_who_asked);
  tcase_add_test(hub, who_comes_back_hears_what_he_missed_and_nothing_twice);
  tcase_add_test(hub, a_position_that_is_not_known_is_a_reset);
  tcase_add_test(hub, what_is_kept_has_a_limit_in_bytes);
  tcase_add_test(hub, while_nobody_asks_nothing_is_kept_and_nothing_is_claimed);
  tcase_add_test(hub, streams_have_limits_and_their_places_come_back);
  tcase_add_test(hub, streams_end_with_their_login_and_with_the_server);
  auto* gatherer = tcase_create("gatherer");
  tcase_add_test(gatherer, the_last_state_of_a_frame_is_told_once);
  tcase_add_test(gatherer, ten_thousand_frames_are_few_events_that_say_that_there_is_more);
  tcase_add_test(gatherer, what_a_slave_does_is_told_to_its_owner);
  return run_suite("live", {hub, gatherer});
}

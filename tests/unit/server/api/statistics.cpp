// What the grid did, over the HTTP API: samples by maintenance, columns with a value for each step.
#include <ctime>
#include <optional>
#include <string>

#include "server/dispatch/job_events.h"
#include "server/jobs/maintenance.h"
#include "server/store/statistics.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database, {"blender"}) { now = 1000 * static_cast<std::int64_t>(std::time(nullptr)); }
  std::string secret = person();
  std::int64_t user = call("GET", "/api/v1/users/me", secret).json["id"].get<std::int64_t>();

  // In the dispatcher alone.
  void add_job(std::int64_t id, std::int64_t owner, int frames) {
    store::RunnableJob job{.id = id,
                           .user = owner,
                           .method = "blender",
                           .source = "scene.blend",
                           .parameters = "{}",
                           .output = R"({"format":"PNG","pattern":"%04d.png"})",
                           .version = "2.80",
                           .state = "active",
                           .revision = 1,
                           .first_task = id * 1000,
                           .tasks = frames,
                           .files = {{"scene.blend", "abc", 10}}};
    std::vector<store::RunnableTask> tasks;
    for (int i = 0; i < frames; ++i) tasks.push_back({id * 1000 + i, id, i + 1, 0});
    dispatcher->tell(
        [job, tasks](DispatchCore& core, std::int64_t now_ms) { distren::add_job(core, job, tasks, {}, now_ms); });
  }
  json ask(std::string const& query) {
    auto const reply = call("GET", "/api/v1/statistics" + query, secret);
    ck_assert_msg(reply.status == 200, "%s: %s", query.c_str(), reply.text.c_str());
    return reply.json;
  }
};

// The hour may turn while a test runs: what was sampled is in one of the last two steps.
double late(json const& column) {
  double sum = 0;
  for (std::size_t i = column.size() - 2; i < column.size(); ++i)
    sum = std::max(sum, column[i].is_null() ? 0.0 : column[i].get<double>());
  return sum;
}

}  // namespace

START_TEST(every_column_has_a_value_for_each_step) {
  Fixture desk;
  for (auto const& [span, step, steps] : {std::tuple{"day", 3600, 24},
                                          {"week", 3600, 168},
                                          {"month", 3600, 720},
                                          {"year", 86400, 365},
                                          {"all", 604800, 520}}) {
    auto const found = desk.ask(std::string("?owner=me&period=") + span);
    ck_assert_text(found["period"], span);
    ck_assert_int_eq(found["step_ms"].get<std::int64_t>(), step * std::int64_t{1000});
    for (auto const* name : {"frames_finished", "attempts_failed", "cpu_ms", "wall_ms", "earned_millipoints",
                             "frames_delivered", "jobs_started"})
      ck_assert_msg(found["series"][name].size() == static_cast<std::size_t>(steps), "%s of %s", name, span);
    for (auto const* name : {"job_wait_ms", "slaves_online", "power_online", "frames_ready", "frames_leased"})
      ck_assert_msg(found["series"][name]["mean"].size() == static_cast<std::size_t>(steps) &&
                        found["series"][name]["max"].size() == static_cast<std::size_t>(steps),
                    "%s of %s", name, span);
  }
}
END_TEST

START_TEST(a_sample_of_each_minute_tells_the_grids_and_ones_own) {
  Fixture desk;
  std::int64_t const another = desk.user + 1'000'000;
  auto const busy = desk.connect(a_slave(1, desk.user, 4, 4), 1000);
  desk.connect(a_slave(2, desk.user), 1000);
  desk.connect(a_slave(3, another, 1), 500);
  desk.add_job(1, another, 1);
  desk.add_job(2, desk.user, 43);
  desk.order(*busy, 3);
  run_maintenance(desk.services->maintenance(), desk.database);
  desk.dispatcher->tell([](DispatchCore& core, std::int64_t now) {
    disable_slave(core, 3, "gone", now);
    remove_job(core, 1, store::deleted_revision, "gone", now);
  });
  for (std::int64_t const id : {4, 5}) desk.connect(a_slave(id, desk.user, 4, 0));
  run_maintenance(desk.services->maintenance(), desk.database);
  auto const mine = desk.ask("?owner=me&period=day")["series"];
  ck_assert(late(mine["slaves_online"]["max"]) == 4 && late(mine["power_online"]["max"]) == 8 &&
            late(mine["frames_ready"]["mean"]) > 0);
  auto const all = desk.ask("?period=day");
  ck_assert(all["owner"].is_null());
  auto const& grid = all["series"];
  ck_assert(late(grid["power_online"]["max"]) >= 8.5 && late(grid["frames_leased"]["max"]) >= 4);
  // Somebody who has nothing has nothing, and not nothing known.
  desk.secret = desk.person();
  auto const other = desk.ask("?owner=me&period=day")["series"];
  ck_assert(!other["slaves_online"]["mean"].back().is_null() || !other["slaves_online"]["mean"][22].is_null());
  ck_assert(late(other["slaves_online"]["mean"]) == 0 && other["slaves_online"]["mean"][0].is_null());
  ck_assert(other["job_wait_ms"]["mean"].back().is_null() && other["frames_finished"].back() == 0);
}
END_TEST

START_TEST(a_question_that_makes_no_sense_is_refused_with_what_there_is) {
  Fixture desk;
  for (auto const* bad : {"?period=century", "?owner=bob", "?hours=3", "?period="})
    ck_assert_msg(desk.call("GET", std::string("/api/v1/statistics") + bad, desk.secret).status == 400, "%s", bad);
  ck_assert_says(desk.call("GET", "/api/v1/statistics?period=x", desk.secret).message(),
                 "day, week, month, year or all");
  ck_assert_int_eq(desk.call("GET", "/api/v1/statistics").status, 401);
}
END_TEST

START_TEST(the_status_says_frames_an_hour_and_power) {
  Fixture desk;
  desk.connect(a_slave(1, desk.user, 6), 1000);
  desk.connect(a_slave(2, desk.user, 1), 500);
  auto const status = desk.call("GET", "/api/v1/grid").json;
  ck_assert(status["frames"]["finished_last_hour"].is_number_integer() && status["power_online"] == 6.5);
}
END_TEST

START_TEST(a_database_that_is_away_costs_one_minutes_sample) {
  Fixture desk;
  auto address = *the_database;
  address.socket = "/nowhere";
  Database away(address);
  ck_assert(!store::sample_statistics(away, {}).has_value());
  ck_assert(!store::roll_statistics(away).has_value());
  ck_assert(!store::list_statistics(away, 0, 0, "hour").has_value());
  run_maintenance(desk.services->maintenance(), away);  // says so in the log, and that is all
}
END_TEST

START_TEST(many_users_fit_into_one_minute) {
  Fixture desk;
  std::vector<UserStatus> users;
  for (std::int64_t id = 1; id <= 12000; ++id) users.push_back({.user = 5000000 + id, .slaves = 1, .power = 1000});
  ck_assert(store::sample_statistics(desk.database, users).has_value());
  auto const rows = store::list_statistics(desk.database, 5012000, 0, "hour");
  ck_assert(rows.has_value() && rows->size() == 1 && rows->front().samples == 1 && rows->front().power.most == 1000);
}
END_TEST

namespace {

TestGroup const statistics_tests{
    "statistics",
    {every_column_has_a_value_for_each_step, a_sample_of_each_minute_tells_the_grids_and_ones_own,
     a_question_that_makes_no_sense_is_refused_with_what_there_is, the_status_says_frames_an_hour_and_power,
     a_database_that_is_away_costs_one_minutes_sample, many_users_fit_into_one_minute},
    with_database};

}  // namespace

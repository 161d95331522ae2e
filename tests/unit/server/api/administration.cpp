// Administration over the HTTP API: who may, what follows for sessions, jobs and slaves, settings that hold at once.
#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "server/dispatch/result_events.h"
#include "server/jobs/maintenance.h"
#include "server/store/administration.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/private_database.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
  std::string admin =
      call("POST", "/api/v1/sessions", "", {{"name", "admin"}, {"password", admin_password}}).json["token"];

  std::int64_t id_of(std::string const& secret) {
    return call("GET", "/api/v1/users/me", secret).json["id"].get<std::int64_t>();
  }
  json account(std::string const& name) {
    auto const found = call("GET", "/api/v1/users?q=" + name, admin).json;
    for (auto const& each : found["items"])
      if (each["name"] == name) return each;
    return nullptr;
  }
  json setting(std::string const& name) {
    auto const found = call("GET", "/api/v1/admin/settings", admin).json;
    for (auto const& each : found["items"])
      if (each["name"] == name) return each;
    return nullptr;
  }
  ApiReply set(std::string const& name, json const& value) {
    return call("PATCH", "/api/v1/admin/settings", admin, {{name, value}});
  }
};

}  // namespace

START_TEST(only_administrators_get_in) {
  Fixture desk;
  auto const user = desk.person();
  for (auto const& [method, path] : {std::pair{"GET", "users"},
                                     {"GET", "admin/settings"},
                                     {"GET", "admin/audit-log"},
                                     {"GET", "methods"},
                                     {"GET", "admin/health"}}) {
    auto const target = std::string("/api/v1/") + path;
    ck_assert_msg(desk.call(method, target, user).status == 403, "%s", path);
    ck_assert_msg(desk.call(method, target).status == 401, "%s", path);
    ck_assert_msg(desk.call(method, target, desk.admin).status == 200, "%s", path);
  }
  ck_assert_int_eq(desk.call("PATCH", "/api/v1/admin/settings", user, {{"registration", false}}).status, 403);
  ck_assert_int_eq(desk.call("PATCH", "/api/v1/users/1", user, {{"role", "user"}}).status, 403);
  ck_assert_int_eq(desk.call("POST", "/api/v1/users/1/block", user, {{"reason", "x"}}).status, 403);
  // A token of an administrator needs the scope as well.
  auto const reading = desk.call("POST", "/api/v1/tokens", desk.admin,
                                 {{"name", "t" + random_secret().substr(0, 8)}, {"scopes", {"jobs:read"}}});
  ck_assert_int_eq(reading.status, 201);
  ck_assert_int_eq(desk.call("GET", "/api/v1/users", reading.json["secret"]).status, 403);
}
END_TEST

START_TEST(a_role_is_given_and_the_last_administrator_keeps_it) {
  Fixture desk;
  std::string name;
  auto const other = desk.person(&name);
  auto const path = "/api/v1/users/" + std::to_string(desk.id_of(other));
  auto const mine = "/api/v1/users/" + std::to_string(desk.id_of(desk.admin));
  auto const refused = desk.call("PATCH", mine, desk.admin, {{"role", "user"}});
  ck_assert_int_eq(refused.status, 409);
  ck_assert_says(refused.message(), "last administrator");
  ck_assert_text(desk.call("PATCH", path, desk.admin, {{"role", "moderator"}}).json["role"], "moderator");
  ck_assert_text(desk.account(name)["role"], "moderator");
  ck_assert_int_eq(desk.call("PATCH", path, desk.admin, {{"role", "king"}}).status, 400);
  ck_assert_int_eq(desk.call("PATCH", path, desk.admin, {{"role", 1}}).status, 400);
  ck_assert_int_eq(desk.call("PATCH", "/api/v1/users/987654", desk.admin, {{"role", "user"}}).status, 404);
  ck_assert_text(desk.call("PATCH", path, desk.admin, {{"role", "user"}}).json["role"], "user");
}
END_TEST

START_TEST(who_is_blocked_is_out_at_once_and_reads_why) {
  Fixture desk;
  std::string name;
  auto const bad = desk.person(&name);
  auto const path = "/api/v1/users/" + std::to_string(desk.id_of(bad));
  auto const slave = desk.call("POST", "/api/v1/slaves", bad, {{"name", "attic"}}).json;
  desk.connect(a_slave(slave["id"].get<std::int64_t>(), desk.id_of(bad)));
  ck_assert(desk.online(slave["id"].get<std::int64_t>()));
  auto const token = desk.call("POST", "/api/v1/tokens", bad, {{"name", "laptop"}, {"scopes", {"jobs:read"}}})
                         .json["secret"]
                         .get<std::string>();
  ck_assert_int_eq(desk.call("POST", path + "/block", desk.admin, {{"reason", ""}}).status, 400);
  auto const blocked = desk.call("POST", path + "/block", desk.admin, {{"reason", "mines coins"}});
  ck_assert_msg(blocked.status == 200 && blocked.json["blocked_reason"] == "mines coins", "%s", blocked.text.c_str());
  ck_assert(!desk.online(slave["id"].get<std::int64_t>()));
  ck_assert_int_eq(desk.call("GET", "/api/v1/users/me", bad).status, 401);
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs", token).status, 401);
  auto const login = desk.call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", "long enough"}});
  ck_assert_int_eq(login.status, 403);
  ck_assert_says(login.message(), "mines coins");
  ck_assert_text(login.json["code"], "account_blocked");
  auto const entered = desk.gate.enter(desk.database, "203.0.113.9", slave["slavekey"].get<std::string>(),
                                       slave["slavepassword"].get<std::string>());
  ck_assert(!entered && entered.error().code == Errc::denied);
  ck_assert_says(entered.error().message, "owner is blocked");
  ck_assert_text(desk.account(name)["blocked_reason"], "mines coins");
  ck_assert_uint_ge(desk.call("GET", "/api/v1/users?filter=blocked", desk.admin).json["items"].size(), 1);

  ck_assert(desk.call("POST", path + "/unblock", desk.admin).json["blocked_at"].is_null());
  ck_assert(desk.account(name)["blocked_at"].is_null());
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs", token).status, 200);
  ck_assert(desk.gate.enter(desk.database, "203.0.113.9", slave["slavekey"].get<std::string>(),
                            slave["slavepassword"].get<std::string>()));
}
END_TEST

START_TEST(a_setting_holds_at_once_and_can_be_taken_back) {
  Fixture desk;
  ck_assert_int_eq(desk.set("name", "Attic ☀").status, 200);
  ck_assert_text(desk.call("GET", "/api/v1/grid").json["name"], "Attic ☀");
  ck_assert_int_eq(desk.set("registration", false).status, 200);
  ck_assert_int_eq(desk.call("POST", "/api/v1/users", "", {{"name", "late"}, {"password", "long enough"}}).status, 403);
  auto const changed = desk.setting("registration");
  ck_assert(changed["value"] == false && changed["file_value"] == true && changed["is_overridden"] == true);
  // Another server, or this one started anew, finds it at its next look.
  Fixture other;
  ck_assert(other.services->runtime.now().registration);
  run_maintenance(other.services->maintenance(), other.database);
  ck_assert(!other.services->runtime.now().registration);
  ck_assert_int_eq(desk.set("registration", nullptr).status, 200);
  ck_assert_int_eq(desk.set("name", nullptr).status, 200);
  ck_assert_text(desk.call("GET", "/api/v1/grid").json["name"], "DistRen");
  ck_assert(desk.setting("registration")["is_overridden"] == false && desk.services->runtime.now().registration);
  auto const events = desk.call("GET", "/api/v1/admin/audit-log?kind=setting_changed", desk.admin).json["items"];
  ck_assert_uint_ge(events.size(), 4);
  ck_assert_says(events[0]["message"].get<std::string>(), "what the file says");
}
END_TEST

START_TEST(a_value_that_cannot_be_is_refused_with_what_can) {
  Fixture desk;
  for (auto const& [name, value] : {std::pair<char const*, json>{"name", ""},
                                    {"name", std::string(61, 'x')},
                                    {"name", "two\nlines"},
                                    {"name", 5},
                                    {"registration", "false"},
                                    {"registration", 0},
                                    {"times.session_seconds", 59},
                                    {"times.session_seconds", 1e99},
                                    {"times.session_seconds", 18446744073709551615U},
                                    {"times.session_seconds", "3600"},
                                    {"limits.frames_per_job", 100001},
                                    {"limits.upload_bytes", -1}})
    ck_assert_msg(desk.set(name, value).status == 400, "%s %s", name, value.dump().c_str());
  ck_assert_says(desk.set("times.session_seconds", 59).message(), "59 is not between 60 and");
  auto const fixed = desk.set("listen.https", "0.0.0.0:443");
  ck_assert_int_eq(fixed.status, 404);
  ck_assert_says(fixed.message(), "distrend.toml alone");
  for (auto const* name : {"points.grant_by", "procedures_sha256", "no.such", "Name", "database.password"})
    for (json const& value : {json("x"), json(nullptr)}) ck_assert_msg(desk.set(name, value).status == 404, "%s", name);
  for (auto const* body : {"[]", "{}", "{\"registration\":1}", "{", "\"x\""}) {
    Request request;
    request.method = "PATCH";
    request.headers = {{"authorization", "Bearer " + desk.admin}};
    request.body = body;
    ck_assert_msg(desk.send(std::move(request), "/api/v1/admin/settings").status == 400, "%s", body);
  }
  auto const all = desk.call("GET", "/api/v1/admin/settings", desk.admin).text;
  ck_assert(all.find("password") == std::string::npos);
}
END_TEST

START_TEST(what_was_written_into_the_database_by_hand_is_looked_at_too) {
  Fixture desk;
  desk.services->runtime.take(
      {{"times.session_seconds", "1"}, {"registration", "maybe"}, {"name", ""}, {"points.grant_by", "claim"}});
  auto const now = desk.services->runtime.now();
  ck_assert(now.session_s == desk.config.times.session_seconds && now.registration && now.name == "DistRen");
}
END_TEST

START_TEST(health_tells_how_far_the_journal_is_behind) {
  Fixture desk;
  auto const journal = [&desk] { return desk.call("GET", "/api/v1/admin/health", desk.admin).json["journal"]; };
  auto const until = [&journal](std::function<bool(json const&)> const& reached) {
    for (int i = 0; i < 3000 && !reached(journal()); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    auto const last = journal();
    ck_assert_msg(reached(last), "%s", last.dump().c_str());
  };
  json const nothing{{"database_unavailable", false}, {"unwritten_count", 0}, {"lag_ms", 0}};
  ck_assert(journal() == nothing);
  auto const user = desk.id_of(desk.person());
  ck_assert_good(store::record_blob(desk.database, user, hex_digest('a'), 10));
  auto const job = create_job(desk.database, user, new_job(3));
  ck_assert_good(job);
  auto const first = store::show_job(desk.database, *job)->first_task;

  // Results wait while somebody holds the row of their job.
  auto address = *the_database;
  address.user = getpwuid(geteuid())->pw_name;
  address.password.clear();
  Database owner(address);
  ck_assert_good(owner.execute("START TRANSACTION"));
  ck_assert_good(owner.execute("UPDATE job SET name = 'held' WHERE id = " + std::to_string(*job)));
  for (int i = 0; i < 3; ++i) {
    AttemptReport const report{.attempt = 1'000'000 + i,
                               .task = first + i,
                               .slave = 1,
                               .outcome = store::Outcome::failed,
                               .reason = "no camera"};
    desk.dispatcher->tell([report](DispatchCore& core, std::int64_t now) { report_result(core, report, {}, now); });
  }
  until([](json const& now) {
    return now["unwritten_count"] == 3 && now["lag_ms"] > 0 && now["database_unavailable"] == false;
  });
  ck_assert_good(owner.execute("ROLLBACK"));
  until([&nothing](json const& now) { return now == nothing; });
}
END_TEST

START_TEST(health_and_methods_are_told) {
  Fixture desk;
  auto const health = desk.call("GET", "/api/v1/admin/health", desk.admin).json;
  ck_assert(health["stor"]["free_bytes"].get<std::int64_t>() > 0 &&
            health["database"]["size_bytes"].get<std::int64_t>() > 100000);
  ck_assert(!health["database"]["tables"].empty() && health["setup"]["reachable"] == false);
  auto const methods = desk.call("GET", "/api/v1/methods", desk.admin).json["items"];
  bool blender = false;
  for (auto const& each : methods) blender = blender || (each["name"] == "blender" && each["is_defined"] == true);
  ck_assert(blender);
}
END_TEST

START_TEST(lists_page_by_key_and_refuse_what_they_do_not_know) {
  Fixture desk;
  desk.person();
  desk.person();
  auto const first = desk.call("GET", "/api/v1/users?limit=1", desk.admin).json;
  ck_assert_uint_eq(first["items"].size(), 1);
  auto const second =
      desk.call("GET", "/api/v1/users?limit=1&cursor=" + first["next_cursor"].get<std::string>(), desk.admin).json;
  ck_assert(second["items"][0]["id"] < first["items"][0]["id"]);
  auto const events = desk.call("GET", "/api/v1/admin/audit-log?limit=1", desk.admin).json;
  auto const older =
      desk.call("GET", "/api/v1/admin/audit-log?limit=1&cursor=" + events["next_cursor"].get<std::string>(), desk.admin)
          .json;
  ck_assert(older["items"][0]["id"] < events["items"][0]["id"]);
  for (auto const* bad : {"users?limit=0", "users?limit=1001", "users?cursor=x", "users?kind=a", "users?filter=all",
                          "admin/audit-log?q=a", "admin/audit-log?limit=x"})
    ck_assert_msg(desk.call("GET", std::string("/api/v1/") + bad, desk.admin).status == 400, "%s", bad);
}
END_TEST

namespace {

TestGroup const administration_tests{
    "administration",
    {only_administrators_get_in, a_role_is_given_and_the_last_administrator_keeps_it,
     who_is_blocked_is_out_at_once_and_reads_why, a_setting_holds_at_once_and_can_be_taken_back,
     a_value_that_cannot_be_is_refused_with_what_can, what_was_written_into_the_database_by_hand_is_looked_at_too,
     health_tells_how_far_the_journal_is_behind, health_and_methods_are_told,
     lists_page_by_key_and_refuse_what_they_do_not_know},
    with_database};

}  // namespace

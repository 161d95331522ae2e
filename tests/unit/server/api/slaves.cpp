// Slaves over the HTTP API: what their machines said, and what their owners want of them.
#include <filesystem>
#include <optional>
#include <string>

#include "server/jobs/maintenance.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
  std::string owner = person();
  json pair = call("POST", "/api/v1/slaves", owner, {{"name", "attic"}}).json;
  std::string path = "/api/v1/slaves/" + pair["id"].dump();
  std::int64_t slave = pair["id"].get<std::int64_t>();

  std::string session{};

  // Messages of the slave in one request, the sign-on before the first; the answer's messages.
  json say(std::vector<json> messages) {
    if (session.empty())
      messages.insert(messages.begin(), json{{"type", "sign_on"},
                                             {"protocols", {1}},
                                             {"instance", "one"},
                                             {"slavekey", pair["slavekey"]},
                                             {"slavepassword", pair["slavepassword"]}});
    auto const reply = call("POST", "/api/v1/line", session, {{"messages", messages}});
    ck_assert_msg(reply.status == 200, "%s", reply.text.c_str());
    for (auto const& message : reply.json["messages"])
      if (message["type"] == "welcome") session = message["session"];
    return reply.json["messages"];
  }
  // After all that it said has reached the database.
  json shown() {
    for (int i = 0; i < 1000; ++i) {
      auto const slave_shown = call("GET", path, owner).json;
      if (!slave_shown["address"].is_null()) return slave_shown;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  }
};

}  // namespace

START_TEST(a_slave_shows_its_hardware_and_to_its_owner_its_address) {
  Fixture desk;
  auto const before = desk.call("GET", desk.path, desk.owner).json;
  ck_assert(before["address"].is_null() && before["telemetry"].is_null() && before["gpus"].empty());
  json devices = json::array({{{"name", "NVIDIA GeForce RTX 3060"}}, 7});
  for (int i = 0; i < 40; ++i) devices.push_back({{"name", std::string(500, 'x')}});
  desk.say({{{"type", "announce"}, {"os", "Debian, Linux 6.1"}, {"devices", devices}}});
  auto const shown = desk.shown();
  ck_assert_text(shown["os"], "Debian, Linux 6.1");
  ck_assert_text(shown["address"], "203.0.113.7");
  ck_assert_uint_eq(shown["gpus"].size(), 15);  // the first 16 entries are read; one of them is no text
  ck_assert_text(shown["gpus"][0], "NVIDIA GeForce RTX 3060");
  ck_assert_uint_eq(shown["gpus"][1].get<std::string>().size(), 100);
}
END_TEST

START_TEST(a_welcome_has_what_the_owner_asks_for) {
  Fixture desk;
  auto const none = desk.say({}).at(0);
  ck_assert_text(none["type"], "welcome");
  ck_assert_msg(none["settings"] == json::object(), "%s", none.dump().c_str());
  ck_assert_int_eq(none["protocol"].get<int>(), 1);
  ck_assert_int_eq(none["slave"]["id"].get<std::int64_t>(), desk.slave);
  json const asked{{"threads", 2}, {"schedule", {"mon 08:00-09:00"}}, {"paused", true}};
  ck_assert(store::change_remote_settings(desk.database, desk.slave, asked.dump()).has_value());
  desk.session.clear();
  ck_assert(desk.say({}).at(0)["settings"] == asked);
}
END_TEST

START_TEST(who_is_refused_changes_nothing) {
  Fixture desk;
  desk.connect(a_slave(desk.slave, 1));
  auto const refused = desk.say({{{"type", "announce"}, {"os", "another"}}});
  ck_assert_text(refused.at(0)["code"], "slave_online_elsewhere");
  ck_assert_says(refused.at(0)["message"], "in use by another running slave");
  ck_assert_uint_eq(refused.size(), 1);
  ck_assert(desk.call("GET", desk.path, desk.owner).json["os"] != "another");
}
END_TEST

START_TEST(telemetry_is_taken_at_the_slaves_door_and_shown_by_the_minute) {
  Fixture desk;
  ck_assert_int_eq(desk.say({}).at(0)["telemetry_ms"].get<int>(), 60000);
  for (int i = 0; i < 90; ++i) {
    desk.say({{{"type", "telemetry"},
               {"state", "idle"},
               {"cpu_percent", i},
               {"memory_mib", 16000},
               {"disk_free_mib", "full"}}});
    desk.now += 60000;
  }
  auto const latest = desk.call("GET", desk.path, desk.owner).json["telemetry"];
  ck_assert_int_eq(latest["cpu_percent"].get<int>(), 89);
  ck_assert_text(latest["state"], "idle");
  ck_assert(latest["disk_free_mib"].is_null());
  auto const hour = desk.call("GET", desk.path + "/telemetry?hours=1", desk.owner).json;
  ck_assert_uint_eq(hour["samples"].size(), 59);  // the minute that runs has none yet
  ck_assert_int_eq(hour["memory_mib"].get<int>(), 16000);
  ck_assert(hour["interval_ms"] == 60'000 && hour["hours"].empty());
  ck_assert_uint_eq(desk.call("GET", desk.path + "/telemetry", desk.owner).json["samples"].size(), 90);
  ck_assert_int_eq(desk.call("GET", desk.path + "/telemetry", desk.person()).status, 404);
  for (auto const* bad : {"hours=0", "hours=8785", "hours=x", "days=1"})
    ck_assert_msg(desk.call("GET", desk.path + "/telemetry?" + bad, desk.owner).status == 400, "%s", bad);
}
END_TEST

START_TEST(hours_reach_the_database_in_one_batch_and_wait_while_it_is_away) {
  Fixture desk;
  desk.now = 1000 * (std::time(nullptr) / 3600 * 3600 - 7200);  // two hours ago by the database's clock
  for (int i = 0; i < 60; ++i) {
    desk.say({{{"type", "telemetry"}, {"state", "rendering"}, {"cpu_percent", 100}, {"load", 7.5}}});
    desk.now += 60000;
  }
  {
    auto address = *the_database;
    address.socket = "/nowhere";
    Database away(address);
    run_maintenance(desk.services->maintenance(), away);
  }
  run_maintenance(desk.services->maintenance(), desk.database);
  auto const shown = desk.call("GET", desk.path + "/telemetry?hours=48", desk.owner).json;
  ck_assert_uint_eq(shown["hours"].size(), 1);
  auto const& hour = shown["hours"][0];
  ck_assert(hour["sample_count"] == 60 && hour["rendering_count"] == 60 && hour["cpu_percent"]["mean"] == 100);
  ck_assert(hour["load"] == json({{"mean", 7.5}, {"max", 7.5}}) && hour["temperature_c"].is_null());
}
END_TEST

START_TEST(an_owner_keeps_work_from_a_slave_and_the_dispatcher_hears_of_it) {
  Fixture desk;
  std::string mallory;
  desk.person(&mallory);
  auto const target =
      desk.call("GET", "/api/v1/users?name=" + mallory, desk.owner).json["items"][0]["id"].get<std::int64_t>();
  auto const block = desk.path + "/blocks/users/" + std::to_string(target);
  auto const made = desk.call("PUT", block, desk.owner);
  ck_assert_msg(made.status == 201 && made.json["kind"] == "user", "%s", made.text.c_str());
  ck_assert_text(made.json["target"]["name"], mallory);
  ck_assert_int_eq(desk.call("PUT", block, desk.owner).status, 200);
  auto const blocked = [&] {
    return desk.look([&](DispatchCore const& core) {
      auto const found = core.slaves.owner_blocks.find(desk.slave);
      return found != core.slaves.owner_blocks.end() && found->second.users.contains(target);
    });
  };
  ck_assert(blocked());
  ck_assert_uint_eq(desk.call("GET", desk.path + "/blocks", desk.owner).json["items"].size(), 1);
  for (auto const* bad : {"users/987654", "jobs/987654", "jobs/-1", "jobs/x", "job/1", "planets/1"})
    ck_assert_msg(desk.call("PUT", desk.path + "/blocks/" + bad, desk.owner).status == 404, "%s", bad);
  ck_assert_int_eq(desk.call("PUT", block, desk.person()).status, 404);
  ck_assert_int_eq(desk.call("DELETE", block, desk.person()).status, 404);
  ck_assert_int_eq(desk.call("DELETE", block, desk.owner).status, 204);
  ck_assert(!blocked());
  ck_assert_int_eq(desk.call("DELETE", block, desk.owner).status, 204);
  ck_assert_int_eq(desk.call("DELETE", desk.path + "/blocks/planets/1", desk.owner).status, 404);
  // A stranger's project can be blocked, but is not named.
  auto const film = desk.call("POST", "/api/v1/projects", desk.person(), {{"name", "secret film"}}).json["id"];
  auto const hidden = desk.call("PUT", desk.path + "/blocks/projects/" + film.dump(), desk.owner);
  ck_assert_msg(hidden.status == 201 && hidden.json["target"]["name"].is_null(), "%s", hidden.text.c_str());
  ck_assert(desk.call("GET", desk.path + "/blocks", desk.owner).text.find("secret") == std::string::npos);
}
END_TEST

START_TEST(settings_from_afar_are_kept_sent_and_refused_where_the_volunteer_does_not_allow_them) {
  Fixture desk;
  auto const told = [&desk](ConnectedSink const& slave) {
    return desk.look([&](DispatchCore const&) { return slave.received.empty() ? json() : slave.received.back(); });
  };
  desk.connect(a_slave(desk.slave, 1));
  auto const refused = desk.call("PATCH", desk.path + "/remote-settings", desk.owner, {{"threads", 2}});
  ck_assert_int_eq(refused.status, 409);
  ck_assert_says(refused.message(), "remote_settings = true");
  auto allowing = a_slave(desk.slave, 1);
  allowing.settings = R"({"threads":8,"memory_mib":16000,"paused":false})";
  auto const slave = desk.connect(allowing);
  auto const shown = desk.call("PATCH", desk.path + "/remote-settings", desk.owner, {{"threads", 2}, {"paused", true}});
  ck_assert_int_eq(shown.status, 200);
  auto const& settings = shown.json["remote_settings"];
  ck_assert(settings["requested"] == json({{"threads", 2},
                                           {"memory_mib", nullptr},
                                           {"max_frame_ms", nullptr},
                                           {"schedule", nullptr},
                                           {"paused", true}}));
  ck_assert(settings["effective"] == json({{"threads", 8},  // until the slave says otherwise
                                           {"memory_mib", 16000},
                                           {"max_frame_ms", nullptr},
                                           {"schedule", json::array()},
                                           {"paused", false},
                                           {"problems", json::array()}}));
  ck_assert(told(*slave) == json({{"type", "settings"}, {"requested", {{"threads", 2}, {"paused", true}}}}));
  desk.call("PATCH", desk.path + "/remote-settings", desk.owner, {{"threads", nullptr}, {"paused", nullptr}});
  ck_assert(desk.call("GET", desk.path, desk.owner).json["remote_settings"]["requested"]["threads"].is_null());
  ck_assert(told(*slave) == json({{"type", "settings"}, {"requested", json::object()}}));
  for (auto const* bad : {"[]", "{\"threads\":0}", "{\"nice\":0}", "{"}) {
    Request request;
    request.method = "PATCH";
    request.headers = {{"authorization", "Bearer " + desk.owner}};
    request.body = bad;
    ck_assert_msg(desk.send(std::move(request), desk.path + "/remote-settings").status == 400, "%s", bad);
  }
  ck_assert_int_eq(desk.call("PATCH", desk.path + "/remote-settings", desk.person(), {{"threads", 2}}).status, 404);
}
END_TEST

namespace {

TestGroup const slaves_tests{
    "slaves",
    {a_slave_shows_its_hardware_and_to_its_owner_its_address, a_welcome_has_what_the_owner_asks_for,
     who_is_refused_changes_nothing, telemetry_is_taken_at_the_slaves_door_and_shown_by_the_minute,
     hours_reach_the_database_in_one_batch_and_wait_while_it_is_away,
     an_owner_keeps_work_from_a_slave_and_the_dispatcher_hears_of_it,
     settings_from_afar_are_kept_sent_and_refused_where_the_volunteer_does_not_allow_them},
    with_database};

}  // namespace

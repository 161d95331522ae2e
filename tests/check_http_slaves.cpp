// Slaves over the HTTP API: what their machines said, and to whom it is shown.
#include <filesystem>
#include <optional>
#include <string>

#include "server/api/maintenance.h"
#include "server/standalone.h"
#include "tests/support/api_desk.h"

using namespace distren;
using nlohmann::json;

namespace {

std::optional<DatabaseAddress> the_database;  // started once by main; each test is a fork of it

struct Desk : DatabaseThread, ApiDesk {
  Desk() : ApiDesk(*the_database) {}
  std::string owner = person();
  json pair = call("POST", "/api/v1/slaves", owner, {{"name", "attic"}}).json;
  std::string path = "/api/v1/slaves/" + pair["id"].dump();
  std::int64_t slave = pair["id"].get<std::int64_t>();

  ApiReply as_slave(std::string const& what, json const& body) {
    Request request;
    request.method = "POST";
    request.headers = {{"authorization", "Basic " + to_base64(pair["slavekey"].get<std::string>() + ":" +
                                                              pair["slavepassword"].get<std::string>())}};
    request.body = body.dump();
    return send(std::move(request), "/api/v1/slave/" + what);
  }
};

}  // namespace

START_TEST(a_slave_shows_its_hardware_and_to_its_owner_its_address) {
  Desk desk;
  auto const before = desk.call("GET", desk.path, desk.owner).json;
  ck_assert(before["address"].is_null() && before["telemetry"].is_null() && before["gpus"].empty());
  json gpus = json::array({"NVIDIA GeForce RTX 3060", 7});
  for (int i = 0; i < 40; ++i) gpus.push_back(std::string(500, 'x'));
  ck_assert_int_eq(desk.as_slave("hello", {{"type", "hello"}, {"os", "Debian, Linux 6.1"}, {"gpus", gpus}}).status,
                   200);
  auto const shown = desk.call("GET", desk.path, desk.owner).json;
  ck_assert_text(shown["os"], "Debian, Linux 6.1");
  ck_assert_text(shown["address"], "203.0.113.7");
  ck_assert_uint_eq(shown["gpus"].size(), 16);
  ck_assert_text(shown["gpus"][0], "NVIDIA GeForce RTX 3060");
  ck_assert_uint_eq(shown["gpus"][1].get<std::string>().size(), 100);
}
END_TEST

START_TEST(telemetry_is_taken_at_the_slaves_door_and_shown_by_the_minute) {
  Desk desk;
  ck_assert_int_eq(desk.as_slave("hello", {{"type", "hello"}}).json["telemetry"].get<int>(), 60000);
  for (int i = 0; i < 90; ++i) {
    json const said{{"type", "telemetry"}, {"state", "idle"}, {"cpu", i}, {"memory", 16000}, {"disk_free", "full"}};
    ck_assert_int_eq(desk.as_slave("telemetry", said).status, 204);
    desk.now += 60000;
  }
  auto const latest = desk.call("GET", desk.path, desk.owner).json["telemetry"];
  ck_assert_int_eq(latest["cpu"].get<int>(), 89);
  ck_assert_text(latest["state"], "idle");
  ck_assert(latest["disk_free"].is_null());
  auto const hour = desk.call("GET", desk.path + "/telemetry?hours=1", desk.owner).json;
  ck_assert_uint_eq(hour["minutes"].size(), 59);  // the minute that runs has none yet
  ck_assert_int_eq(hour["memory"].get<int>(), 16000);
  ck_assert(hour["minutes_apart"] == 1 && hour["hours"].empty());
  ck_assert_uint_eq(desk.call("GET", desk.path + "/telemetry", desk.owner).json["minutes"].size(), 90);
  ck_assert_int_eq(desk.call("GET", desk.path + "/telemetry", desk.person()).status, 404);
  for (auto const* bad : {"hours=0", "hours=8785", "hours=x", "days=1"})
    ck_assert_msg(desk.call("GET", desk.path + "/telemetry?" + bad, desk.owner).status == 400, "%s", bad);
}
END_TEST

START_TEST(hours_reach_the_database_in_one_batch_and_wait_while_it_is_away) {
  Desk desk;
  desk.now = 1000 * (std::time(nullptr) / 3600 * 3600 - 7200);  // two hours ago by the database's clock
  for (int i = 0; i < 60; ++i) {
    desk.as_slave("telemetry", {{"type", "telemetry"}, {"state", "rendering"}, {"cpu", 100}, {"load", 7.5}});
    desk.now += 60000;
  }
  {
    auto address = *the_database;
    address.socket = "/nowhere";
    Database away(address);
    run_maintenance(*desk.services, away);
  }
  run_maintenance(*desk.services, desk.database);
  auto const shown = desk.call("GET", desk.path + "/telemetry?hours=48", desk.owner).json;
  ck_assert_uint_eq(shown["hours"].size(), 1);
  auto const& hour = shown["hours"][0];
  ck_assert(hour["samples"] == 60 && hour["rendering"] == 60 && hour["cpu"]["mean"] == 100);
  ck_assert(hour["load"] == json({{"mean", 7.5}, {"max", 7.5}}) && hour["temperature"].is_null());
}
END_TEST

int main() {
  auto const folder = std::filesystem::temp_directory_path() / ("distren-db-" + random_secret());
  std::filesystem::create_directories(folder);
  char const* top = std::getenv("top_srcdir");
  DatabaseThread const thread;
  auto database = PrivateMariadb::start(folder, std::filesystem::path(top == nullptr ? ".." : top) / "sql");
  if (!database) {
    std::printf("Bail out! %s\n", database.error().message.c_str());
    return EXIT_FAILURE;
  }
  the_database = database->address();
  auto* group = tcase_create("slaves");
  tcase_set_timeout(group, 120);
  for (auto const* test : {a_slave_shows_its_hardware_and_to_its_owner_its_address,
                           telemetry_is_taken_at_the_slaves_door_and_shown_by_the_minute,
                           hours_reach_the_database_in_one_batch_and_wait_while_it_is_away})
    tcase_add_test(group, test);
  int const failed = run_suite("http_slaves", {group});
  database->stop();
  std::filesystem::remove_all(folder);
  return failed;
}

// Slaves over the HTTP API: their keys, lists of them, and the messages of those that speak HTTPS.
#include <string>

#include "server/api/json.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/sample_job.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
};

ApiReply as_slave(ApiFixture& desk, std::string const& key, std::string const& password, std::string const& what,
                  json const& body = json::object()) {
  Request request;
  request.method = "POST";
  request.headers = {{"authorization", "Basic " + to_base64(key + ":" + password)}};
  request.body = body.dump();
  return desk.send(std::move(request), "/api/v1/slave/" + what);
}

START_TEST(slaves_are_made_shown_changed_and_revoked) {
  Fixture desk;
  auto const secret = desk.person();
  auto const made = desk.call("POST", "/api/v1/slaves", secret, {{"name", "attic"}});
  ck_assert_int_eq(made.status, 201);
  auto const path = "/api/v1/slaves/" + made.json["id"].dump();
  auto const shown = desk.call("GET", path, secret);
  ck_assert_text(shown.json["name"], "attic");
  ck_assert_text(shown.json["state"], "enabled");
  ck_assert(shown.text.find(made.json["slavepassword"].get<std::string>()) == std::string::npos);
  ck_assert(shown.json["current_tasks"].empty());
  auto const slave = made.json["id"].get<std::int64_t>();
  auto const job = new_job(desk, secret);
  desk.connect(a_slave(slave, store::show_job(desk.database, job)->user));
  auto const order = desk.order(slave);
  auto const working = desk.call("GET", path, secret).json["current_tasks"];
  ck_assert_msg(working.size() == 1 && working[0]["frame"] == order["parameters"]["frame"], "%s",
                working.dump().c_str());
  auto const changed = desk.call("PATCH", path, secret, {{"name", "cellar"}});
  ck_assert_text(changed.json["name"], "cellar");
  ck_assert_text(desk.call("POST", path + "/disable", secret).json["state"], "disabled");
  ck_assert_text(desk.call("POST", path + "/disable", secret).json["state"], "disabled");
  ck_assert(!desk.online(slave));
  ck_assert_int_eq(desk.call("PATCH", path, secret, {{"state", "enabled"}}).status, 400);
  auto const rotated = desk.call("POST", path + "/rotate", secret);
  ck_assert_int_eq(rotated.status, 200);
  ck_assert(rotated.json["slavepassword"] != made.json["slavepassword"]);
  ck_assert_text(desk.call("POST", path + "/revoke", secret).json["state"], "revoked");
  ck_assert_int_eq(desk.call("POST", path + "/enable", secret).status, 409);
}
END_TEST

START_TEST(lists_are_paged_by_their_next) {
  Fixture desk;
  auto const secret = desk.person();
  for (int i = 0; i < 5; ++i) desk.call("POST", "/api/v1/slaves", secret, {{"name", "s" + std::to_string(i)}});
  std::vector<std::string> names;
  json next = nullptr;
  int pages = 0;
  do {
    auto const page = desk.call(
        "GET", "/api/v1/slaves?limit=2" + (next.is_null() ? "" : "&cursor=" + next.get<std::string>()), secret);
    ck_assert_int_eq(page.status, 200);
    for (auto const& item : page.json["items"]) names.push_back(item["name"]);
    next = page.json["next_cursor"];
  } while (!next.is_null() && ++pages < 10);
  ck_assert(names == std::vector<std::string>({"s4", "s3", "s2", "s1", "s0"}));
  for (auto const* bad :
       {"?limit=0", "?limit=1001", "?limit=x", "?cursor=x", "?after=1", "?sort=name", "?owner=2x", "?owner=0"}) {
    ck_assert_msg(desk.call("GET", std::string("/api/v1/slaves") + bad, secret).status == 400, "%s", bad);
  }
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs?state=sleeping", secret).status, 400);
  // A full last page is the last one, and a cursor belongs to one list.
  ck_assert(desk.call("GET", "/api/v1/slaves?limit=5", secret).json["next_cursor"].is_null());
  auto const cursor = desk.call("GET", "/api/v1/slaves?limit=4", secret).json["next_cursor"].get<std::string>();
  ck_assert_uint_eq(desk.call("GET", "/api/v1/slaves?cursor=" + cursor, secret).json["items"].size(), 1);
  for (auto const& path : {"/api/v1/jobs?cursor=" + cursor, "/api/v1/slaves?owner=me&cursor=" + cursor,
                           "/api/v1/slaves?cursor=" + cursor + "x"}) {
    auto const refused = desk.call("GET", path, secret);
    ck_assert_int_eq(refused.status, 400);
    ck_assert_text(refused.json["code"], "cursor_invalid");
  }
}
END_TEST

START_TEST(the_slaves_door_knows_its_slaves) {
  Fixture desk;
  auto const owner = desk.person();
  auto const made = desk.call("POST", "/api/v1/slaves", owner, {{"name", "attic"}});
  std::int64_t const slave = made.json["id"];
  std::string const key = made.json["slavekey"];
  std::string const password = made.json["slavepassword"];
  auto const wrong = as_slave(desk, key, "wrong", "hello");
  auto const unknown = as_slave(desk, "Knobody", "wrong", "hello");
  ck_assert_int_eq(wrong.status, 401);
  ck_assert_text(wrong.text, unknown.text);
  ck_assert_says(wrong.header("WWW-Authenticate"), "Basic");
  auto const welcome = as_slave(desk, key, password, "hello",
                                {{"type", "hello"},
                                 {"os", "Linux"},
                                 {"cores", 8},
                                 {"memory", 16000},
                                 {"slots", 1},
                                 {"methods", {{{"name", "blender"}, {"version", "3.4.1"}}}},
                                 {"holding", {{{"attempt", 7}, {"lease", "of another grid"}}}},
                                 {"surprise", 1}});
  ck_assert_msg(welcome.status == 200, "%s", welcome.text.c_str());
  ck_assert_text(welcome.json["type"], "welcome");
  ck_assert_text(welcome.json["name"], "attic");
  ck_assert_int_eq(welcome.json["cancel"][0]["attempt"].get<int>(), 7);
  ck_assert_int_eq(desk.look([slave](DispatchCore const& core) { return core.slaves.at(slave).state.cores; }), 8);
  ck_assert_says(as_slave(desk, key, password, "hello", {{"protocol", 2}}).message(), "protocol 2, the server 1");
  auto const nothing = as_slave(desk, key, password, "order");
  ck_assert_int_eq(nothing.status, 204);
  ck_assert_text(nothing.header("Retry-After"), "5");
  auto const job = new_job(desk, owner);
  auto const order = desk.order(slave);
  auto const attempt = order["attempt"].get<std::int64_t>();
  auto const lease = order["lease"].get<std::string>();
  ck_assert_text(as_slave(desk, key, password, "order").text, "");  // its only slot is taken
  ck_assert_int_eq(as_slave(desk, key, password, "progress", {{"attempt", attempt}, {"fraction", 0.5}}).status, 204);
  ck_assert_int_eq(as_slave(desk, key, password, "progress", {{"fraction", 0.5}}).status, 400);
  json result{{"attempt", attempt}, {"state", "returned"}, {"lease", "forged"}};
  ck_assert_int_eq(as_slave(desk, key, password, "result", result).status, 403);
  result["lease"] = lease;
  ck_assert_text(as_slave(desk, key, password, "result", result).json["type"], "accepted");
  auto const next = as_slave(desk, key, password, "order");
  ck_assert_text(next.json["type"], "order");
  ck_assert_int_eq(desk.call("POST", job_path(job, "/cancel"), owner).status, 200);
  json const progress{{"attempt", next.json["attempt"]}};
  ck_assert_text(as_slave(desk, key, password, "progress", progress).json["type"], "cancel");
}
END_TEST

START_TEST(a_list_is_one_question_to_the_dispatcher_however_long_it_is) {
  Fixture desk;
  auto const person = desk.person();
  for (int i = 0; i < 7; ++i)
    ck_assert_int_eq(desk.call("POST", "/api/v1/slaves", person, {{"name", "pc " + std::to_string(i)}}).status, 201);
  auto const before = desk.dispatcher->handled();
  auto const slaves = desk.call("GET", "/api/v1/slaves", person);
  ck_assert_uint_eq(slaves.json["items"].size(), 7);
  ck_assert_uint_eq(desk.dispatcher->handled() - before, 1);
  std::vector<store::Job> jobs(1000);
  ck_assert_uint_eq(to_json(jobs, *desk.dispatcher).size(), 1000);
  ck_assert_uint_eq(desk.dispatcher->handled() - before, 2);
}
END_TEST

TestGroup const slave_keys_tests{
    "slave keys",
    {slaves_are_made_shown_changed_and_revoked, lists_are_paged_by_their_next,
     a_list_is_one_question_to_the_dispatcher_however_long_it_is, the_slaves_door_knows_its_slaves},
    with_database};

}  // namespace

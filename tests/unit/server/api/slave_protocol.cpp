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
  auto const sink = desk.connect(a_slave(slave, store::show_job(desk.database, job)->user));
  auto const order = desk.order(*sink);
  auto const working = desk.call("GET", path, secret).json["current_tasks"];
  ck_assert_msg(working.size() == 1 && working[0]["frame"] == order["frame"], "%s", working.dump().c_str());
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

START_TEST(a_slave_renders_over_https_by_one_request_again_and_again) {
  Fixture desk;
  auto const owner = desk.person();
  auto const made = desk.call("POST", "/api/v1/slaves", owner, {{"name", "attic"}});
  std::int64_t const slave = made.json["id"];
  std::string session;
  auto const say = [&](std::vector<json> const& messages, std::string const& query = "") {
    auto const reply = desk.call("POST", "/api/v1/line" + query, session, {{"messages", messages}});
    ck_assert_msg(reply.status == 200, "%s", reply.text.c_str());
    return reply.json["messages"];
  };
  json const sign_on{{"type", "sign_on"},
                     {"protocols", {1, 2}},
                     {"slavekey", made.json["slavekey"]},
                     {"slavepassword", made.json["slavepassword"]},
                     {"id", "first"}};
  json wrong = sign_on, unknown = sign_on;
  wrong["slavepassword"] = "wrong";
  unknown["slavekey"] = "Knobody";
  ck_assert(say({wrong}) == say({unknown}));
  ck_assert_text(say({wrong}).at(0)["code"], "wrong_credentials");
  auto const welcome = say({sign_on,
                            {{"type", "announce"},
                             {"cores", 8},
                             {"memory_mib", 16000},
                             {"slots", 1},
                             {"renderers", {{{"method", "blender"}, {"version", "3.4.1"}}}},
                             {"holding", {{{"attempt", 7}, {"lease", "of another grid"}}}},
                             {"surprise", 1}}});
  ck_assert_text(welcome.at(0)["reply_to"], "first");
  ck_assert_text(welcome.at(0)["slave"]["name"], "attic");
  session = welcome.at(0)["session"];
  ck_assert_int_eq(desk.look([slave](DispatchCore const& core) { return core.slaves.at(slave).state.cores; }), 8);
  auto const cancel = welcome.size() > 1 ? welcome.at(1) : say({}, "?wait_ms=5000").at(0);
  ck_assert(cancel["type"] == "cancel" && cancel["attempts"] == json({7}));

  auto const job = new_job(desk, owner);
  auto const order = flat_order(say({}, "?wait_ms=20000").at(0));
  ck_assert_text(order["type"], "order");
  ck_assert_int_eq(order["job"].get<std::int64_t>(), job);
  auto const answer = say({{{"type", "progress"}, {"items", {{{"fraction", 0.5}}}}, {"id", "p"}}}, "?wait_ms=5000");
  ck_assert(answer.at(0)["type"] == "error" && answer.at(0)["reply_to"] == "p");
  json result{{"type", "result"}, {"attempt", order["attempt"]}, {"outcome", "returned"}, {"lease", "forged"}};
  ck_assert_text(say({result}, "?wait_ms=5000").at(0)["verdict"], "rejected");
  result["lease"] = order["lease"];
  std::vector<json> said;  // the verdict, and the frame anew
  while (said.size() < 2)
    for (auto const& message : say(said.empty() ? std::vector<json>{result} : std::vector<json>{}, "?wait_ms=5000"))
      said.push_back(message);
  auto const next = said.at(0)["type"] == "order" ? said.at(0) : said.at(1);
  ck_assert_text(next["type"], "order");
  ck_assert_int_eq(desk.call("POST", job_path(job, "/cancel"), owner).status, 200);
  ck_assert_text(say({}, "?wait_ms=5000").at(0)["type"], "cancel");
  ck_assert(say({{{"type", "goodbye"}}}).empty());
  auto const over = desk.call("POST", "/api/v1/line", session, {{"messages", json::array()}});
  ck_assert_int_eq(over.status, 401);
  ck_assert_text(over.json["code"], "session_ended");
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

TestGroup const slave_keys_tests{"slave keys",
                                 {slaves_are_made_shown_changed_and_revoked, lists_are_paged_by_their_next,
                                  a_list_is_one_question_to_the_dispatcher_however_long_it_is,
                                  a_slave_renders_over_https_by_one_request_again_and_again},
                                 with_database};

}  // namespace

// What everybody may see, what nobody may, and what is not there.
#include <algorithm>
#include <string>

#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/owned_things.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
};

START_TEST(nobody_reaches_anothers_things_on_any_route) {
  Fixture desk;
  desk.person();  // the first account of a grid administers it
  auto const owner = desk.person();
  auto const thief = desk.person();
  auto const things = make_things(desk, owner);
  int walked = 0;
  for (auto const& route : api_routes()) {
    auto const method = std::string(route.method);
    auto const nothing = path_to(route.pattern, "1");
    if (route.needs == Needs::signature)
      ck_assert_msg(desk.call(method, nothing, owner).status == 403, "%s", nothing.c_str());
    if (route.needs == Needs::login)
      ck_assert_msg(desk.call(method, nothing, "", json::object()).status == 401, "%s", nothing.c_str());
    auto const first = things.find(first_named(route.pattern));
    if (first == things.end() || (route.needs != Needs::login && route.needs != Needs::optional_login)) continue;
    auto const path = path_to(route.pattern, first->second);
    auto const reply = desk.send(request_of(route, thief), path);
    ck_assert_msg(reply.status == 404, "%s %s answered %d %s", method.c_str(), path.c_str(), reply.status,
                  reply.text.c_str());
    ++walked;
  }
  ck_assert_int_gt(walked, 15);
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs?owner=any", thief).status, 403);
  ck_assert_text(desk.call("GET", "/api/v1/jobs/" + things.at("{job_id}"), owner).json["name"], "film");
  ck_assert_uint_eq(desk.call("GET", "/api/v1/tokens", owner).json["items"].size(), 1);
}
END_TEST

START_TEST(everybody_may_see_the_grid) {
  Fixture desk;
  auto const job = new_job(desk, desk.person());
  auto const owner = store::show_job(desk.database, job)->user;
  auto const busy = desk.connect(a_slave(1, owner, 4, 3));
  desk.connect(a_slave(2, owner, 4, 0));
  desk.order(*busy, 3);
  auto const status = desk.call("GET", "/api/v1/grid");
  ck_assert_int_eq(status.status, 200);
  ck_assert_int_eq(status.json["slaves"]["online"].get<int>(), 2);
  ck_assert_int_eq(status.json["frames"]["assigned"].get<int>(), 3);
  ck_assert_says(desk.call("GET", "/metrics").text, "distren_tasks{state=\"ready\"} 1\n");
  ck_assert_text(desk.call("GET", "/healthz").text, "ok\n");
  ck_assert(desk.call("GET", "/readyz").json == json({{"database", true}, {"store", true}, {"dispatcher", true}}));
  ck_assert_says(desk.call("GET", "/problems/name_taken").text, "The name is taken");
  ck_assert_int_eq(desk.call("GET", "/problems/%3Cscript%3E").status, 404);
  ck_assert_says(desk.call("GET", "/api/v1/openapi.yaml").text, "openapi: 3");
  ck_assert_says(desk.call("GET", "/").text, "<!doctype html>");
  ck_assert_int_eq(desk.call("GET", "/local.mk.not").status, 404);
  ck_assert_int_eq(desk.call("GET", "/.hidden").status, 404);
}
END_TEST

START_TEST(what_is_not_there_and_what_is_not_possible_is_said) {
  Fixture desk;
  auto const secret = desk.person();
  ck_assert_int_eq(desk.call("GET", "/api/v1/nothing", secret).status, 404);
  auto const method = desk.call("PUT", "/api/v1/jobs", secret);
  ck_assert_int_eq(method.status, 405);
  ck_assert_text(method.header("Allow"), "GET, HEAD, OPTIONS");
  for (auto const* id : {"0", "-1", "x", "99999999999999999999", "1.5"}) {
    ck_assert_msg(desk.call("GET", std::string("/api/v1/jobs/") + id, secret).status == 404, "%s", id);
  }
  Request big;
  big.method = "POST";
  big.body = std::string(70000, ' ');
  ck_assert_int_eq(desk.send(std::move(big), "/api/v1/sessions").status, 413);
}
END_TEST

START_TEST(an_unknown_parameter_is_rejected_everywhere) {
  Fixture desk;
  for (auto const& route : api_routes()) {
    std::string path(route.pattern);
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{'))
      path.replace(open, path.find('}', open) + 1 - open, "1");
    auto const rejected = desk.call(std::string(route.method), path + "?no_such=1", "");
    ck_assert_msg(rejected.status == 400, "%s", path.c_str());
    ck_assert_text(rejected.json["code"], "invalid_request");
    ck_assert(rejected.json["errors"][0]["in"] == "query" && rejected.json["errors"][0]["at"] == "no_such");
  }
}
END_TEST

START_TEST(a_database_that_is_away_is_a_503) {
  DatabaseThread const thread;
  DatabaseAddress nowhere = *the_database;
  Fixture good;
  auto const secret = good.person();
  nowhere.socket = "/nonexistent/socket";
  Database away(nowhere);
  Worker worker{away};
  Request request;
  request.method = "GET";
  request.path = "/api/v1/jobs";
  request.headers = {{"authorization", "Bearer " + secret}};
  auto const reply = good.router->answer(request, worker);
  ck_assert_int_eq(reply.status, 503);
  ck_assert(std::any_of(reply.headers.begin(), reply.headers.end(),
                        [](auto const& header) { return header.first == "Retry-After"; }));
}
END_TEST

TestGroup const access_tests{"access",
                             {everybody_may_see_the_grid, what_is_not_there_and_what_is_not_possible_is_said,
                              nobody_reaches_anothers_things_on_any_route, an_unknown_parameter_is_rejected_everywhere,
                              a_database_that_is_away_is_a_503},
                             with_database};

}  // namespace

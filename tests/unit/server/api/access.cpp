// What everybody may see, what nobody may, and what is not there.
#include <algorithm>
#include <string>

#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/sample_job.h"

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
  auto const job = std::to_string(new_job(desk, owner));
  auto const slave = desk.call("POST", "/api/v1/slaves", owner, {{"name", "attic"}}).json["id"].dump();
  auto const token =
      desk.call("POST", "/api/v1/tokens", owner, {{"name", "t"}, {"scopes", {"read"}}}).json["id"].dump();
  auto const upload = desk.upload(owner, "mine").header("Location");
  auto const project = desk.call("POST", "/api/v1/projects", owner, {{"name", "film"}}).json["id"].dump();
  auto const shot =
      desk.call("POST", "/api/v1/projects/" + project + "/shots", owner, {{"sequence", "a"}, {"name", "b"}})
          .json["id"]
          .dump();
  auto const task = desk.call("GET", "/api/v1/jobs/" + job + "/tasks", owner).json["items"][0]["id"].dump();
  std::map<std::string, std::string> const things{{"{job_id}", job},
                                                  {"{task_id}", task},
                                                  {"{slave_id}", slave},
                                                  {"{project_id}", project},
                                                  {"{shot_id}", shot},
                                                  {"{token_id}", token},
                                                  {"{upload_id}", upload.substr(upload.rfind('/') + 1)}};
  int walked = 0;
  for (auto const& route : api_routes()) {
    // What the path names first is the owner's, what else it names is not there.
    std::string path(route.pattern);
    auto const place = path.find('{');
    auto const first = place == std::string::npos ? "" : path.substr(place, path.find('}', place) + 1 - place);
    auto const filled = [&](std::string const& thing) {
      auto out = path;
      if (!first.empty()) out.replace(place, first.size(), thing);
      for (auto open = out.find('{'); open != std::string::npos; open = out.find('{'))
        out.replace(open, out.find('}', open) + 1 - open, "1");
      return out;
    };
    auto const method = std::string(route.method);
    if (route.needs == Needs::signature)
      ck_assert_msg(desk.call(method, filled("1"), owner).status == 403, "%s", path.c_str());
    if (route.needs == Needs::login)
      ck_assert_msg(desk.call(method, filled("1"), "", json::object()).status == 401, "%s", path.c_str());
    if (!things.contains(first) || (route.needs != Needs::login && route.needs != Needs::optional_login)) continue;
    path = filled(things.at(first));
    Request request;
    request.method = route.method;
    request.headers = {{"authorization", "Bearer " + thief},
                       {"idempotency-key", "theft"},
                       {"tus-resumable", "1.0.0"},
                       {"upload-offset", "0"},
                       {"content-type", route.takes_bytes ? "application/offset+octet-stream" : "application/json"}};
    request.body = route.method == "PATCH" ? R"({"name":"stolen"})" : "";
    auto const reply = desk.send(std::move(request), path);
    ck_assert_msg(reply.status == 404, "%s %s answered %d %s", std::string(route.method).c_str(), path.c_str(),
                  reply.status, reply.text.c_str());
    ++walked;
  }
  ck_assert_int_gt(walked, 15);
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs?owner=any", thief).status, 403);
  ck_assert_text(desk.call("GET", "/api/v1/jobs/" + job, owner).json["name"], "film");
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
  ck_assert_text(method.header("Allow"), "GET, HEAD");
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

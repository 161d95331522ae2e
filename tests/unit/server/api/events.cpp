// The stream of live events over the HTTP API.
#include <string>

#include "server/jobs/maintenance.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/sample_job.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
};

struct Ended : StreamWriter {
  bool ended = false;
  void send(std::shared_ptr<std::string const>) override {}
  void end() override { ended = true; }
};

// The reply to GET /api/v1/events with this secret, opened.
Reply follow(Fixture& desk, std::string const& secret, std::shared_ptr<Ended> const& outlet) {
  Request request;
  request.method = "GET";
  request.path = "/api/v1/events";
  request.headers = {{"authorization", "Bearer " + secret}};
  Worker worker{desk.database};
  Reply reply = desk.router->answer(request, worker);
  if (auto* stream = std::get_if<StreamingReply>(&reply.body)) stream->opened(outlet);
  return reply;
}

START_TEST(streams_end_when_their_login_is_gone) {
  Fixture desk;
  auto const secret = desk.person();
  auto const staying = desk.person();
  auto const token = desk.call("POST", "/api/v1/tokens", staying, {{"name", "t"}, {"scopes", {"jobs:read"}}});
  auto const first = std::make_shared<Ended>();
  auto const second = std::make_shared<Ended>();
  auto const third = std::make_shared<Ended>();
  Reply const streams[] = {follow(desk, secret, first), follow(desk, staying, second),
                           follow(desk, token.json["secret"], third)};
  for (auto const& each : streams) ck_assert_int_eq(each.status, 200);
  run_maintenance(desk.services->maintenance(), desk.database);
  ck_assert(!first->ended && !second->ended && !third->ended);
  ck_assert(store::delete_session(desk.database, secret_hash(secret)).has_value());  // as when it expires
  ck_assert_int_eq(desk.call("DELETE", "/api/v1/tokens/" + token.json["id"].dump(), staying).status, 204);
  run_maintenance(desk.services->maintenance(), desk.database);
  ck_assert(first->ended && !second->ended && third->ended);
}
END_TEST

START_TEST(a_token_that_may_not_read_hears_nothing) {
  Fixture desk;
  auto const secret = desk.person();
  auto const token = desk.call("POST", "/api/v1/tokens", secret, {{"name", "t"}, {"scopes", {"jobs:write"}}});
  ck_assert_int_eq(desk.call("GET", "/api/v1/events", token.json["secret"]).status, 403);
}
END_TEST

START_TEST(what_handlers_change_is_told) {
  Fixture desk;
  auto const secret = desk.person();
  auto const job = new_job(desk, secret);
  desk.live.note_interest();
  auto const before = desk.live.last_event_id();
  ck_assert_int_eq(desk.call("POST", job_path(job, "/pause"), secret).status, 200);
  auto const paused = desk.live.last_event_id();
  ck_assert_str_ne(paused.c_str(), before.c_str());
  ck_assert_int_eq(desk.call("GET", job_path(job), secret).status, 200);
  ck_assert_text(desk.live.last_event_id(), paused);
}
END_TEST

START_TEST(each_json_answer_names_the_latest_event_before_it) {
  Fixture desk;
  auto const secret = desk.person();
  auto const job = new_job(desk, secret);
  desk.live.note_interest();
  auto const before = desk.live.last_event_id();
  for (auto const& path : {job_path(job), std::string("/api/v1/jobs"), std::string("/api/v1/users/me"),
                           std::string("/api/v1/grid"), std::string("/api/v1/projects")})
    ck_assert_text(desk.call("GET", path, secret).header("DistRen-Event"), before);
  auto const changed = desk.call("PATCH", job_path(job), secret, {{"name", "another"}});
  ck_assert_text(changed.header("DistRen-Event"), before);  // what it says is news to nobody who asks from here on
  auto const after = desk.live.last_event_id();
  ck_assert_str_ne(after.c_str(), before.c_str());
  ck_assert_text(desk.call("GET", job_path(job), secret).header("DistRen-Event"), after);
  // An answer that is given again is of then: what was news to it is not told after now.
  Request request;
  request.method = "POST";
  request.headers = {{"authorization", "Bearer " + secret}, {"idempotency-key", "k"}};
  request.body = R"({"name":"film"})";
  ck_assert_text(desk.send(request, "/api/v1/projects").header("DistRen-Event"), after);
  auto const replayed = desk.send(request, "/api/v1/projects");
  ck_assert_text(replayed.header("Idempotency-Replayed"), "true");
  ck_assert_text(replayed.header("DistRen-Event"), "");
  ck_assert_text(desk.call("GET", "/api/v1/openapi.yaml", secret).header("DistRen-Event"), "");
}
END_TEST

START_TEST(who_comes_back_after_the_login_has_ended_is_told_to_stop) {
  Fixture desk;
  auto const secret = desk.person();
  auto const come = [&desk](HeaderList headers) {
    Request request;
    request.method = "GET";
    request.headers = std::move(headers);
    return desk.send(std::move(request), "/api/v1/events").status;
  };
  auto const login = std::pair<std::string, std::string>("authorization", "Bearer " + secret);
  auto const known = std::pair<std::string, std::string>("last-event-id", "life-1");
  ck_assert_int_eq(come({login, known}), 200);
  ck_assert(store::delete_session(desk.database, secret_hash(secret)).has_value());
  ck_assert_int_eq(come({login, known}), 204);
  ck_assert_int_eq(come({known}), 204);  // a browser sends no cookie that has expired
  ck_assert_int_eq(come({login}), 401);  // whoever comes for the first time reads why
  ck_assert_int_eq(desk.send({.method = "GET", .headers = {login, known}}, "/api/v1/jobs").status, 401);
}
END_TEST

START_TEST(topics_and_owners_that_are_none_are_refused) {
  Fixture desk;
  auto const secret = desk.person();
  for (auto const* bad :
       {"topics=pigeon", "topics=", "topics=job,,slave", "topics=stream.open", "owner=x", "job_id=0", "slaves=true"}) {
    auto const refused = desk.call("GET", std::string("/api/v1/events?") + bad, secret);
    ck_assert_msg(refused.status == 400, "%s: %d", bad, refused.status);
  }
  ck_assert_int_eq(desk.call("GET", "/api/v1/events?owner=any", secret).status, 403);
  ck_assert_int_eq(desk.call("GET", "/api/v1/events?owner=999999", secret).status, 403);
  ck_assert_int_eq(desk.call("GET", "/api/v1/events?owner=me&topics=job.updated,slave&since=x-1", secret).status, 200);
}
END_TEST

TestGroup const events_tests{
    "events",
    {streams_end_when_their_login_is_gone, a_token_that_may_not_read_hears_nothing, what_handlers_change_is_told,
     each_json_answer_names_the_latest_event_before_it, who_comes_back_after_the_login_has_ended_is_told_to_stop,
     topics_and_owners_that_are_none_are_refused},
    with_database};

}  // namespace

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
  auto const before = desk.live.last_event_id();
  ck_assert_int_eq(desk.call("POST", job_path(job, "/pause"), secret).status, 200);
  auto const paused = desk.live.last_event_id();
  ck_assert_str_ne(paused.c_str(), before.c_str());
  ck_assert_int_eq(desk.call("GET", job_path(job), secret).status, 200);
  ck_assert_text(desk.live.last_event_id(), paused);
}
END_TEST

TestGroup const events_tests{
    "events",
    {streams_end_when_their_login_is_gone, a_token_that_may_not_read_hears_nothing, what_handlers_change_is_told},
    with_database};

}  // namespace

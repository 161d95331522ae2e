// Limits of requests by user and by address, and what answers tell of them.
#include <string>

#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/private_database.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
  void limit(int per_second) {
    services->runtime.take({{"limits.user_requests_per_second", std::to_string(per_second)}});
  }
};

}  // namespace

START_TEST(a_user_who_asks_too_much_is_told_when_to_come_back) {
  Fixture desk;
  auto const ann = desk.person();
  auto const ben = desk.person();
  auto const made = desk.call("POST", "/api/v1/tokens", ann, {{"name", "t"}, {"scopes", {"jobs:read"}}});
  std::string const token = made.json["secret"];
  desk.limit(20);
  auto const first = desk.call("GET", "/api/v1/jobs", ann);
  ck_assert_int_eq(first.status, 200);
  ck_assert_text(first.header("RateLimit-Policy"), "\"user\";q=200;w=10");
  ck_assert_text(first.header("RateLimit"), "\"user\";r=199;t=1");
  // Sessions and tokens of one user are one, and what is refused counts, too.
  for (int i = 0; i < 199; ++i)
    ck_assert_int_eq(desk.call("GET", i % 2 == 0 ? "/api/v1/jobs" : "/api/v1/slaves", token).status,
                     i % 2 == 0 ? 200 : 403);
  auto const refused = desk.call("GET", "/api/v1/jobs", token);
  ck_assert_int_eq(refused.status, 429);
  ck_assert_text(refused.json["code"], "rate_limited");
  ck_assert_text(refused.header("Retry-After"), "1");
  ck_assert_text(refused.header("RateLimit"), "\"user\";r=0;t=10");
  ck_assert_int_eq(desk.call("POST", "/api/v1/slaves", ann, {{"name", "attic"}}).status, 429);
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs", ben).status, 200);
  desk.now += 1000;
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs", ann).status, 200);
  // The request that was refused did nothing.
  ck_assert(desk.call("GET", "/api/v1/slaves", ann).json["items"].empty());
  desk.limit(1000);
  ck_assert_text(desk.call("GET", "/api/v1/jobs", ann).header("RateLimit"), "\"user\";r=9999;t=1");
}
END_TEST

START_TEST(who_is_not_logged_in_has_no_limit_of_a_user) {
  Fixture desk;
  desk.limit(20);
  for (int i = 0; i < 210; ++i) {
    auto const reply = desk.call("GET", "/api/v1/grid");
    ck_assert(reply.status == 200 && reply.header("RateLimit").empty());
  }
}
END_TEST

START_TEST(attempts_to_log_in_have_a_limit_of_their_own) {
  Fixture desk;
  Request request;
  request.path = "/api/v1/sessions";
  request.method = "POST";
  request.body = "{}";
  request.address = "203.0.113.8";
  Worker worker{desk.database};
  auto const header = [](Reply const& reply, std::string_view name) {
    for (auto const& [key, value] : reply.headers)
      if (key == name) return value;
    return std::string();
  };
  for (int i = 0; i < 20; ++i) {
    auto const reply = desk.router->answer(request, worker);
    ck_assert_int_eq(reply.status, 400);
    ck_assert_text(header(reply, "RateLimit"), fmt::format("\"sign-in\";r={};t={}", 19 - i, 5 * (i + 1)));
  }
  auto const refused = desk.router->answer(request, worker);
  ck_assert_int_eq(refused.status, 429);
  ck_assert_text(header(refused, "Retry-After"), "5");
  ck_assert_text(header(refused, "RateLimit-Policy"), "\"sign-in\";q=20;w=100");
}
END_TEST

START_TEST(the_line_has_a_limit_of_its_own) {
  Fixture desk;
  Request request;
  request.path = "/api/v1/jobs";
  auto const general = address_limit(*desk.services, request);
  request.path = "/api/v1/line";
  auto const line = address_limit(*desk.services, request);
  ck_assert(general.name == "address" && general.rate == Rate({500, 5000}));
  ck_assert(line.name == "line" && line.rate == Rate({5000, 50000}));
  desk.services->runtime.take({{"limits.address_requests_per_second", "20"}});
  request.path = "/";
  ck_assert(address_limit(*desk.services, request).rate == Rate({20, 200}));
}
END_TEST

namespace {

TestGroup const request_limits_tests{
    "request limits",
    {a_user_who_asks_too_much_is_told_when_to_come_back, who_is_not_logged_in_has_no_limit_of_a_user,
     attempts_to_log_in_have_a_limit_of_their_own, the_line_has_a_limit_of_its_own},
    with_database};

}  // namespace

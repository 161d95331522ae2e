// Pages of other origins: which are listed, what they may send and read, and that no cookie crosses.
#include <string>

#include "server/api/cors.h"
#include "server/config/web_origin.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

constexpr auto tool = "https://tool.example.org";

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) { config.cors_origins = {tool, "http://localhost:3000"}; }
  ApiReply from(std::string const& origin, std::string const& method, std::string const& target, HeaderList more = {},
                json const& body = nullptr) {
    Request request;
    request.method = method;
    request.headers = std::move(more);
    request.headers.emplace_back("origin", origin);
    if (!body.is_null()) request.body = body.dump();
    return send(std::move(request), target);
  }
};

bool has_cors(ApiReply const& reply) {
  return std::ranges::any_of(reply.headers,
                             [](auto const& header) { return header.first.starts_with("Access-Control-"); });
}

}  // namespace

START_TEST(a_preflight_is_answered_for_every_route) {
  Fixture desk;
  int walked = 0;
  for (auto const& route : api_routes()) {
    if (!route.pattern.starts_with("/api/")) continue;
    std::string path(route.pattern);
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{'))
      path.replace(open, path.find('}', open) + 1 - open, "1");
    HeaderList const asks{{"access-control-request-method", std::string(route.method)},
                          {"access-control-request-headers", "authorization,content-type,idempotency-key,if-match"},
                          {"sec-fetch-site", "cross-site"}};
    auto const reply = desk.from(tool, "OPTIONS", path, asks);
    ck_assert_msg(reply.status == 204, "%s: %d %s", path.c_str(), reply.status, reply.text.c_str());
    ck_assert_text(reply.header("Access-Control-Allow-Origin"), tool);
    ck_assert_says(reply.header("Access-Control-Allow-Methods"),
                   std::string(route.method == "OPTIONS" ? "GET" : route.method));
    for (auto const* header : {"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Tus-Resumable",
                               "Upload-Offset", "Upload-Length", "Upload-Metadata", "Upload-Checksum"})
      ck_assert_says(reply.header("Access-Control-Allow-Headers"), header);
    ck_assert_text(reply.header("Access-Control-Allow-Credentials"), "");
    ck_assert(!has_cors(desk.from("https://evil.example.org", "OPTIONS", path, asks)));
    ++walked;
  }
  ck_assert_int_gt(walked, 80);
  ck_assert_int_eq(desk.from(tool, "OPTIONS", "/api/v1/nothing").status, 404);
}
END_TEST

START_TEST(a_listed_page_uses_the_api_with_a_bearer_token_alone) {
  Fixture desk;
  std::string name;
  auto const secret = desk.person(&name);
  HeaderList const bearer{{"authorization", "Bearer " + secret}, {"sec-fetch-site", "cross-site"}};
  auto const seen = desk.from(tool, "GET", "/api/v1/jobs", bearer);
  ck_assert_int_eq(seen.status, 200);
  ck_assert_text(seen.header("Access-Control-Allow-Origin"), tool);
  for (auto const* header : {"Request-Id", "ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy",
                             "Tus-Resumable", "Upload-Offset", "Idempotency-Replayed"})
    ck_assert_says(seen.header("Access-Control-Expose-Headers"), header);
  ck_assert_int_eq(desk.from(tool, "POST", "/api/v1/slaves", bearer, {{"name", "attic"}}).status, 201);
  ck_assert_text(desk.from(tool, "GET", "/api/v1/users/me").header("Access-Control-Allow-Origin"), tool);  // a 401, too

  auto const login = desk.from(tool, "POST", "/api/v1/sessions", {{"sec-fetch-site", "cross-site"}},
                               {{"name", name}, {"password", "long enough"}});
  ck_assert_int_eq(login.status, 201);
  ck_assert_text(login.header("Set-Cookie"), "");

  // With a cookie it is what any other site is.
  auto with_cookie = bearer;
  with_cookie.emplace_back("cookie", "distren_session=" + secret);
  ck_assert(!has_cors(desk.from(tool, "GET", "/api/v1/jobs", with_cookie)));
  auto const refused = desk.from(tool, "POST", "/api/v1/slaves", with_cookie, {{"name", "other"}});
  ck_assert_int_eq(refused.status, 403);
  ck_assert_text(refused.json["code"], "cross_site");
}
END_TEST

START_TEST(no_other_origin_gets_anything) {
  Fixture desk;
  auto const secret = desk.person();
  for (auto const* origin :
       {"https://evil.example.org", "null", "*", "https://tool.example.org.evil.net", "http://tool.example.org",
        "https://tool.example.org:8443", "https://TOOL.example.org", ""}) {
    auto const reply = desk.from(origin, "GET", "/api/v1/jobs", {{"authorization", "Bearer " + secret}});
    ck_assert_int_eq(reply.status, 200);
    ck_assert_msg(!has_cors(reply), "%s", origin);
    ck_assert_text(reply.header("Vary"), "Origin");
    ck_assert_int_eq(
        desk.from(origin, "POST", "/api/v1/slaves",
                  {{"authorization", "Bearer " + secret}, {"sec-fetch-site", "cross-site"}}, {{"name", "attic"}})
            .status,
        403);
  }
  ck_assert(!has_cors(desk.from(tool, "GET", "/")));
  ck_assert(!has_cors(desk.from(tool, "GET", "/api/v1/jobs", {{"sec-fetch-site", "same-origin"}})));
  desk.config.cors_origins.clear();
  auto const off = desk.from(tool, "GET", "/api/v1/jobs", {{"authorization", "Bearer " + secret}});
  ck_assert(!has_cors(off) && off.header("Vary").empty());
}
END_TEST

START_TEST(an_origin_that_cannot_be_listed_is_refused_with_what_can) {
  for (auto const* good : {"https://tool.example.org", "http://localhost:3000", "https://10.0.0.7:8443",
                           "https://[2001:db8::1]", "http://[::1]:3000", "https://a-b.example"})
    ck_assert_msg(check_web_origin(good).has_value(), "%s", good);
  for (auto const& [bad, why] : {std::pair{"*", "name each origin"},
                                 {"null", "name each origin"},
                                 {"", "not like"},
                                 {"tool.example.org", "not like"},
                                 {"ftp://tool.example.org", "not like"},
                                 {"https://", "not like"},
                                 {"https://*.example.org", "not like"},
                                 {"https://user@example.org", "not like"},
                                 {"https://tool.example.org ", "not like"},
                                 {"https://tool.example.org/", "no path"},
                                 {"https://tool.example.org/app", "no path"},
                                 {"https://tool.example.org?x", "no path"},
                                 {"https://Tool.example.org", "lower case"},
                                 {"https://tool.example.org:443", "leave out this port"},
                                 {"http://tool.example.org:80", "leave out this port"},
                                 {"https://tool.example.org:", "1 to 65535"},
                                 {"https://tool.example.org:0", "1 to 65535"},
                                 {"https://tool.example.org:65536", "1 to 65535"},
                                 {"https://tool.example.org:8443x", "1 to 65535"},
                                 {"https://[::1", "not like"},
                                 {"https://[]", "not like"}}) {
    auto const checked = check_web_origin(bad);
    ck_assert_msg(!checked.has_value(), "%s", bad);
    ck_assert_says(checked.error().message, why);
  }
  ck_assert(!check_web_origin("https://" + std::string(300, 'a')).has_value());
}
END_TEST

namespace {

TestGroup const cors_tests{"cors",
                           {a_preflight_is_answered_for_every_route,
                            a_listed_page_uses_the_api_with_a_bearer_token_alone, no_other_origin_gets_anything},
                           with_database};
TestGroup const origin_tests{"origins", {an_origin_that_cannot_be_listed_is_refused_with_what_can}};

}  // namespace

// Users over the HTTP API: registration, logins, cookies, tokens; and how many scenes of one are inspected at once.
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "server/api/concurrency_limiter.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
};

START_TEST(people_register_log_in_and_out) {
  Fixture desk;
  std::string name;
  auto const first = desk.person(&name);
  auto const me = desk.call("GET", "/api/v1/users/me", first);
  ck_assert_text(me.json["name"], name);
  auto const login = desk.call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", "long enough"}});
  ck_assert_int_eq(login.status, 201);
  ck_assert(login.json["kind"] == "bearer" && login.json["csrf"].is_null());
  ck_assert_text(login.header("Set-Cookie"), "");
  auto const wrong = desk.call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", "wrong one"}});
  auto const nobody = desk.call("POST", "/api/v1/sessions", "", {{"name", "nobody-here"}, {"password", "wrong one"}});
  ck_assert_int_eq(wrong.status, 401);
  ck_assert_text(wrong.text, nobody.text);
  ck_assert_int_eq(desk.call("DELETE", "/api/v1/sessions/current", first).status, 204);
  auto const stale = desk.call("GET", "/api/v1/users/me", first);
  ck_assert_int_eq(stale.status, 401);
  ck_assert_text(stale.json["code"], "session_ended");
  ck_assert_int_eq(desk.call("GET", "/api/v1/users/me").status, 401);
}
END_TEST

START_TEST(bad_registrations_get_a_sentence) {
  Fixture desk;
  std::string name;
  desk.person(&name);
  auto say = [&desk](json const& body) { return desk.call("POST", "/api/v1/users", "", body); };
  ck_assert_says(say({{"name", "new"}, {"password", "short"}}).message(), "fewer than 8 characters");
  ck_assert_says(say({{"name", "a b"}, {"password", "long enough"}}).message(), "'a b' cannot be a name");
  ck_assert_says(say({{"name", std::string(33, 'a')}, {"password", "long enough"}}).message(), "1 to 32");
  ck_assert_says(say({{"name", "new"}, {"password", "long enough"}, {"email", "no"}}).message(), "e-mail");
  ck_assert_says(say({{"nam", "new"}}).message(), "'nam' is not known here");
  ck_assert_int_eq(say({{"name", name}, {"password", "long enough"}}).status, 409);
  desk.config.registration = false;
  ck_assert_int_eq(say({{"name", "new"}, {"password", "long enough"}}).status, 403);
}
END_TEST

START_TEST(many_wrong_passwords_lock_the_account_for_a_while) {
  Fixture desk;
  std::string name;
  desk.person(&name);
  int status = 401;
  for (int i = 0; i < 30 && status == 401; ++i) {
    status = desk.call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", "wrong one"}}).status;
  }
  ck_assert_int_eq(status, 429);
  auto const right = desk.call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", "long enough"}});
  ck_assert_int_eq(right.status, 429);
  ck_assert(!right.header("Retry-After").empty());
}
END_TEST

START_TEST(a_cookie_changes_things_only_with_its_csrf_token) {
  Fixture desk;
  std::string name;
  desk.person(&name);
  auto const login =
      desk.call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", "long enough"}, {"kind", "cookie"}});
  ck_assert(login.json["kind"] == "cookie" && login.json["token"].is_null());
  auto const set = login.header("Set-Cookie");
  ck_assert_says(set, "HttpOnly; SameSite=Strict");
  ck_assert(set.find("Secure") == std::string::npos);
  auto const cookie = set.substr(0, set.find(';'));
  auto by_cookie = [&](std::string const& method, std::string const& csrf) {
    Request request;
    request.method = method;
    request.headers = {{"cookie", "other=1; " + cookie}};
    if (!csrf.empty()) request.headers.emplace_back("x-csrf-token", csrf);
    request.body = R"({"name":"attic"})";
    return desk.send(std::move(request), "/api/v1/slaves");
  };
  ck_assert_int_eq(by_cookie("GET", "").status, 200);
  ck_assert_int_eq(by_cookie("POST", "").status, 403);
  ck_assert_int_eq(by_cookie("POST", "guess").status, 403);
  ck_assert_int_eq(by_cookie("POST", login.json["csrf"]).status, 201);
  // A page that was loaded again finds the token that goes with its cookie.
  Request request;
  request.method = "GET";
  request.headers = {{"cookie", cookie}};
  auto const current = desk.send(std::move(request), "/api/v1/sessions/current");
  ck_assert(current.json["kind"] == "cookie" && current.json["csrf"] == login.json["csrf"]);
  ck_assert_text(current.json["user"]["name"], name);
  ck_assert_int_eq(
      desk.call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", "long enough"}, {"kind", "pigeon"}})
          .status,
      400);
}
END_TEST

START_TEST(another_sites_page_logs_nobody_in) {
  Fixture desk;
  std::string name;
  desk.person(&name);
  auto const from = [&](std::string const& site) {
    Request request;
    request.method = "POST";
    if (!site.empty()) request.headers = {{"content-type", "application/json"}, {"sec-fetch-site", site}};
    request.body = json{{"name", name}, {"password", "long enough"}}.dump();
    return desk.send(std::move(request), "/api/v1/sessions");
  };
  for (auto const* site : {"cross-site", "same-site"}) {
    auto const refused = from(site);
    ck_assert_int_eq(refused.status, 403);
    ck_assert_text(refused.header("Set-Cookie"), "");
  }
  for (auto const* site : {"same-origin", "none", ""}) ck_assert_int_eq(from(site).status, 201);
}
END_TEST

START_TEST(one_person_s_scenes_leave_workers_for_the_others) {
  ConcurrencyLimiter limiter;
  auto const first = limiter.try_acquire(7, 3, 2);
  {
    auto const second = limiter.try_acquire(7, 3, 2);
    ck_assert(first && second && !limiter.try_acquire(7, 3, 2));
    auto const third = limiter.try_acquire(8, 3, 2);
    ck_assert(third && !limiter.try_acquire(9, 3, 2));
  }
  ck_assert(limiter.try_acquire(7, 3, 2) && limiter.try_acquire(9, 3, 2));
}
END_TEST

START_TEST(tokens_may_do_what_their_scopes_say) {
  Fixture desk;
  auto const secret = desk.person();
  auto const made = desk.call("POST", "/api/v1/tokens", secret,
                              {{"name", "script"}, {"scopes", {"slaves:write", "jobs:read", "jobs:read"}}});
  ck_assert_int_eq(made.status, 201);
  ck_assert(made.json["scopes"] == json({"jobs:read", "slaves:write"}));
  std::string const token = made.json["secret"];
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs", token).status, 200);
  ck_assert_int_eq(desk.call("POST", "/api/v1/slaves", token, {{"name", "attic"}}).status, 201);
  auto const refused = desk.call("POST", "/api/v1/submissions", token, json::object());
  ck_assert_int_eq(refused.status, 403);
  ck_assert_says(refused.message(), "lacks the scope 'jobs:write'");
  ck_assert_int_eq(desk.call("GET", "/api/v1/tokens", token).status, 403);
  auto const list = desk.call("GET", "/api/v1/tokens", secret);
  ck_assert_uint_eq(list.json["items"].size(), 1);
  ck_assert(list.text.find(token) == std::string::npos);
  ck_assert_says(desk.call("POST", "/api/v1/tokens", secret, {{"name", "x"}, {"scopes", {"root"}}}).message(),
                 "'root'");
  ck_assert_int_eq(desk.call("DELETE", "/api/v1/tokens/" + made.json["id"].dump(), secret).status, 204);
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs", token).status, 401);
}
END_TEST

START_TEST(a_token_that_has_expired_opens_nothing_and_says_so) {
  Fixture desk;
  auto const secret = desk.person();
  auto const make = [&](std::string const& name, json const& expires_at) {
    return desk.call("POST", "/api/v1/tokens", secret,
                     {{"name", name}, {"scopes", {"jobs:read"}}, {"expires_at", expires_at}});
  };
  auto const hour = iso_time(unix_ms() + 3600000);
  auto const made = make("hour", hour);
  ck_assert_msg(made.status == 201, "%s", made.text.c_str());
  ck_assert_text(made.json["expires_at"], hour);
  ck_assert_says(made.json["secret"].get<std::string>(), "dt_");
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs", made.json["secret"]).status, 200);
  ck_assert_text(desk.call("GET", "/api/v1/tokens", secret).json["items"][0]["expires_at"], hour);
  ck_assert(make("ever", nullptr).json["expires_at"].is_null());
  for (auto const* text : {"tomorrow", "", "2020-01-05T10:00:00Z", "2100-01-05T10:00:00Z"}) {
    auto const refused = make("x", text);
    ck_assert_msg(refused.status == 400, "%s: %s", text, refused.text.c_str());
    ck_assert_says(refused.message(), "expires_at");
  }
  ck_assert_int_eq(make("x", 1).status, 400);

  auto const soon = make("soon", iso_time(unix_ms() + 300));
  ck_assert_int_eq(soon.status, 201);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  auto const refused = desk.call("GET", "/api/v1/jobs", soon.json["secret"]);
  ck_assert_int_eq(refused.status, 401);
  ck_assert_text(refused.json["code"], "session_ended");
  ck_assert_says(refused.message(), "this API token expired at");
  ck_assert_int_eq(desk.call("DELETE", "/api/v1/tokens/" + soon.json["id"].dump(), secret).status, 204);
}
END_TEST

START_TEST(the_cookie_of_a_login_by_tls_is_one_that_no_other_host_sets) {
  Fixture desk;
  std::string name;
  desk.person(&name);
  auto const login = [&](bool secure, std::string const& host) {
    Request request;
    request.method = "POST";
    request.secure = secure;
    request.headers = {{"host", host}};
    request.body = json{{"name", name}, {"password", "long enough"}, {"kind", "cookie"}}.dump();
    return desk.send(std::move(request), "/api/v1/sessions");
  };
  auto const by_cookie = [&](bool secure, std::string const& host, std::string const& cookie) {
    Request request;
    request.method = "GET";
    request.secure = secure;
    request.headers = {{"host", host}, {"cookie", cookie}};
    return desk.send(std::move(request), "/api/v1/users/me").status;
  };
  desk.config.public_url = "https://Grid.example.org/render";
  auto const plain = login(false, "127.0.0.1:8080");
  ck_assert_says(plain.header("Set-Cookie"), "distren_session=ds_");
  ck_assert(!plain.header("Set-Cookie").starts_with("__Host-"));
  auto const plain_cookie = plain.header("Set-Cookie");
  auto const from = plain_cookie.find('=') + 1;
  auto const secret = plain_cookie.substr(from, plain_cookie.find(';') - from);
  for (auto const& [secure, host] : {std::pair{true, "anything"}, {false, "grid.example.org"}}) {
    auto const cookie = login(secure, host).header("Set-Cookie");
    ck_assert_msg(cookie.starts_with("__Host-distren_session=ds_"), "%s", cookie.c_str());
    for (auto const* part : {"; Path=/;", "; Secure;", "; HttpOnly;", "; SameSite=Strict;"})
      ck_assert_says(cookie, part);
    ck_assert(cookie.find("Domain") == std::string::npos);
    ck_assert_int_eq(by_cookie(secure, host, "__Host-distren_session=" + secret), 200);
    ck_assert_int_eq(by_cookie(secure, host, "distren_session=" + secret), 401);
  }
  ck_assert_int_eq(by_cookie(false, "127.0.0.1:8080", "distren_session=" + secret), 200);
  ck_assert_int_eq(by_cookie(false, "127.0.0.1:8080", "__Host-distren_session=" + secret), 401);
  ck_assert_int_eq(by_cookie(false, "grid.example.org.evil.net", "__Host-distren_session=" + secret), 401);
}
END_TEST

TestGroup const users_tests{
    "users",
    {people_register_log_in_and_out, bad_registrations_get_a_sentence,
     many_wrong_passwords_lock_the_account_for_a_while, a_cookie_changes_things_only_with_its_csrf_token,
     tokens_may_do_what_their_scopes_say, a_token_that_has_expired_opens_nothing_and_says_so,
     the_cookie_of_a_login_by_tls_is_one_that_no_other_host_sets, another_sites_page_logs_nobody_in},
    with_database};
TestGroup const limiter_tests{"limiter", {one_person_s_scenes_leave_workers_for_the_others}};

}  // namespace

// Each route, each scope, each role and a stranger: from the table of routes, so that no route is forgotten.
#include <string>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/owned_things.h"
#include "tests/support/private_database.h"

using namespace distren;
using nlohmann::json;

namespace {

constexpr auto every_scope = static_cast<unsigned>(Scope::all);

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
  std::string admin =
      call("POST", "/api/v1/sessions", "", {{"name", "admin"}, {"password", admin_password}}).json["token"];

  std::string token(std::string const& session, std::vector<std::string_view> const& scopes) {
    auto const made =
        call("POST", "/api/v1/tokens", session, {{"name", "t" + random_secret().substr(0, 8)}, {"scopes", scopes}});
    ck_assert_msg(made.status == 201, "%s", made.text.c_str());
    return made.json["secret"];
  }
  std::string token(std::string const& session, unsigned scopes) { return token(session, scope_names(scopes)); }

  // A new account of this role.
  std::string person_as(std::string const& role) {
    auto const session = person();
    give_role(session, role);
    return session;
  }
  void give_role(std::string const& session, std::string const& role) {
    if (role == "user") return;
    auto const id = call("GET", "/api/v1/users/me", session).json["id"].dump();
    ck_assert_int_eq(call("PATCH", "/api/v1/users/" + id, admin, {{"role", role}}).status, 200);
  }
};

bool asks_for_a_login(Route const& route) {
  return route.needs == Needs::login || route.needs == Needs::optional_login;
}

std::string name_of(Route const& route) {
  return std::string(route.method) + " " + std::string(route.pattern);
}

}  // namespace

START_TEST(every_route_with_a_login_asks_for_one_scope) {
  unsigned used = 0;
  for (auto const& route : api_routes()) {
    ck_assert_msg(asks_for_a_login(route) == !scope_name(route.scope).empty(), "%s", name_of(route).c_str());
    used |= static_cast<unsigned>(route.scope);
    if (route.method == "GET")
      ck_assert_msg(!scope_name(route.scope).ends_with(":write") || route.secret_answer, "%s", name_of(route).c_str());
    bool const changes = route.method != "GET" && route.method != "HEAD";
    ck_assert_msg(!changes || !scope_name(route.scope).ends_with(":read"), "%s", name_of(route).c_str());
    if (route.pattern.starts_with("/api/v1/users/me") || route.pattern.starts_with("/api/v1/tokens"))
      ck_assert_msg(scope_name(route.scope).starts_with("account:"), "%s", name_of(route).c_str());
  }
  ck_assert_uint_eq(used, every_scope);
}
END_TEST

START_TEST(a_token_reaches_the_routes_of_its_scopes_and_no_other) {
  Fixture desk;
  auto const moderator = desk.person_as("moderator");
  for (auto const name : scope_names(every_scope)) {
    auto const token = desk.token(moderator, {name});
    for (auto const& route : api_routes()) {
      if (!asks_for_a_login(route)) continue;
      auto const reply = desk.send(request_of(route, token), path_to(route.pattern, "999999999"));
      bool const refused = reply.status == 403 && reply.json["code"] == "scope_missing";
      ck_assert_msg(refused == (scope_name(route.scope) != name), "%s with %s: %d %s", name_of(route).c_str(),
                    std::string(name).c_str(), reply.status, reply.text.c_str());
      ck_assert_msg(reply.status != 401, "%s", name_of(route).c_str());
      if (refused) ck_assert_says(reply.message(), fmt::format("'{}'", scope_name(route.scope)));
    }
  }
}
END_TEST

START_TEST(only_staff_with_grid_admin_reach_what_belongs_to_others) {
  Fixture desk;
  auto const things = make_things(desk, desk.person());
  auto const demoted = desk.person_as("moderator");
  auto const relic = desk.token(demoted, every_scope);
  auto const id = desk.call("GET", "/api/v1/users/me", demoted).json["id"].dump();
  ck_assert_int_eq(desk.call("PATCH", "/api/v1/users/" + id, desk.admin, {{"role", "user"}}).status, 200);
  auto const without = every_scope & ~static_cast<unsigned>(Scope::grid_admin);
  auto const moderator = desk.person_as("moderator");
  struct Asker {
    char const* name;
    std::string secret;
    bool reaches;
  };
  Asker const askers[] = {{"a stranger", desk.person(), false},
                          {"a stranger's token", desk.token(desk.person(), without), false},
                          {"a token of one who was a moderator", relic, false},
                          {"a moderator's token without grid:admin", desk.token(moderator, without), false},
                          {"an administrator's token without grid:admin", desk.token(desk.admin, without), false},
                          {"a moderator's token with grid:admin", desk.token(moderator, every_scope), true},
                          {"an administrator's token with grid:admin", desk.token(desk.admin, every_scope), true},
                          {"an administrator", desk.admin, true}};
  int reached = 0;
  for (auto const& route : api_routes()) {
    auto const thing = things.find(first_named(route.pattern));
    if (!asks_for_a_login(route)) continue;
    if (thing == things.end()) {
      ck_assert_msg(has_no_owner(route.pattern), "%s: who owns that?", name_of(route).c_str());
      continue;
    }
    bool const own_alone = std::ranges::find(own_alone_things, thing->first) != std::end(own_alone_things);
    for (auto const& asker : askers) {
      if (asker.reaches && (own_alone || route.method != "GET")) continue;  // what would change it
      auto const reply = desk.send(request_of(route, asker.secret), path_to(route.pattern, thing->second));
      if (asker.reaches) {
        // A part of it may not be there yet; it itself is.
        ck_assert_msg(reply.status != 403 && reply.message().find("you have no") == std::string::npos, "%s by %s: %s",
                      name_of(route).c_str(), asker.name, reply.text.c_str());
        ++reached;
      } else {
        ck_assert_msg(reply.status == 404, "%s by %s: %d %s", name_of(route).c_str(), asker.name, reply.status,
                      reply.text.c_str());
      }
    }
  }
  ck_assert_int_gt(reached, 30);
}
END_TEST

START_TEST(what_is_everybodys_is_for_staff_with_grid_admin) {
  Fixture desk;
  auto const demoted = desk.person_as("moderator");
  auto const relic = desk.token(demoted, every_scope);
  auto const id = desk.call("GET", "/api/v1/users/me", demoted).json["id"].dump();
  ck_assert_int_eq(desk.call("PATCH", "/api/v1/users/" + id, desk.admin, {{"role", "user"}}).status, 200);
  auto const stranger = desk.person();
  for (auto const& route : api_routes()) {
    if (route.scope != Scope::grid_admin) continue;
    for (auto const& secret : {stranger, relic}) {
      auto request = request_of(route, secret);
      if (route.pattern.ends_with("/block")) request.body = R"({"reason":"x"})";
      if (route.pattern == "/api/v1/users/{user_id}") request.body = R"({"role":"user"})";
      if (route.pattern.ends_with("/adjustments")) request.body = R"({"to":"admin","millipoints":1,"reason":"x"})";
      auto const reply = desk.send(std::move(request), path_to(route.pattern, "1"));
      ck_assert_msg(reply.status == 403, "%s: %d %s", name_of(route).c_str(), reply.status, reply.text.c_str());
    }
  }
}
END_TEST

START_TEST(no_token_makes_one_that_may_do_more) {
  Fixture desk;
  auto const user = desk.person();
  json const wanted{{"name", "x"}, {"scopes", {"grid:admin"}}};
  auto const refused = desk.call("POST", "/api/v1/tokens", user, wanted);
  ck_assert_int_eq(refused.status, 403);
  ck_assert_says(refused.message(), "only moderators and administrators");
  auto const maker = desk.token(user, {"account:write"});
  ck_assert_int_eq(desk.call("POST", "/api/v1/tokens", maker, {{"name", "y"}, {"scopes", {"jobs:read"}}}).status, 403);
  ck_assert_int_eq(desk.call("POST", "/api/v1/tokens", maker, {{"name", "z"}, {"scopes", {"account:write"}}}).status,
                   201);
  auto const day_ms = std::int64_t{86'400'000};
  auto const make = [&](std::string const& secret, std::string const& name, json const& expires_at) {
    return desk.call("POST", "/api/v1/tokens", secret,
                     {{"name", name}, {"scopes", {"account:write"}}, {"expires_at", expires_at}});
  };
  auto const soon = unix_ms() + day_ms;
  auto const short_lived = make(user, "short", iso_time(soon)).json["secret"].get<std::string>();
  for (auto const& longer : {json(nullptr), json(iso_time(soon + 1000))}) {
    auto const longer_lived = make(short_lived, "long", longer);
    ck_assert_msg(longer_lived.status == 403, "%s", longer_lived.text.c_str());
    ck_assert_says(longer_lived.message(), "longer than itself");
  }
  ck_assert_int_eq(make(short_lived, "as long", iso_time(soon)).status, 201);
  for (auto const* old : {"read", "submit", "slaves", "admin", "jobs", "jobs:", "JOBS:READ", "none", ""}) {
    auto const reply = desk.call("POST", "/api/v1/tokens", user, {{"name", "o"}, {"scopes", {old}}});
    ck_assert_msg(reply.status == 400, "%s: %s", old, reply.text.c_str());
    ck_assert_says(reply.message(), "jobs:read, jobs:write, files:write");
  }
  auto const reader = desk.token(user, {"jobs:read"});
  for (auto const* topics : {"slave", "slave.offline", "job,points.changed", "notification"})
    ck_assert_int_eq(desk.call("GET", std::string("/api/v1/events?topics=") + topics, reader).status, 403);
  ck_assert_int_eq(desk.call("GET", "/api/v1/events?topics=job,project", reader).status, 200);
  ck_assert_int_eq(desk.call("GET", "/api/v1/events", reader).status, 200);
}
END_TEST

namespace {

TestGroup const scopes_tests{
    "scopes",
    {every_route_with_a_login_asks_for_one_scope, a_token_reaches_the_routes_of_its_scopes_and_no_other,
     only_staff_with_grid_admin_reach_what_belongs_to_others, what_is_everybodys_is_for_staff_with_grid_admin,
     no_token_makes_one_that_may_do_more},
    with_database};

}  // namespace

// Which answers may be kept, and which are the same when they are asked for again: from the table of routes.
#include <string>

#include "server/storage/signed_urls.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/owned_things.h"
#include "tests/support/private_database.h"

using namespace distren;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
  std::string admin =
      call("POST", "/api/v1/sessions", "", {{"name", "admin"}, {"password", admin_password}}).json["token"];
  ApiReply get(std::string const& path, std::string const& tag) {
    Request request;
    request.method = "GET";
    request.headers = {{"authorization", "Bearer " + admin}, {"if-none-match", tag}};
    return send(std::move(request), path);
  }
};

}  // namespace

START_TEST(a_get_says_how_long_its_answer_holds) {
  Fixture desk;
  auto const things = make_things(desk, desk.admin);
  auto const routes = api_routes();
  int tagged = 0;
  int untagged = 0;
  for (auto const& route : routes) {
    if (route.method != "GET" || route.pattern.ends_with("/events") || route.needs == Needs::signature) continue;
    auto const thing = things.find(first_named(route.pattern));
    if (thing == things.end() && !first_named(route.pattern).empty()) continue;
    auto const path = path_to(route.pattern, thing == things.end() ? "" : thing->second);
    auto const reply = desk.get(path, "");
    if (reply.status != 200) continue;
    bool const has_revision = std::ranges::any_of(
        routes, [&route](Route const& each) { return each.has_revision && each.pattern == route.pattern; });
    auto const tag = reply.header("ETag");
    bool const same_later = !route.is_live && !route.secret_answer && !has_revision;
    ck_assert_msg(tag.empty() != same_later, "%s: %s", path.c_str(), tag.c_str());
    if (same_later) ck_assert_msg(desk.get(path, tag).status == 304, "%s", path.c_str());
    ck_assert_msg(desk.get(path, same_later ? "\"x\"" : "*").status == 200, "%s", path.c_str());
    ck_assert_msg((reply.header("Cache-Control") == "no-store") == route.secret_answer, "%s: %s", path.c_str(),
                  reply.header("Cache-Control").c_str());
    ++(same_later ? tagged : untagged);
  }
  ck_assert_int_gt(tagged, 10);
  ck_assert_int_gt(untagged, 10);
}
END_TEST

START_TEST(what_has_changed_is_sent_again) {
  Fixture desk;
  auto const tag = desk.get("/api/v1/projects", "").header("ETag");
  ck_assert_int_eq(desk.get("/api/v1/projects", tag).status, 304);
  ck_assert_int_eq(desk.call("POST", "/api/v1/projects", desk.admin, {{"name", random_secret().substr(0, 9)}}).status,
                   201);
  ck_assert_int_eq(desk.get("/api/v1/projects", tag).status, 200);
  // Not even to whoever knows its tag: a 304 says that it is there.
  Request request;
  request.method = "GET";
  request.headers = {{"authorization", "Bearer " + desk.person()}, {"if-none-match", "*"}};
  ck_assert_int_eq(desk.send(std::move(request),
                             "/api/v1/projects/" + desk.get("/api/v1/projects", "").json["items"][0]["id"].dump())
                       .status,
                   404);
}
END_TEST

START_TEST(what_is_named_by_its_digest_may_be_kept_for_ever) {
  Fixture desk;
  auto const sha256_hex = to_hex(sha256("mine"));
  ck_assert_int_eq(desk.upload(desk.admin, "mine").status, 201);
  auto const url = blob_url(*desk.signer, sha256_hex, 0, desk.now / 1000 + 60);
  auto const reply = desk.get(url, "");
  ck_assert_msg(reply.status == 200, "%s", reply.text.c_str());
  ck_assert_text(reply.header("Cache-Control"), "private, max-age=31536000, immutable");
  ck_assert_text(reply.header("ETag"), "\"" + sha256_hex + "\"");
  ck_assert_int_eq(desk.get(url, "\"" + sha256_hex + "\"").status, 304);
}
END_TEST

namespace {

TestGroup const caching_tests{"caching",
                              {a_get_says_how_long_its_answer_holds, what_has_changed_is_sent_again,
                               what_is_named_by_its_digest_may_be_kept_for_ever},
                              with_database};

}  // namespace

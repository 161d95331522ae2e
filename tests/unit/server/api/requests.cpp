// What a request may ask besides what it does: to be done once, to change only what was looked at, in which type.
#include <stdexcept>
#include <thread>

#include "common/base/json_text.h"
#include "server/store/requests.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/sample_job.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : ApiFixture {
  Fixture() : ApiFixture(*the_database) {}

  ApiReply call_with(HeaderList headers, std::string method, std::string const& target, std::string const& secret,
                     json const& body) {
    Request request;
    request.method = std::move(method);
    request.headers = std::move(headers);
    request.headers.emplace_back("authorization", "Bearer " + secret);
    if (!body.is_null()) request.body = body.dump();
    return send(std::move(request), target);
  }
  ApiReply once(std::string const& key, std::string const& target, std::string const& secret, json const& body) {
    return call_with({{"idempotency-key", key}}, "POST", target, secret, body);
  }
  ApiReply change(std::string const& tag, std::string const& method, std::string const& target,
                  std::string const& secret, json const& body = nullptr) {
    return call_with({{"if-match", tag}}, method, target, secret, body);
  }
};

// Each route that creates: its path and a body that is new each time.
std::vector<std::pair<std::string, json>> creations(Fixture& fixture, std::string const& secret) {
  auto const project = fixture.call("POST", "/api/v1/projects", secret, {{"name", random_secret()}});
  ck_assert_int_eq(project.status, 201);
  auto const name = random_secret();
  return {{"/api/v1/projects", {{"name", name}}},
          {"/api/v1/projects/" + to_text(project.json["id"]) + "/shots", {{"sequence", "one"}, {"name", name}}},
          {"/api/v1/slaves", {{"name", name}}},
          {"/api/v1/tokens", {{"name", name}, {"scopes", {"jobs:read"}}}}};
}

START_TEST(what_is_created_twice_with_one_key_is_one_thing_with_one_answer) {
  Fixture fixture;
  auto const ann = fixture.person();
  int number = 0;
  for (auto const& [path, body] : creations(fixture, ann)) {
    auto const key = "key:" + std::to_string(++number);
    auto const first = fixture.once(key, path, ann, body);
    ck_assert_msg(first.status == 201, "%s: %s", path.c_str(), first.text.c_str());
    ck_assert_text(first.header("Idempotency-Replayed"), "");
    auto const again = fixture.once("\"" + key + "\"", path, ann, body);
    ck_assert_msg(again.status == 201, "%s: %s", path.c_str(), again.text.c_str());
    ck_assert_text(again.text, first.text);
    ck_assert_text(again.header("Idempotency-Replayed"), "true");
    auto other = body;
    other["name"] = random_secret();
    auto const reused = fixture.once(key, path, ann, other);
    ck_assert_int_eq(reused.status, 422);
    ck_assert_text(reused.json["code"], "idempotency_key_reused");
  }
}
END_TEST

START_TEST(a_key_belongs_to_one_user) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const ben = fixture.person();
  auto const hers = fixture.once("k", "/api/v1/slaves", ann, {{"name", "pc"}});
  auto const his = fixture.once("k", "/api/v1/slaves", ben, {{"name", "pc"}});
  ck_assert(hers.status == 201 && his.status == 201);
  ck_assert(hers.json["id"] != his.json["id"]);
}
END_TEST

START_TEST(what_failed_may_be_repeated_with_its_key) {
  Fixture fixture;
  auto const ann = fixture.person();
  ck_assert_int_eq(fixture.once("k", "/api/v1/projects", ann, {{"name", ""}}).status, 400);
  ck_assert_int_eq(fixture.once("k", "/api/v1/projects", ann, {{"name", "film"}}).status, 201);
}
END_TEST

START_TEST(while_the_first_is_being_done_the_second_is_told_to_wait) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const user = fixture.call("GET", "/api/v1/users/me", ann).json["id"].get<std::int64_t>();
  auto const digest = sha256("POST /api/v1/projects\n" + json({{"name", "film"}}).dump());
  {
    Database other(*the_database);
    ck_assert(store::begin_idempotent(other, user, "k", as_bytes(digest)).has_value());
    auto const waits = fixture.once("k", "/api/v1/projects", ann, {{"name", "film"}});
    ck_assert_int_eq(waits.status, 409);
    ck_assert_text(waits.json["code"], "request_in_progress");
    ck_assert(!waits.header("Retry-After").empty());
  }
  // The connection is gone as after a kill -9, and nothing was created: the next one does it.
  auto reply = fixture.once("k", "/api/v1/projects", ann, {{"name", "film"}});
  for (int i = 0; i < 100 && reply.status == 409; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    reply = fixture.once("k", "/api/v1/projects", ann, {{"name", "film"}});
  }
  ck_assert_msg(reply.status == 201, "%s", reply.text.c_str());
}
END_TEST

START_TEST(what_was_created_before_a_kill_is_not_created_again) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const user = fixture.call("GET", "/api/v1/users/me", ann).json["id"].get<std::int64_t>();
  // As far as a server came that was killed before it had answered.
  auto const begin = [&](std::string const& key, std::string const& path, json const& body) {
    auto const digest = sha256("POST " + path + "\n" + body.dump());
    ck_assert(store::begin_idempotent(fixture.database, user, key, as_bytes(digest)).has_value());
    auto const made = fixture.call("POST", path, ann, body);
    ck_assert_int_eq(made.status, 201);
    ck_assert(fixture.database.call("idempotency_finish", {user, std::string_view(key), nullptr}).has_value());
    return made;
  };
  auto const project = begin("p", "/api/v1/projects", {{"name", "film"}});
  auto const again = fixture.once("p", "/api/v1/projects", ann, {{"name", "film"}});
  ck_assert_msg(again.status == 201, "%s", again.text.c_str());
  ck_assert(again.json["id"] == project.json["id"]);
  ck_assert_text(again.header("Location"), "/api/v1/projects/" + to_text(project.json["id"]));
  ck_assert_text(again.header("Idempotency-Replayed"), "true");

  auto const slave = begin("s", "/api/v1/slaves", {{"name", "pc"}});
  auto const lost = fixture.once("s", "/api/v1/slaves", ann, {{"name", "pc"}});
  ck_assert_int_eq(lost.status, 409);
  ck_assert_text(lost.json["code"], "state_conflict");
  ck_assert_says(lost.message(), ("number " + to_text(slave.json["id"])).c_str());
  ck_assert_uint_eq(fixture.call("GET", "/api/v1/slaves", ann).json["items"].size(), 1);
}
END_TEST

START_TEST(a_kept_answer_with_a_secret_cannot_be_read_in_the_database) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const made = fixture.once("k", "/api/v1/slaves", ann, {{"name", "pc"}});
  auto const password = made.json["slavepassword"].get<std::string>();
  auto const user = fixture.call("GET", "/api/v1/users/me", ann).json["id"].get<std::int64_t>();
  auto const digest = sha256("POST /api/v1/slaves\n" + json({{"name", "pc"}}).dump());
  auto const kept = store::begin_idempotent(fixture.database, user, "k", as_bytes(digest));
  ck_assert(kept.has_value() && kept->done());
  ck_assert(kept->answer.size() > password.size());
  ck_assert(kept->answer.find(password) == std::string::npos);
}
END_TEST

START_TEST(a_sealed_text_opens_with_its_key_alone_and_unchanged) {
  std::string const key(32, 'k');
  std::string const text("the\0 secret", 11);
  auto const sealed = seal(key, text);
  ck_assert(unseal(key, sealed) == text);
  ck_assert(seal(key, text) != sealed);
  ck_assert(!unseal(std::string(32, 'j'), sealed));
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    auto changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    ck_assert(!unseal(key, changed));
    ck_assert(!unseal(key, sealed.substr(0, at)));
  }
}
END_TEST

START_TEST(only_the_revision_that_was_looked_at_is_changed) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const slave = fixture.call("POST", "/api/v1/slaves", ann, {{"name", "pc"}}).json["id"];
  auto const path = "/api/v1/slaves/" + to_text(slave);
  auto const seen = fixture.call("GET", path, ann).json["revision"].get<std::int64_t>();
  auto const tag = [](std::int64_t revision) { return "\"r" + std::to_string(revision) + "\""; };
  auto const renamed = fixture.change(tag(seen), "PATCH", path, ann, {{"name", "desk"}});
  ck_assert_msg(renamed.status == 200, "%s", renamed.text.c_str());
  ck_assert(renamed.json["revision"].get<std::int64_t>() > seen);
  for (auto const& stale : {tag(seen), tag(seen + 99), std::string("\"bogus\""), std::string("bogus"),
                            std::string("\"r\""), std::string("\"r-1\""), std::string("W/\"r1\"")}) {
    for (auto const& reply :
         {fixture.change(stale, "PATCH", path, ann, {{"name", "other"}}),
          fixture.change(stale, "POST", path + "/revoke", ann), fixture.change(stale, "POST", path + "/rotate", ann)}) {
      ck_assert_msg(reply.status == 412, "%s: %s", stale.c_str(), reply.text.c_str());
      ck_assert_text(reply.json["code"], "precondition_failed");
    }
  }
  auto const now = fixture.call("GET", path, ann).json;
  ck_assert(now["name"] == "desk" && now["state"] == "enabled");
  ck_assert_int_eq(fixture.change("*", "PATCH", path, ann, {{"name", "other"}}).status, 200);
  ck_assert_int_eq(fixture.change(tag(1), "POST", "/api/v1/projects", ann, {{"name", "film"}}).status, 400);
}
END_TEST

START_TEST(an_expectation_ends_with_its_request) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const path =
      "/api/v1/slaves/" + to_text(fixture.call("POST", "/api/v1/slaves", ann, {{"name", "pc"}}).json["id"]);
  ck_assert_int_eq(fixture.change("\"r99\"", "PATCH", path, ann, {{"name", ""}}).status, 400);
  ck_assert_int_eq(fixture.call("PATCH", path, ann, {{"name", "desk"}}).status, 200);
}
END_TEST

START_TEST(every_body_is_json_and_a_change_may_be_a_merge_patch) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const typed = [&](std::string const& type, std::string const& method, std::string const& path,
                         json const& body) {
    return fixture.call_with({{"content-type", type}}, method, path, ann, body);
  };
  for (auto const* type : {"application/json", "Application/JSON; charset=utf-8"})
    ck_assert_int_eq(typed(type, "POST", "/api/v1/projects", {{"name", random_secret()}}).status, 201);
  for (auto const* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                           "application/merge-patch+json", "application/jsonx", "json"}) {
    auto const refused = typed(type, "POST", "/api/v1/projects", {{"name", random_secret()}});
    ck_assert_msg(refused.status == 415, "%s: %s", type, refused.text.c_str());
    ck_assert_text(refused.json["code"], "unsupported_media_type");
  }
  auto const path =
      "/api/v1/slaves/" + to_text(fixture.call("POST", "/api/v1/slaves", ann, {{"name", "pc"}}).json["id"]);
  ck_assert_int_eq(typed("application/merge-patch+json", "PATCH", path, {{"name", "desk"}}).status, 200);
  ck_assert_int_eq(typed("application/json-patch+json", "PATCH", path, {{"name", "desk"}}).status, 415);
}
END_TEST

Reply long_handler(Request const&, Context&) {
  return text_reply(200, "application/json", std::string(4000, 'x'));
}

START_TEST(no_answer_with_a_secret_is_compressed) {
  Fixture fixture;
  Router const router({Route("GET", "/plain", Needs::nothing, Scope::none, long_handler),
                       Route("GET", "/secret", Needs::nothing, Scope::none, long_handler).with_secret()},
                      *fixture.services, handle_page);
  Worker worker{fixture.database};
  auto const length = [&](std::string const& path) {
    Request request;
    request.method = "GET";
    request.path = path;
    request.headers = {{"accept-encoding", "gzip"}};
    auto const reply = router.answer(request, worker);
    return std::get<std::string>(reply.body).size();
  };
  ck_assert_uint_lt(length("/plain"), 1000);
  ck_assert_uint_eq(length("/secret"), 4000);
  for (auto const& route : api_routes()) {
    auto const what = std::string(route.method) + " " + std::string(route.pattern);
    for (auto const* secret :
         {"POST /api/v1/users", "POST /api/v1/sessions", "GET /api/v1/sessions/current", "POST /api/v1/tokens",
          "POST /api/v1/invitations", "POST /api/v1/slaves", "POST /api/v1/slaves/{slave_id}/rotate",
          "POST /api/v1/webhooks", "POST /api/v1/webhooks/{webhook_id}/rotate"})
      if (what == secret) ck_assert_msg(route.secret_answer, "%s", secret);
  }
}
END_TEST

START_TEST(a_stale_cancel_leaves_the_dependent_jobs_alone) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const made = fixture.call("POST", "/api/v1/submissions", ann,
                                 sample_job(fixture, ann, {{"frames", "1-3"}, {"video", {{"format", "MP4"}}}}));
  ck_assert_msg(made.status == 201, "%s", made.text.c_str());
  auto const path = "/api/v1/jobs/" + to_text(made.json["id"]);
  auto const video = "/api/v1/jobs/" + to_text(made.json["jobs"].back()["id"]);
  ck_assert(path != video);
  ck_assert_int_eq(fixture.change("\"r99\"", "POST", path + "/cancel", ann).status, 412);
  ck_assert_text(fixture.call("GET", video, ann).json["state"], "active");
  auto const tag = "\"r" + to_text(fixture.call("GET", path, ann).json["revision"]) + "\"";
  ck_assert_int_eq(fixture.change(tag, "POST", path + "/cancel", ann).status, 200);
  ck_assert_text(fixture.call("GET", video, ann).json["state"], "cancelled");
}
END_TEST

START_TEST(a_stale_move_to_a_shot_moves_nothing) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const project = fixture.call("POST", "/api/v1/projects", ann, {{"name", "film"}}).json["id"];
  auto const made =
      fixture.call("POST", "/api/v1/submissions", ann, sample_job(fixture, ann, {{"project_id", project}}));
  ck_assert_msg(made.status == 201, "%s", made.text.c_str());
  auto const path = "/api/v1/jobs/" + to_text(made.json["id"]);
  auto const shots = "/api/v1/projects/" + to_text(project) + "/shots";
  auto const seen = "\"r" + to_text(made.json["revision"]) + "\"";
  auto const shot = fixture.call("POST", shots, ann, {{"sequence", "SQ"}, {"name", "SH"}}).json["id"];
  json const move{{"shot_id", shot}, {"name", "better"}};
  ck_assert_int_eq(fixture.change("\"r99\"", "PATCH", path, ann, move).status, 412);
  ck_assert(fixture.call("GET", shots, ann).json["items"][0]["job_count"] == 0);
  auto const moved = fixture.change(seen, "PATCH", path, ann, move);
  ck_assert_msg(moved.status == 200, "%s", moved.text.c_str());
  ck_assert(moved.json["name"] == "better" && moved.json["shot"]["name"] == "SQ/SH");
  ck_assert_int_eq(fixture.change(seen, "PATCH", path, ann, {{"priority", 3}}).status, 412);
}
END_TEST

Reply throwing_handler(Request const&, Context&) {
  throw std::runtime_error("on purpose");
}

START_TEST(a_handler_that_throws_leaves_no_key_locked_and_no_expectation) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const path =
      "/api/v1/slaves/" + to_text(fixture.call("POST", "/api/v1/slaves", ann, {{"name", "pc"}}).json["id"]);
  std::vector<Route> routes{
      Route("POST", "/api/v1/slaves/{slave_id}/throw", Needs::login, Scope::none, throwing_handler)
          .once("")
          .with_revision()};
  Router const router(std::move(routes), *fixture.services, handle_page);
  Request request;
  request.method = "POST";
  request.path = path + "/throw";
  request.headers = {{"authorization", "Bearer " + ann}, {"idempotency-key", "k"}, {"if-match", "\"r99\""}};
  Worker worker{fixture.database};
  bool thrown = false;
  try {
    (void)router.answer(request, worker);
  } catch (std::runtime_error const&) {
    thrown = true;
  }
  ck_assert(thrown);
  ck_assert_int_eq(fixture.call("PATCH", path, ann, {{"name", "desk"}}).status, 200);
  auto const user = fixture.call("GET", "/api/v1/users/me", ann).json["id"].get<std::int64_t>();
  Database other(*the_database);
  ck_assert(store::begin_idempotent(other, user, "k", as_bytes(sha256("x"))).has_value());
}
END_TEST

START_TEST(a_connection_that_is_lost_in_a_request_changes_nothing_more) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const slave = fixture.call("POST", "/api/v1/slaves", ann, {{"name", "pc"}}).json["id"].get<std::int64_t>();
  ck_assert(store::expect_revision(fixture.database, "slave", slave, 99).has_value());
  ck_assert(!fixture.database.execute("KILL CONNECTION_ID()").has_value());
  auto const renamed = store::rename_slave(fixture.database, slave, "desk");
  ck_assert(!renamed.has_value() && renamed.error().code == Errc::unavailable);
  ck_assert(store::accept_any_revision(fixture.database).has_value());
  ck_assert_text(store::show_slave(fixture.database, slave)->name, "pc");
  ck_assert(store::rename_slave(fixture.database, slave, "desk").has_value());
}
END_TEST

START_TEST(what_is_fetched_ignores_if_match) {
  Fixture fixture;
  auto const ann = fixture.person();
  ck_assert_int_eq(fixture.change("\"an-etag\"", "GET", "/api/v1/projects", ann).status, 200);
}
END_TEST

TestGroup const requests_tests{
    "requests",
    {what_is_created_twice_with_one_key_is_one_thing_with_one_answer, a_key_belongs_to_one_user,
     what_failed_may_be_repeated_with_its_key, while_the_first_is_being_done_the_second_is_told_to_wait,
     what_was_created_before_a_kill_is_not_created_again, a_kept_answer_with_a_secret_cannot_be_read_in_the_database,
     a_sealed_text_opens_with_its_key_alone_and_unchanged, only_the_revision_that_was_looked_at_is_changed,
     an_expectation_ends_with_its_request, every_body_is_json_and_a_change_may_be_a_merge_patch,
     no_answer_with_a_secret_is_compressed, a_stale_cancel_leaves_the_dependent_jobs_alone,
     a_stale_move_to_a_shot_moves_nothing, a_handler_that_throws_leaves_no_key_locked_and_no_expectation,
     a_connection_that_is_lost_in_a_request_changes_nothing_more, what_is_fetched_ignores_if_match},
    with_database};

}  // namespace

// One's own account over the HTTP API: sessions, e-mail address, password, deletion; and what others see of it.
#include <string>

#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/sample_job.h"

using namespace distren;
using nlohmann::json;

namespace {

constexpr char const* me = "/api/v1/users/me";

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
  std::string name;
  std::string secret = person(&name);

  ApiReply log_in(std::string const& password = "long enough") {
    return call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", password}});
  }
  std::int64_t id() { return call("GET", me, secret).json["id"].get<std::int64_t>(); }
  std::string token(std::vector<std::string> const& scopes) {
    auto const made = call("POST", "/api/v1/tokens", secret, {{"name", "laptop"}, {"scopes", scopes}});
    ck_assert_msg(made.status == 201, "%s", made.text.c_str());
    return made.json["secret"];
  }
  std::string admin() {
    return call("POST", "/api/v1/sessions", "", {{"name", "admin"}, {"password", admin_password}}).json["token"];
  }
};

START_TEST(a_person_sees_where_he_is_logged_in_and_ends_a_login_that_he_does_not_know) {
  Fixture desk;
  Request request;
  request.method = "POST";
  request.headers = {{"user-agent", "Lynx\x1b[2J " + std::string(400, 'x')}};
  request.body = json{{"name", desk.name}, {"password", "long enough"}}.dump();
  auto const other = desk.send(std::move(request), "/api/v1/sessions").json["token"].get<std::string>();
  auto const listed = desk.call("GET", "/api/v1/sessions", desk.secret).json["items"];
  ck_assert_uint_eq(listed.size(), 2);
  auto const& newest = listed[0];
  ck_assert_msg(newest["address"] == "203.0.113.7" && newest["is_current"] == false && listed[1]["is_current"] == true,
                "%s", listed.dump().c_str());
  auto const agent = newest["user_agent"].get<std::string>();
  ck_assert(agent.starts_with("Lynx") && agent.find('\x1b') == std::string::npos && agent.size() <= 210);
  auto const path = "/api/v1/sessions/" + newest["id"].dump();
  auto const stranger = desk.person();
  ck_assert_int_eq(desk.call("DELETE", path, stranger).status, 404);
  ck_assert_int_eq(desk.call("DELETE", path, desk.secret).status, 204);
  ck_assert_int_eq(desk.call("DELETE", path, desk.secret).status, 404);
  ck_assert_int_eq(desk.call("GET", me, other).status, 401);
  ck_assert_int_eq(desk.call("DELETE", "/api/v1/sessions/0", desk.secret).status, 404);
  ck_assert_int_eq(desk.call("GET", "/api/v1/sessions/current", desk.secret).json["kind"] == "bearer", true);
}
END_TEST

START_TEST(an_api_token_is_no_session) {
  Fixture desk;
  auto const token = desk.token({"jobs:read", "account:read"});
  ck_assert_int_eq(desk.call("GET", "/api/v1/sessions/current", token).status, 404);
  ck_assert_text(desk.call("GET", me, token).json["name"], desk.name);
}
END_TEST

START_TEST(an_email_address_is_changed_by_whoever_knows_the_password) {
  Fixture desk;
  auto const set = [&desk](json const& body) { return desk.call("PATCH", me, desk.secret, body); };
  ck_assert(desk.call("GET", me, desk.secret).json["email"].is_null());
  auto const done = set({{"email", "ann@example.org"}, {"current_password", "long enough"}});
  ck_assert_msg(done.status == 200 && done.json["email"] == "ann@example.org", "%s", done.text.c_str());
  for (auto const& [body, status] : {std::pair<json, int>{{{"email", "a@example.org"}}, 400},
                                     {{{"email", "a@example.org"}, {"current_password", "guess"}}, 403},
                                     {{{"email", ""}, {"current_password", "long enough"}}, 400},
                                     {{{"email", "no address"}, {"current_password", "long enough"}}, 400},
                                     {{{"email", 1}, {"current_password", "long enough"}}, 400},
                                     {{{"name", "other"}}, 400}})
    ck_assert_msg(set(body).status == status, "%s", body.dump().c_str());
  ck_assert(set(json::object()).json["email"] == "ann@example.org");
  ck_assert(set({{"email", nullptr}, {"current_password", "long enough"}}).json["email"].is_null());
  for (auto const& body : {json{{"email", "b@example.org"}, {"current_password", "long enough"}}, json::object()}) {
    Request request;
    request.method = "PATCH";
    request.headers = {{"authorization", "Bearer " + desk.secret}, {"if-match", "\"r1\""}};
    request.body = body.dump();
    ck_assert_msg(desk.send(std::move(request), me).status == 412, "%s", body.dump().c_str());
  }
}
END_TEST

START_TEST(a_new_password_ends_all_other_logins) {
  Fixture desk;
  auto const other = desk.log_in().json["token"].get<std::string>();
  auto const change = [&desk](json const& body) {
    return desk.call("PUT", std::string(me) + "/password", desk.secret, body);
  };
  ck_assert_int_eq(change({{"current_password", "guess"}, {"new_password", "even longer"}}).status, 403);
  ck_assert_int_eq(change({{"current_password", "long enough"}, {"new_password", "short"}}).status, 400);
  ck_assert_int_eq(change({{"new_password", "even longer"}}).status, 400);
  ck_assert_int_eq(desk.call("GET", me, other).status, 200);
  ck_assert_int_eq(change({{"current_password", "long enough"}, {"new_password", "even longer"}}).status, 204);
  ck_assert_int_eq(desk.call("GET", me, other).status, 401);
  ck_assert_int_eq(desk.call("GET", me, desk.secret).status, 200);
  ck_assert_int_eq(desk.log_in().status, 401);
  ck_assert_int_eq(desk.log_in("even longer").status, 201);
}
END_TEST

START_TEST(wrong_present_passwords_lock_the_account_like_wrong_logins) {
  Fixture desk;
  int status = 403;
  for (int i = 0; i < 30 && status == 403; ++i)
    status = desk.call("PUT", std::string(me) + "/password", desk.secret,
                       {{"current_password", "guess"}, {"new_password", "even longer"}})
                 .status;
  ck_assert_int_eq(status, 429);
  ck_assert_int_eq(desk.log_in().status, 429);
}
END_TEST

START_TEST(a_deleted_account_leaves_nothing_but_its_number) {
  Fixture desk;
  auto const user = desk.id();
  auto const project = desk.call("POST", "/api/v1/projects", desk.secret, {{"name", "film"}}).json["id"];
  auto const job = new_job(desk, desk.secret);
  auto const slave = desk.call("POST", "/api/v1/slaves", desk.secret, {{"name", "attic"}}).json;
  auto const number = slave["id"].get<std::int64_t>();
  desk.connect(a_slave(number, user));
  auto const token = desk.token({"account:read", "account:write"});
  // Not by a token, nor by a login that somebody found open.
  ck_assert_text(desk.call("DELETE", me, token).json["code"], "login_too_old");
  ck_assert(desk.database.execute("SET timestamp = UNIX_TIMESTAMP() + 360").has_value());  // six minutes pass
  auto const old = desk.call("DELETE", me, desk.secret);
  ck_assert(old.status == 403 && old.json["code"] == "login_too_old");
  auto const fresh = desk.log_in().json["token"].get<std::string>();
  ck_assert_int_eq(desk.call("DELETE", me, fresh).status, 204);

  ck_assert(!desk.online(number));
  for (auto const& secret : {desk.secret, fresh, token}) ck_assert_int_eq(desk.call("GET", me, secret).status, 401);
  ck_assert_int_eq(desk.log_in().status, 401);
  auto const admin = desk.admin();
  ck_assert_int_eq(desk.call("GET", "/api/v1/users/" + std::to_string(user), admin).status, 404);
  ck_assert(desk.call("GET", "/api/v1/users?name=" + desk.name, admin).json["items"].empty());
  auto const shown = desk.call("GET", "/api/v1/slaves/" + std::to_string(number), admin).json;
  ck_assert_msg(shown["state"] == "revoked" && shown["owner"]["name"].is_null(), "%s", shown.dump().c_str());
  ck_assert(!desk.gate.enter(desk.database, "203.0.113.9", slave["slavekey"].get<std::string>(),
                             slave["slavepassword"].get<std::string>()));
  // Nothing of it is rendered; that its jobs go is left to maintenance, because it may take long.
  ck_assert_text(desk.call("GET", job_path(job), admin).json["state"], "cancelled");
  for (int i = 0; i < 2; ++i) desk.services->jobs.remove_gone(desk.database);
  ck_assert_int_eq(desk.call("GET", job_path(job), admin).status, 404);
  ck_assert_int_eq(desk.call("GET", "/api/v1/projects/" + project.dump(), admin).status, 404);
  // The name is free for somebody else, who is somebody else.
  auto const again = desk.call("POST", "/api/v1/users", "", {{"name", desk.name}, {"password", "long enough"}});
  ck_assert(again.status == 201 && again.json["user"]["id"] != user);
}
END_TEST

START_TEST(the_last_administrator_stays) {
  Fixture desk;
  auto const refused = desk.call("DELETE", me, desk.admin());
  ck_assert_int_eq(refused.status, 409);
  ck_assert_says(refused.message(), "last administrator");
}
END_TEST

START_TEST(others_see_of_an_account_what_is_public) {
  Fixture desk;
  desk.call("PATCH", me, desk.secret, {{"email", "ann@example.org"}, {"current_password", "long enough"}});
  auto const path = "/api/v1/users/" + std::to_string(desk.id());
  auto const stranger = desk.person();
  auto const seen = desk.call("GET", path, stranger).json;
  ck_assert_text(seen["name"], desk.name);
  for (auto const* hidden : {"email", "last_login_at", "blocked_at", "blocked_reason", "job_count", "slave_count"})
    ck_assert_msg(seen.contains(hidden) && seen[hidden].is_null(), "%s", hidden);
  ck_assert_text(desk.call("GET", path, desk.secret).json["email"], "ann@example.org");
  ck_assert_text(desk.call("GET", path, desk.admin()).json["email"], "ann@example.org");
  auto const found = desk.call("GET", "/api/v1/users?name=" + desk.name, stranger).json["items"];
  ck_assert(found.size() == 1 && found[0] == seen);
  ck_assert(desk.call("GET", "/api/v1/users?name=nobody-here", stranger).json["items"].empty());
  ck_assert_int_eq(desk.call("GET", "/api/v1/users", stranger).status, 403);
  ck_assert_int_eq(desk.call("GET", "/api/v1/users?q=a", stranger).status, 403);
  ck_assert_int_eq(desk.call("GET", "/api/v1/users/987654", stranger).status, 404);
}
END_TEST

START_TEST(an_invitation_makes_one_account_while_registration_is_closed) {
  Fixture desk;
  auto const admin = desk.admin();
  auto const make = [&](std::string const& who, json const& body) {
    return desk.call("POST", "/api/v1/invitations", who, body);
  };
  auto const made = make(admin, {{"note", "for Eve"}});
  ck_assert_msg(made.status == 201 && made.json["note"] == "for Eve" && made.json["used_by"].is_null(), "%s",
                made.text.c_str());
  ck_assert_int_eq(make(desk.secret, {{"note", "for me"}}).status, 403);
  for (json const& bad : std::initializer_list<json>{
           {{"note", ""}}, {{"note", "a\nb"}}, {{"valid_for_ms", 1}}, {{"valid_for_ms", 7776000001}}, {{"count", 5}}})
    ck_assert_msg(make(admin, bad).status == 400, "%s", bad.dump().c_str());
  desk.config.registration = false;
  auto const come = [&](json const& invitation) {
    auto const name = "i" + random_secret().substr(0, 12);
    return desk.call("POST", "/api/v1/users", "",
                     {{"name", name}, {"password", "long enough"}, {"invitation", invitation}});
  };
  auto const wrong = come("no-such-invitation");
  ck_assert(wrong.status == 403 && wrong.json["code"] == "invitation_invalid");
  ck_assert_text(come(nullptr).json["code"], "registration_closed");
  auto const came = come(made.json["secret"]);
  ck_assert_msg(came.status == 201, "%s", came.text.c_str());
  ck_assert_text(come(made.json["secret"]).text, wrong.text);

  auto const listed = desk.call("GET", "/api/v1/invitations?limit=1", admin);
  ck_assert(listed.json["items"][0]["used_by"] ==
            json({{"id", came.json["user"]["id"]}, {"name", came.json["user"]["name"]}}));
  ck_assert(listed.text.find(made.json["secret"].get<std::string>()) == std::string::npos);
  ck_assert_int_eq(desk.call("GET", "/api/v1/invitations", desk.secret).status, 403);
  auto const path = "/api/v1/invitations/" + made.json["id"].dump();
  ck_assert_int_eq(desk.call("DELETE", path, desk.secret).status, 403);
  ck_assert_int_eq(desk.call("DELETE", path, admin).status, 204);
  ck_assert_int_eq(desk.call("DELETE", path, admin).status, 404);
}
END_TEST

TestGroup const account_tests{
    "account",
    {a_person_sees_where_he_is_logged_in_and_ends_a_login_that_he_does_not_know, an_api_token_is_no_session,
     an_email_address_is_changed_by_whoever_knows_the_password, a_new_password_ends_all_other_logins,
     wrong_present_passwords_lock_the_account_like_wrong_logins, a_deleted_account_leaves_nothing_but_its_number,
     the_last_administrator_stays, others_see_of_an_account_what_is_public,
     an_invitation_makes_one_account_while_registration_is_closed},
    with_database};

}  // namespace

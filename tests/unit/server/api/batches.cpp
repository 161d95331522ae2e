// One action for many: each by itself, with its own status and problem.
#include <string>
#include <vector>

#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/sample_job.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
  json job(std::string const& secret) {
    auto const made = call("POST", "/api/v1/submissions", secret, sample_job(*this, secret, json::object()));
    ck_assert_msg(made.status == 201, "%s", made.text.c_str());
    return made.json["id"];
  }
};

START_TEST(one_that_cannot_be_changed_keeps_none_of_the_others) {
  Fixture fixture;
  auto const ann = fixture.person(), ben = fixture.person();
  auto const first = fixture.job(ann), his = fixture.job(ben), ended = fixture.job(ann), last = fixture.job(ann);
  ck_assert_int_eq(fixture.call("POST", job_path(ended, "/cancel"), ann).status, 200);
  auto const ids = json::array({first, his, ended, 999999999, last});
  auto const done = fixture.call("POST", "/api/v1/jobs/batch", ann, {{"action", "pause"}, {"ids", ids}});
  ck_assert_msg(done.status == 200, "%s", done.text.c_str());
  auto const& items = done.json["items"];
  ck_assert_uint_eq(items.size(), 5);
  for (std::size_t i = 0; i < ids.size(); ++i) ck_assert(items[i]["id"] == ids[i]);
  for (auto const i : {0, 4}) {
    ck_assert_int_eq(items[i]["status"].get<int>(), 200);
    ck_assert(items[i]["problem"].is_null());
    ck_assert_text(fixture.call("GET", job_path(ids[i]), ann).json["state"], "paused");
  }
  for (auto const i : {1, 3}) {
    ck_assert_int_eq(items[i]["status"].get<int>(), 404);
    ck_assert_text(items[i]["problem"]["code"], "not_found");
    ck_assert(items[i]["problem"].contains("request_id"));
  }
  ck_assert_int_eq(items[2]["status"].get<int>(), 409);
  ck_assert_text(fixture.call("GET", job_path(his), ben).json["state"], "active");
}
END_TEST

START_TEST(what_a_job_can_be_asked_can_be_asked_of_many) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const ids = json::array({fixture.job(ann), fixture.job(ann)});
  auto const statuses = [&](std::string_view action) {
    std::vector<int> all;
    auto const reply = fixture.call("POST", "/api/v1/jobs/batch", ann, {{"action", action}, {"ids", ids}});
    for (auto const& item : reply.json["items"]) all.push_back(item["status"]);
    return all;
  };
  ck_assert((statuses("pause") == std::vector{200, 200}));
  ck_assert((statuses("resume") == std::vector{200, 200}));
  ck_assert((statuses("delete") == std::vector{409, 409}));
  ck_assert((statuses("cancel") == std::vector{200, 200}));
  ck_assert((statuses("delete") == std::vector{204, 204}));
  ck_assert((statuses("delete") == std::vector{404, 404}));
}
END_TEST

START_TEST(what_is_too_much_for_one_request_is_begun) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto ids = json::array();
  for (int const frames : {12000, 12000, 10}) {
    auto const made = fixture.call("POST", "/api/v1/submissions", ann,
                                   sample_job(fixture, ann, {{"frames", "1-" + std::to_string(frames)}}));
    ck_assert_msg(made.status == 201, "%s", made.text.c_str());
    ids.push_back(made.json["id"]);
    ck_assert_int_eq(fixture.call("POST", job_path(made.json["id"], "/cancel"), ann).status, 200);
  }
  auto const done = fixture.call("POST", "/api/v1/jobs/batch", ann, {{"action", "delete"}, {"ids", ids}}).json["items"];
  ck_assert_msg(done[0]["status"] == 204 && done[1]["status"] == 202 && done[2]["status"] == 204, "%s",
                done.dump().c_str());
  ck_assert(done[0]["operation_id"].is_null() && done[1]["problem"].is_null());
  auto const path = "/api/v1/operations/" + done[1]["operation_id"].dump();
  ck_assert(fixture.call("GET", path, ann).json["job"]["id"] == ids[1]);
}
END_TEST

START_TEST(slaves_are_disabled_enabled_and_revoked_together) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto ids = json::array();
  for (auto const* name : {"attic", "cellar"})
    ids.push_back(fixture.call("POST", "/api/v1/slaves", ann, {{"name", name}}).json["id"]);
  for (auto const& [action, state] :
       {std::pair{"disable", "disabled"}, std::pair{"enable", "enabled"}, std::pair{"revoke", "revoked"}}) {
    auto const reply = fixture.call("POST", "/api/v1/slaves/batch", ann, {{"action", action}, {"ids", ids}});
    ck_assert_msg(reply.status == 200, "%s", reply.text.c_str());
    for (auto const& id : ids)
      ck_assert_text(fixture.call("GET", "/api/v1/slaves/" + id.dump(), ann).json["state"], state);
  }
}
END_TEST

START_TEST(a_batch_that_is_not_one_says_what_is_wrong_and_changes_nothing) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const job = fixture.job(ann);
  auto many = json::array();
  for (int i = 1; i <= 201; ++i) many.push_back(i);
  struct Bad {
    json body;
    std::string at, code;
  };
  for (auto const& bad : std::vector<Bad>{
           {{{"action", "pause"}}, "/ids", "missing"},
           {{{"ids", {job}}}, "/action", "missing"},
           {{{"action", "explode"}, {"ids", {job}}}, "/action", "not_found"},
           {{{"action", "enable"}, {"ids", {job}}}, "/action", "not_found"},
           {{{"action", "pause"}, {"ids", json::array()}}, "/ids", "out_of_range"},
           {{{"action", "pause"}, {"ids", many}}, "/ids", "too_long"},
           {{{"action", "pause"}, {"ids", job}}, "/ids", "wrong_type"},
           {{{"action", "pause"}, {"ids", json::array({job, "7"})}}, "/ids/1", "wrong_type"},
           {{{"action", "pause"}, {"ids", json::array({job, 1.5})}}, "/ids/1", "wrong_type"},
           {{{"action", "pause"}, {"ids", json::array({job, 0})}}, "/ids/1", "out_of_range"},
           {{{"action", "pause"}, {"ids", json::array({job, 9007199254740992})}}, "/ids/1", "out_of_range"},
           {{{"action", "pause"}, {"ids", json::array({job, job})}}, "/ids/1", "duplicate"},
           {{{"action", "pause"}, {"ids", json::array({job})}, {"reason", "x"}}, "/reason", "unknown"}}) {
    auto const reply = fixture.call("POST", "/api/v1/jobs/batch", ann, bad.body);
    ck_assert_msg(reply.status == 400, "%s: %s", bad.body.dump().c_str(), reply.text.c_str());
    auto const& error = reply.json["errors"][0];
    ck_assert_msg(error["at"] == bad.at && error["code"] == bad.code, "%s: %s", bad.body.dump().c_str(),
                  reply.text.c_str());
  }
  ck_assert_text(fixture.call("GET", job_path(job), ann).json["state"], "active");
}
END_TEST

START_TEST(frames_are_requeued_together) {
  Fixture fixture;
  auto const ann = fixture.person();
  auto const job = fixture.job(ann);
  auto ids = json::array();
  for (auto const& task : fixture.call("GET", job_path(job, "/tasks"), ann).json["items"]) ids.push_back(task["id"]);
  ids.push_back(999999999);
  auto const one = fixture.call("POST", "/api/v1/tasks/" + ids[0].dump() + "/requeue", ann);
  auto const all = fixture.call("POST", "/api/v1/tasks/batch", ann, {{"action", "requeue"}, {"ids", ids}});
  ck_assert_int_eq(all.status, 200);
  ck_assert_int_eq(all.json["items"][0]["status"].get<int>(), one.status);
  ck_assert_int_eq(all.json["items"].back()["status"].get<int>(), 404);
}
END_TEST

TestGroup const batches_tests{
    "batches",
    {one_that_cannot_be_changed_keeps_none_of_the_others, what_a_job_can_be_asked_can_be_asked_of_many,
     what_is_too_much_for_one_request_is_begun, slaves_are_disabled_enabled_and_revoked_together,
     frames_are_requeued_together, a_batch_that_is_not_one_says_what_is_wrong_and_changes_nothing},
    with_database};

}  // namespace

// Projects, sequences and shots over the HTTP API.
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
  std::string owner = person();
  std::string project = call("POST", "/api/v1/projects", owner, {{"name", "film"}}).json["id"].dump();
  std::string shots = "/api/v1/projects/" + project + "/shots";

  ApiReply submit(json const& changes) {
    std::ifstream file(top / "methods/blender/sample/distren-sample.blend", std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    auto const blend = text.str();
    ck_assert_int_eq(upload(owner, blend).status, 201);
    json request{{"name", "film"}, {"main_file", "scene.blend"}, {"frames", "1-4"}};
    request["files"] =
        json::array({{{"path", "scene.blend"}, {"sha256", to_hex(sha256(blend))}, {"size_bytes", blend.size()}}});
    request.merge_patch(changes);
    return call("POST", "/api/v1/submissions", owner, request);
  }
};

}  // namespace

START_TEST(shots_are_made_listed_changed_and_removed) {
  Fixture desk;
  auto const made = desk.call("POST", desk.shots, desk.owner, {{"sequence", "SQ010"}, {"name", "SH010"}});
  ck_assert_msg(made.status == 201, "%s", made.text.c_str());
  ck_assert_text(made.json["state"], "waiting");
  ck_assert(made.json["state_is_manual"] == false && made.json["latest_job"].is_null() &&
            made.json["thumbnail"].is_null());
  auto const again = desk.call("POST", desk.shots, desk.owner, {{"sequence", "SQ010"}, {"name", "SH010"}});
  ck_assert(again.status == 201 && again.json["id"] == made.json["id"]);
  desk.call("POST", desk.shots, desk.owner, {{"sequence", "SQ020"}, {"name", "SH010"}});
  auto const page = desk.call("GET", desk.shots + "?limit=1", desk.owner);
  ck_assert_uint_eq(page.json["items"].size(), 1);
  auto const next = desk.call("GET", desk.shots + "?cursor=" + page.json["next_cursor"].get<std::string>(), desk.owner);
  ck_assert_text(next.json["items"][0]["sequence"], "SQ020");
  auto const path = "/api/v1/shots/" + made.json["id"].dump();
  auto const changed =
      desk.call("PATCH", path, desk.owner, {{"name", "SH015"}, {"sequence", "SQ030"}, {"state", "done"}});
  ck_assert_msg(changed.status == 200, "%s", changed.text.c_str());
  ck_assert_text(changed.json["name"], "SH015");
  ck_assert(changed.json["state"] == "done" && changed.json["state_is_manual"] == true &&
            changed.json["sequence"] == "SQ030");
  ck_assert(desk.call("PATCH", path, desk.owner, {{"state", nullptr}}).json["state"] == "waiting");
  ck_assert_text(desk.call("GET", "/api/v1/projects/" + desk.project, desk.owner).json["name"], "film");
  ck_assert_int_eq(desk.call("DELETE", path, desk.owner).status, 204);
  ck_assert_int_eq(desk.call("GET", path, desk.owner).status, 404);
}
END_TEST

START_TEST(bad_shots_get_a_sentence) {
  Fixture desk;
  auto say = [&desk](json const& body) { return desk.call("POST", desk.shots, desk.owner, body).message(); };
  ck_assert_says(say({{"sequence", "a/b"}, {"name", "x"}}), "cannot be a sequence's name");
  ck_assert_says(say({{"sequence", "a"}, {"name", std::string(65, 'x')}}), "1 to 64 characters");
  ck_assert_says(say({{"sequence", "a"}, {"name", "x\ny"}}), "cannot be shown");
  ck_assert_says(say({{"sequence", "a"}}), "name");
  auto const path = "/api/v1/shots/" +
                    desk.call("POST", desk.shots, desk.owner, {{"sequence", "a"}, {"name", "b"}}).json["id"].dump();
  ck_assert_says(desk.call("PATCH", path, desk.owner, {{"state", "lost"}}).message(), "no shot state");
  ck_assert_says(desk.call("PATCH", path, desk.owner, {{"state", ""}}).message(), "or null");
  ck_assert_says(desk.call("PATCH", path, desk.owner, {{"state", "auto"}}).message(), "no shot state");
  ck_assert_says(desk.call("PATCH", path, desk.owner, {{"name", nullptr}}).message(), "cannot be cleared");
  desk.call("POST", desk.shots, desk.owner, {{"sequence", "a"}, {"name", "c"}});
  ck_assert_int_eq(desk.call("PATCH", path, desk.owner, {{"name", "c"}}).status, 409);
  ck_assert_int_eq(
      desk.call("POST", "/api/v1/projects/99999/shots", desk.owner, {{"sequence", "a"}, {"name", "b"}}).status, 404);
}
END_TEST

START_TEST(a_job_is_submitted_into_a_shot) {
  Fixture desk;
  auto const project = json::parse(desk.project);
  ck_assert_says(desk.submit({{"shot_name", "SQ010/SH010"}}).message(), "say project_id too");
  for (auto const* bad : {"SH010", "/SH010", "SQ010/", "a\nb/c"})
    ck_assert_says(desk.submit({{"project_id", project}, {"shot_name", bad}}).message(), "is not like SEQUENCE/SHOT");
  ck_assert_says(desk.submit({{"project_id", project}, {"shot_name", "a/b/c"}}).message(), "cannot be a shot's name");
  ck_assert_int_eq(desk.submit({{"project_id", 99999}, {"shot_name", "a/b"}}).status, 404);
  auto const job = desk.submit({{"project_id", project}, {"shot_name", "SQ010/SH010"}});
  ck_assert_msg(job.status == 201, "%s", job.text.c_str());
  ck_assert_text(job.json["shot"]["name"], "SQ010/SH010");
  auto const path = "/api/v1/shots/" + job.json["shot"]["id"].dump();
  auto const shot = desk.call("GET", path, desk.owner);
  ck_assert_text(shot.json["state"], "work");
  ck_assert(shot.json["latest_job"]["id"] == job.json["id"] && shot.json["job_count"] == 1);
  auto const jobs = desk.call("GET", path + "/jobs", desk.owner);
  ck_assert_uint_eq(jobs.json["items"].size(), 1);
  ck_assert_text(jobs.json["items"][0]["name"], "film");
}
END_TEST

START_TEST(all_steps_of_a_submission_are_in_its_shot) {
  Fixture desk;
  auto const job = desk.submit({{"project_id", json::parse(desk.project)},
                                {"shot_name", "SQ010/SH010"},
                                {"tiles", "2x2"},
                                {"parameters", {{"percentage", 100}}},
                                {"video", {{"format", "MP4"}}}});
  ck_assert_msg(job.status == 201, "%s", job.text.c_str());
  ck_assert_uint_eq(job.json["jobs"].size(), 3);
  auto const shot = desk.call("GET", "/api/v1/shots/" + job.json["shot"]["id"].dump(), desk.owner);
  ck_assert(shot.json["job_count"] == 3);
  ck_assert(shot.json["latest_job"]["id"] == job.json["jobs"][1]["id"]);  // neither the tiles nor the video
}
END_TEST

START_TEST(a_job_is_moved_between_shots_of_its_project) {
  Fixture desk;
  auto const job = desk.submit({{"project_id", json::parse(desk.project)}, {"shot_name", "SQ010/SH010"}});
  auto const path = "/api/v1/jobs/" + job.json["id"].dump();
  auto const first = "/api/v1/shots/" + job.json["shot"]["id"].dump();
  auto const second = desk.call("POST", desk.shots, desk.owner, {{"sequence", "SQ010"}, {"name", "SH020"}}).json["id"];
  auto change = [&](json const& body) { return desk.call("PATCH", path, desk.owner, body); };
  ck_assert_int_eq(desk.call("PATCH", first, desk.owner, {{"state", "done"}}).status, 200);
  ck_assert_int_eq(change({{"shot_id", job.json["shot"]["id"]}}).status, 200);
  ck_assert(desk.call("GET", first, desk.owner).json["state"] == "done");  // nothing was moved
  auto const moved = change({{"shot_id", second}, {"name", "moved"}});
  ck_assert_msg(moved.status == 200, "%s", moved.text.c_str());
  ck_assert(moved.json["shot"]["name"] == "SQ010/SH020" && moved.json["name"] == "moved");
  ck_assert(desk.call("GET", first, desk.owner).json["job_count"] == 0);
  auto const there = desk.call("GET", "/api/v1/shots/" + second.dump(), desk.owner).json;
  ck_assert(there["job_count"] == 1 && there["state"] == "work");
  ck_assert(change(json::object()).json["shot"]["id"] == second);
  auto const out = change({{"shot_id", nullptr}});
  ck_assert(out.status == 200 && out.json["shot"].is_null() && out.json["name"] == "moved");
}
END_TEST

START_TEST(a_job_goes_into_no_shot_of_another_project) {
  Fixture desk;
  auto const job = desk.submit({{"project_id", json::parse(desk.project)}});
  auto const path = "/api/v1/jobs/" + job.json["id"].dump();
  Fixture stranger;
  auto const theirs =
      stranger.call("POST", stranger.shots, stranger.owner, {{"sequence", "SQ"}, {"name", "SH"}}).json["id"];
  // One that is somebody else's reads like one that is not there.
  for (auto const& shot : {theirs, json(987654)}) {
    auto const refused = desk.call("PATCH", path, desk.owner, {{"shot_id", shot}, {"name", "not this"}});
    ck_assert_msg(refused.status == 400 && refused.json["errors"][0]["at"] == "/shot_id" &&
                      refused.json["errors"][0]["code"] == "not_found",
                  "%s", refused.text.c_str());
    ck_assert_says(refused.message(), "there is no shot " + shot.dump() + " in the project 'film'");
  }
  for (json const& bad : std::initializer_list<json>{
           {{"shot_id", 0}}, {{"shot_id", "1"}}, {{"shot_name", "a/b"}}, {{"name", nullptr}}, {{"priority", nullptr}}})
    ck_assert_msg(desk.call("PATCH", path, desk.owner, bad).status == 400, "%s", bad.dump().c_str());
  ck_assert_text(desk.call("GET", path, desk.owner).json["name"], "film");
  auto const alone = desk.submit(json::object());
  auto const lost = desk.call("PATCH", "/api/v1/jobs/" + alone.json["id"].dump(), desk.owner, {{"shot_id", theirs}});
  ck_assert_int_eq(lost.status, 400);
  ck_assert_says(lost.message(), "is in no project");
}
END_TEST

START_TEST(a_project_is_renamed_and_goes_when_no_job_is_left) {
  Fixture desk;
  auto const path = "/api/v1/projects/" + desk.project;
  auto change = [&](json const& body) { return desk.call("PATCH", path, desk.owner, body); };
  auto const renamed = change({{"name", "Größer"}});
  ck_assert_msg(renamed.status == 200 && renamed.json["name"] == "Größer" && renamed.json["revision"] == 2, "%s",
                renamed.text.c_str());
  for (json const& bad : std::initializer_list<json>{
           json::object(), {{"name", ""}}, {{"name", nullptr}}, {{"name", "a\nb"}}, {{"name", std::string(201, 'x')}}})
    ck_assert_msg(change(bad).status == 400, "%s", bad.dump().c_str());
  desk.call("POST", "/api/v1/projects", desk.owner, {{"name", "other"}});
  ck_assert_text(change({{"name", "other"}}).json["code"], "name_taken");
  auto const with_revision = [&](std::string const& method, std::string const& tag) {
    Request request;
    request.method = method;
    request.headers = {{"authorization", "Bearer " + desk.owner}, {"if-match", tag}};
    if (method == "PATCH") request.body = R"({"name":"third"})";
    return desk.send(std::move(request), path).status;
  };
  ck_assert_int_eq(with_revision("PATCH", "\"r1\""), 412);
  ck_assert_int_eq(with_revision("PATCH", "\"r2\""), 200);
  ck_assert_int_eq(with_revision("DELETE", "\"r2\""), 412);
  auto const stranger = desk.person();
  ck_assert_int_eq(desk.call("PATCH", path, stranger, {{"name", "mine"}}).status, 404);
  ck_assert_int_eq(desk.call("DELETE", path, stranger).status, 404);

  auto const job = desk.submit({{"project_id", json::parse(desk.project)}, {"shot_name", "SQ/SH"}});
  auto const refused = desk.call("DELETE", path, desk.owner);
  ck_assert(refused.status == 409 && refused.json["code"] == "state_conflict");
  ck_assert_says(refused.message(), "1 job belongs to project");
  auto const job_path = "/api/v1/jobs/" + job.json["id"].dump();
  desk.call("POST", job_path + "/cancel", desk.owner);
  ck_assert_int_eq(desk.call("DELETE", job_path, desk.owner).status, 204);
  ck_assert_int_eq(desk.call("DELETE", path, desk.owner).status, 204);
  ck_assert_int_eq(desk.call("GET", path, desk.owner).status, 404);
}
END_TEST

namespace {

TestGroup const shots_tests{
    "shots",
    {shots_are_made_listed_changed_and_removed, bad_shots_get_a_sentence, a_job_is_submitted_into_a_shot,
     all_steps_of_a_submission_are_in_its_shot, a_job_is_moved_between_shots_of_its_project,
     a_job_goes_into_no_shot_of_another_project, a_project_is_renamed_and_goes_when_no_job_is_left},
    with_database};

}  // namespace

// Jobs over the HTTP API, from their submission to their frames.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "server/storage/job_folder.h"
#include "server/storage/signed_urls.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"
#include "tests/support/sample_job.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}
};

START_TEST(one_account_keeps_so_many_frames_and_gets_room_by_deleting) {
  Fixture desk;
  auto const secret = desk.person(), other = desk.person();
  desk.config.limits.frames_per_user = 7;
  auto const post = [&](std::string const& who) {
    return desk.call("POST", "/api/v1/submissions", who, sample_job(desk, who, json::object()));
  };
  auto const first = post(secret);
  ck_assert_int_eq(first.status, 201);
  auto const refused = post(secret);
  ck_assert_int_eq(refused.status, 409);
  ck_assert_says(refused.message(), "your jobs have 4 frames and this one has 4 more, but at most 7");
  ck_assert_int_eq(post(other).status, 201);
  ck_assert_int_eq(desk.call("POST", job_path(first.json["id"], "/cancel"), secret).status, 200);
  ck_assert_int_eq(desk.call("DELETE", job_path(first.json["id"]), secret).status, 204);
  ck_assert_int_eq(post(secret).status, 201);
}
END_TEST

START_TEST(a_large_job_is_deleted_by_an_operation_that_a_second_request_joins) {
  Fixture desk;
  auto const secret = desk.person();
  auto const made = desk.call("POST", "/api/v1/submissions", secret,
                              sample_job(desk, secret, {{"frames", fmt::format("1-{}", large_job_tasks + 1)}}));
  ck_assert_msg(made.status == 201, "%s", made.text.c_str());
  auto const path = job_path(made.json["id"]);
  ck_assert_int_eq(desk.call("POST", path + "/cancel", secret).status, 200);
  auto const begun = desk.call("DELETE", path, secret);
  ck_assert_msg(begun.status == 202, "%s", begun.text.c_str());
  ck_assert_text(begun.json["state"], "queued");
  ck_assert_text(desk.call("DELETE", path, secret).header("Location"), begun.header("Location"));
  auto const done = desk.end_of(begun, secret);
  ck_assert_text(done["state"], "succeeded");
  ck_assert(done["job"] == json({{"id", made.json["id"]}, {"name", nullptr}}));
  ck_assert_int_eq(desk.call("GET", path, secret).status, 404);
}
END_TEST

START_TEST(a_job_is_created_with_its_folder_and_reaches_the_dispatcher) {
  Fixture desk;
  auto const secret = desk.person();
  auto const reply = desk.call("POST", "/api/v1/submissions", secret,
                               sample_job(desk, secret, {{"parameters", {{"samples", 8}, {"percentage", 50}}}}));
  ck_assert_msg(reply.status == 201, "%s", reply.text.c_str());
  std::int64_t const id = reply.json["id"];
  ck_assert_text(reply.json["state"], "active");
  ck_assert_int_eq(reply.json["tasks"]["total"].get<int>(), 4);
  ck_assert_text(reply.json["output"]["format"], "PNG");
  ck_assert_text(reply.json["output"]["pattern"], "%04d.png");
  ck_assert_int_gt(reply.json["output"]["width"].get<int>(), 0);
  ck_assert_text(reply.json["renderer"]["min_version"], "3.4");
  ck_assert(reply.json["renderer"]["version"].is_null());  // no slave has said yet what it has
  ck_assert_text(reply.json["wait_reason"], "no slave is online");
  ck_assert_int_eq(desk.unfinished(id), 4);
  ck_assert(std::filesystem::exists(job_folder(desk.folder, id) / "scene.blend"));
  ck_assert(std::filesystem::is_directory(output_folder(desk.folder, id)));
  auto const tasks = desk.call("GET", job_path(id, "/tasks?limit=3"), secret);
  ck_assert_uint_eq(tasks.json["items"].size(), 3);
  ck_assert_text(tasks.json["items"][0]["state"], "ready");
  auto const rest =
      desk.call("GET", job_path(id, "/tasks?limit=3&cursor=" + tasks.json["next_cursor"].get<std::string>()), secret);
  ck_assert_uint_eq(rest.json["items"].size(), 1);
  ck_assert_int_eq(rest.json["items"][0]["frame"].get<int>(), 4);
  ck_assert_uint_eq(desk.call("GET", job_path(id, "/outputs"), secret).json["items"].size(), 0);
}
END_TEST

START_TEST(what_is_not_in_the_scene_is_refused_by_naming_what_is) {
  Fixture desk;
  auto const secret = desk.person();
  auto why = [&](json const& changes) {
    auto const reply = desk.call("POST", "/api/v1/submissions", secret, sample_job(desk, secret, changes));
    ck_assert_msg(reply.status == 400, "%s", reply.text.c_str());
    return reply.message();
  };
  ck_assert_says(why({{"parameters", {{"camera", "Nope"}}}}),
                 "the camera 'Nope' is not in the scene 'Scene'; it has 'Camera'");
  ck_assert_says(why({{"parameters", {{"scene", "Nope"}}}}),
                 "scene.blend: the scene 'Nope' is not in the file; it has 'Scene'");
  ck_assert_says(why({{"frames", "10-1"}}), "frames: ");
  ck_assert_int_eq(desk.jobs_there(), 0);
}
END_TEST

START_TEST(a_source_that_is_no_blend_is_refused) {
  Fixture desk;
  auto const secret = desk.person();
  for (std::string const bytes : {"just text", "", "\x89PNG\r\n\x1a\n and more", "BLENDER-v304"}) {
    ck_assert_int_eq(desk.upload(secret, bytes).status, 201);
    auto request = sample_job(desk, secret);
    request["files"] = json::array({file_entry("scene.blend", bytes)});
    auto const reply = desk.call("POST", "/api/v1/submissions", secret, request);
    ck_assert_int_eq(reply.status, 400);
    ck_assert_says(reply.message(), "scene.blend: ");
  }
}
END_TEST

START_TEST(files_that_were_not_uploaded_by_this_person_are_named) {
  Fixture desk;
  auto const secret = desk.person();
  auto request = sample_job(desk, desk.person());  // somebody else's upload
  auto const reply = desk.call("POST", "/api/v1/submissions", secret, request);
  ck_assert_int_eq(reply.status, 409);
  ck_assert_says(reply.message(), "not uploaded yet: scene.blend");
}
END_TEST

START_TEST(a_job_can_be_looked_into_before_it_is_one) {
  Fixture desk;
  auto const secret = desk.person();
  auto look = [&](json const& changes) {
    auto const reply = desk.call("POST", "/api/v1/submissions/check", secret, sample_job(desk, secret, changes));
    ck_assert_msg(reply.status == 200, "%s", reply.text.c_str());
    return reply.json;
  };
  auto const good = look(json::object());
  ck_assert(good["problems"].empty() && good["findings"].is_array());
  ck_assert_int_eq(good["frame_count"].get<int>(), 4);
  ck_assert_text(good["output"]["format"], "PNG");
  ck_assert_text(good["scene"]["active_scene"], "Scene");
  ck_assert_text(good["scene"]["scenes"][0]["camera"], "Camera");
  ck_assert_int_gt(good["scene"]["scenes"][0]["frame_end"].get<int>(), 1);
  ck_assert_text(good["scene"]["blender_version"], "3.4");
  ck_assert_uint_eq(good["scene"]["scenes"][0]["view_layers"].size(), 1);
  ck_assert_int_gt(good["memory_mib"].get<int>(), 250);
  ck_assert_int_lt(good["memory_mib"].get<int>(), 2000);
  ck_assert(good["external_files"] == json::array());
  auto const bad = look({{"parameters", {{"camera", "Nope"}}}});
  ck_assert_says(bad["problems"][0]["detail"].get<std::string>(), "camera 'Nope'");
  ck_assert_text(bad["scene"]["cameras"][0], "Camera");  // so that another can be chosen
  auto const somebodys = desk.call("POST", "/api/v1/submissions/check", secret, sample_job(desk, secret));
  ck_assert_int_eq(somebodys.status, 200);
  auto const thief = desk.person();
  auto const refused = desk.call("POST", "/api/v1/submissions/check", thief, sample_job(desk, secret));
  ck_assert_int_eq(refused.status, 409);
  ck_assert_says(refused.message(), "scene.blend is not uploaded yet");
  ck_assert_int_eq(desk.jobs_there(), 0);
}
END_TEST

START_TEST(a_job_names_its_sources_to_its_owner) {
  Fixture desk;
  auto const secret = desk.person();
  auto const id = new_job(desk, secret);
  auto const reply = desk.call("GET", job_path(id, "/inputs"), secret);
  ck_assert_int_eq(reply.status, 200);
  ck_assert(reply.json["items"] == json::array({file_entry("scene.blend", sample(desk))}));
}
END_TEST

START_TEST(pictures_wait_for_their_frame) {
  Fixture desk;
  auto const secret = desk.person();
  auto const id = new_job(desk, secret);
  ck_assert_says(desk.call("GET", job_path(id, "/image"), secret).message(), "no frame of job");
  auto const task = desk.call("GET", job_path(id, "/tasks"), secret).json["items"][0]["id"].get<std::int64_t>();
  auto const path = "/api/v1/tasks/" + std::to_string(task) + "/image";
  ck_assert_text(desk.call("GET", path, secret).message(), "this frame is not finished yet");
  ck_assert_int_eq(desk.call("GET", std::string("/api/v1/tasks/999999/thumbnail?size=256"), secret).status, 404);
  ck_assert_int_eq(desk.call("GET", std::string("/api/v1/tasks/x/image"), secret).status, 404);
}
END_TEST

START_TEST(a_disk_that_takes_no_folder_leaves_no_job_behind) {
  Fixture desk;
  auto const secret = desk.person();
  auto const request = sample_job(desk, secret);
  // Whatever number the job gets, its folder's name is taken by a file.
  auto const last = new_job(desk, secret);
  for (auto id = last + 1; id < last + 20; ++id) std::ofstream(job_folder(desk.folder, id)) << "in the way";
  auto const reply = desk.call("POST", "/api/v1/submissions", secret, request);
  ck_assert_int_eq(reply.status, 507);
  auto const jobs = desk.call("GET", "/api/v1/jobs", secret);
  ck_assert_uint_eq(jobs.json["items"].size(), 1);
  ck_assert_int_eq(desk.jobs_there(), 1);
}
END_TEST

START_TEST(jobs_are_paused_resumed_changed_cancelled_and_deleted) {
  Fixture desk;
  auto const secret = desk.person();
  auto const id = new_job(desk, secret);
  auto act = [&](std::string const& what) { return desk.call("POST", job_path(id, "/" + what), secret); };
  auto const paused = act("pause");
  ck_assert_text(paused.json["state"], "paused");
  ck_assert_text(paused.json["state_reason"], "paused by its owner");
  ck_assert_text(paused.json["paused_by"], "owner");
  ck_assert(paused.json["wait_reason"].is_null());
  ck_assert(desk.paused(id));
  ck_assert_text(act("resume").json["state"], "active");
  auto const changed = desk.call("PATCH", job_path(id), secret, {{"name", "better"}, {"priority", 99}});
  ck_assert_text(changed.json["name"], "better");
  ck_assert(!desk.paused(id));
  ck_assert_int_eq(desk.look([id](DispatchCore const& core) { return core.jobs.find(id)->info().priority; }), 99);
  auto const early = desk.call("DELETE", job_path(id), secret);
  ck_assert_int_eq(early.status, 409);
  ck_assert_says(early.message(), "cancel it first");
  ck_assert_text(act("cancel").json["state"], "cancelled");
  ck_assert_int_eq(desk.unfinished(id), 0);
  ck_assert_int_eq(act("resume").status, 409);
  ck_assert_int_eq(desk.call("DELETE", job_path(id), secret).status, 204);
  ck_assert(!std::filesystem::exists(job_folder(desk.folder, id)));
  ck_assert_int_eq(desk.call("GET", job_path(id), secret).status, 404);
}
END_TEST

START_TEST(frames_and_sources_come_by_signed_addresses_alone) {
  Fixture desk;
  auto const secret = desk.person();
  auto const id = new_job(desk, secret);
  std::ofstream(output_folder(desk.folder, id) / "0001.png") << "image";
  auto const digest = to_hex(sha256("image"));
  auto const url = output_url(*desk.signer, id, "0001.png", digest, desk.now / 1000 + 60);
  auto const file = desk.call("GET", url);
  ck_assert_int_eq(file.status, 200);
  ck_assert_text(file.text, "image");
  ck_assert_text(file.header("ETag"), "\"" + digest + "\"");
  ck_assert_text(file.header("Content-Type"), "image/png");
  ck_assert_int_eq(desk.call("GET", url.substr(0, url.find('?')), secret).status, 403);
  auto const climb = desk.signer->sign("/api/v1/files/jobs/1/outputs/.distren", {}, desk.now / 1000 + 60);
  ck_assert_int_eq(desk.call("GET", climb).status, 404);
  auto const blend = sample(desk);
  auto const blob = desk.call("GET", blob_url(*desk.signer, to_hex(sha256(blend)), 7, desk.now / 1000 + 60));
  ck_assert_int_eq(blob.status, 200);
  ck_assert(blob.text == blend);
  desk.now += 60000;
  ck_assert_int_eq(desk.call("GET", url).status, 403);
}
END_TEST

START_TEST(all_finished_frames_come_in_one_archive) {
  Fixture desk;
  auto const secret = desk.person();
  auto const id =
      desk.call("POST", "/api/v1/submissions", secret, sample_job(desk, secret, {{"name", "../Ä film/"}})).json["id"];
  auto const path = job_path(id, "/archive");
  auto const early = desk.call("GET", path, secret);
  ck_assert_int_eq(early.status, 404);
  ck_assert_says(early.message(), "no frame of job");
  auto const job = store::show_job(desk.database, id);
  ck_assert(job.has_value());
  std::ofstream(output_folder(desk.folder, id) / "0002.png") << "a frame";
  auto const ending = json::array({json::array(
      {4711, job->first_task + 1, 1, "accepted", 10, 10, 64, 0, "", "0002.png", 7, to_hex(sha256("a frame"))})});
  auto const text = ending.dump();
  auto const written = desk.database.call("journal_write", {std::string_view("[]"), std::string_view(text)});
  ck_assert_msg(written.has_value(), "%s", written ? "" : written.error().message.c_str());
  auto const address = desk.call("GET", path, secret);
  ck_assert_msg(address.status == 200, "%s", address.text.c_str());
  ck_assert_text(address.json["name"], "_Ä film_.zip");
  ck_assert_int_eq(address.json["file_count"].get<int>(), 1);
  std::string const url = address.json["url"];
  auto const archive = desk.call("GET", url);
  ck_assert_int_eq(archive.status, 200);
  ck_assert_text(archive.header("Content-Type"), "application/zip");
  ck_assert_says(archive.header("Content-Disposition"), "_%C3%84%20film_.zip");
  ck_assert_uint_eq(archive.text.size(), address.json["size_bytes"].get<std::size_t>());
  ck_assert_text(archive.text.substr(0, 4), "PK\3\4");
  ck_assert_says(archive.text, "a frame");
  ck_assert_int_eq(desk.call("GET", path, desk.person()).status, 404);
  ck_assert_int_eq(desk.call("GET", url.substr(0, url.find('?')), secret).status, 403);
  desk.now += 1000 * (desk.config.times.signed_url_seconds + 1);
  ck_assert_int_eq(desk.call("GET", url).status, 403);
}
END_TEST

START_TEST(a_preview_is_the_owners_and_begins_with_two_frames) {
  Fixture desk;
  auto const secret = desk.person();
  auto const id = new_job(desk, secret);
  auto const none = desk.call("GET", job_path(id, "/preview"), secret);
  ck_assert_int_eq(none.status, 200);
  ck_assert_text(none.json["state"], "none");
  ck_assert(none.json["url"].is_null());
  ck_assert_int_eq(desk.call("GET", job_path(id, "/preview"), desk.person()).status, 404);
  ck_assert_int_eq(desk.call("GET", job_path(id, "/preview/film.mp4"), secret).status, 404);
  ck_assert_int_eq(desk.call("GET", job_path(id, "/preview/0123456789abcdef-5-1.mp4"), secret).status, 404);
}
END_TEST

START_TEST(a_submission_is_shown_and_listed_as_long_as_its_first_job_is_there) {
  Fixture desk;
  auto const secret = desk.person();
  auto const alone = new_job(desk, secret);
  auto const made =
      desk.call("POST", "/api/v1/submissions", secret,
                sample_job(desk, secret,
                           {{"tiles", "2x2"}, {"parameters", {{"percentage", 100}}}, {"video", {{"format", "MP4"}}}}));
  ck_assert_msg(made.status == 201, "%s", made.text.c_str());
  auto const path = made.header("Location");
  ck_assert_text(path, "/api/v1/submissions/" + made.json["id"].dump());
  auto const shown = desk.call("GET", path, secret);
  ck_assert_msg(shown.status == 200 && shown.json["jobs"] == made.json["jobs"], "%s", shown.text.c_str());
  ck_assert_uint_eq(shown.json["jobs"].size(), 3);
  ck_assert(shown.json["jobs"][0]["is_final_output"] == false && shown.json["jobs"][2]["is_final_output"] == true);
  ck_assert(shown.json["submission_id"] == made.json["id"] && shown.json["state"] == "active");
  auto const video = shown.json["jobs"][2]["id"].get<std::int64_t>();
  ck_assert(desk.call("GET", job_path(video), secret).json["submission_id"] == made.json["id"]);

  auto const listed = desk.call("GET", "/api/v1/submissions?limit=1", secret).json;
  ck_assert(listed["items"].size() == 1 && listed["items"][0]["jobs"] == made.json["jobs"]);
  auto const rest =
      desk.call("GET", "/api/v1/submissions?limit=1&cursor=" + listed["next_cursor"].get<std::string>(), secret).json;
  ck_assert(rest["items"][0]["id"] == alone && rest["next_cursor"].is_null());

  // One job of it goes on: so does the submission.
  desk.call("POST", job_path(made.json["jobs"][1]["id"], "/cancel"), secret);
  ck_assert_text(desk.call("GET", path, secret).json["state"], "active");
  desk.call("POST", job_path(made.json["id"], "/cancel"), secret);
  ck_assert_text(desk.call("GET", path, secret).json["state"], "cancelled");

  auto const stranger = desk.person();
  ck_assert_int_eq(desk.call("GET", path, stranger).status, 404);
  ck_assert(desk.call("GET", "/api/v1/submissions", stranger).json["items"].empty());
  ck_assert_int_eq(desk.call("GET", "/api/v1/submissions?owner=any", stranger).status, 403);
  ck_assert_int_eq(desk.call("GET", "/api/v1/submissions/" + std::to_string(video), secret).status, 404);
  ck_assert_int_eq(desk.call("GET", "/api/v1/submissions/x", secret).status, 404);
}
END_TEST

START_TEST(a_page_of_submissions_has_at_most_fifty) {
  Fixture desk;
  auto const secret = desk.person();
  for (int i = 0; i < 51; ++i) new_job(desk, secret);
  auto const listed = desk.call("GET", "/api/v1/submissions?limit=1000", secret).json;
  ck_assert_uint_eq(listed["items"].size(), 50);
  auto const rest =
      desk.call("GET", "/api/v1/submissions?limit=1000&cursor=" + listed["next_cursor"].get<std::string>(), secret)
          .json;
  ck_assert(rest["items"].size() == 1 && rest["next_cursor"].is_null());
}
END_TEST

TestGroup const jobs_tests{
    "jobs",
    {a_job_is_created_with_its_folder_and_reaches_the_dispatcher,
     one_account_keeps_so_many_frames_and_gets_room_by_deleting,
     a_large_job_is_deleted_by_an_operation_that_a_second_request_joins,
     what_is_not_in_the_scene_is_refused_by_naming_what_is, a_source_that_is_no_blend_is_refused,
     a_job_can_be_looked_into_before_it_is_one, a_job_names_its_sources_to_its_owner, pictures_wait_for_their_frame,
     files_that_were_not_uploaded_by_this_person_are_named, a_disk_that_takes_no_folder_leaves_no_job_behind,
     jobs_are_paused_resumed_changed_cancelled_and_deleted, frames_and_sources_come_by_signed_addresses_alone,
     all_finished_frames_come_in_one_archive, a_preview_is_the_owners_and_begins_with_two_frames,
     a_submission_is_shown_and_listed_as_long_as_its_first_job_is_there, a_page_of_submissions_has_at_most_fifty},
    with_database};

}  // namespace

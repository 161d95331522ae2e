// The HTTP API's handlers on a real database: what each route answers, and to whom.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "server/api/concurrency_limiter.h"
#include "server/api/json.h"
#include "server/jobs/maintenance.h"
#include "server/storage/job_folder.h"
#include "server/storage/signed_urls.h"
#include "tests/support/api_desk.h"
#include "tests/support/database_suite.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Desk : DatabaseThread, ApiDesk {
  Desk() : ApiDesk(*the_database) {}
};

std::string sample(ApiDesk const& desk) {
  std::ifstream file(desk.top / "methods/blender/sample/distren-sample.blend", std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

json file_entry(std::string const& path, std::string const& bytes) {
  return {{"path", path}, {"sha256", to_hex(sha256(bytes))}, {"size", bytes.size()}};
}

// The sample animation, uploaded, as a request for a job.
json sample_job(ApiDesk& desk, std::string const& secret, json const& changes = json::object()) {
  auto const blend = sample(desk);
  ck_assert_int_eq(desk.upload(secret, blend).status, 201);
  json request{{"name", "film"}, {"source", "scene.blend"}, {"frames", "1-4"}};
  request["files"] = json::array({file_entry("scene.blend", blend)});
  request.merge_patch(changes);
  return request;
}

std::int64_t new_job(ApiDesk& desk, std::string const& secret) {
  auto const reply = desk.call("POST", "/api/v1/jobs", secret, sample_job(desk, secret));
  ck_assert_msg(reply.status == 201, "%s", reply.text.c_str());
  return reply.json["id"];
}

std::string job_path(std::int64_t job, std::string const& rest = "") {
  return "/api/v1/jobs/" + std::to_string(job) + rest;
}

ApiReply as_slave(ApiDesk& desk, std::string const& key, std::string const& password, std::string const& what,
                  json const& body = json::object()) {
  Request request;
  request.method = "POST";
  request.headers = {{"authorization", "Basic " + to_base64(key + ":" + password)}};
  request.body = body.dump();
  return desk.send(std::move(request), "/api/v1/slave/" + what);
}

}  // namespace

START_TEST(people_register_log_in_and_out) {
  Desk desk;
  std::string name;
  auto const first = desk.person(&name);
  auto const me = desk.call("GET", "/api/v1/me", first);
  ck_assert_text(me.json["user"]["name"], name);
  auto const login = desk.call("POST", "/api/v1/login", "", {{"name", name}, {"password", "long enough"}});
  ck_assert_int_eq(login.status, 200);
  ck_assert_says(login.header("Set-Cookie"), "HttpOnly; SameSite=Strict");
  ck_assert(login.header("Set-Cookie").find("Secure") == std::string::npos);
  auto const wrong = desk.call("POST", "/api/v1/login", "", {{"name", name}, {"password", "wrong one"}});
  auto const nobody = desk.call("POST", "/api/v1/login", "", {{"name", "nobody-here"}, {"password", "wrong one"}});
  ck_assert_int_eq(wrong.status, 401);
  ck_assert_text(wrong.text, nobody.text);
  ck_assert_int_eq(desk.call("POST", "/api/v1/logout", first).status, 204);
  auto const stale = desk.call("GET", "/api/v1/me", first);
  ck_assert_int_eq(stale.status, 401);
  ck_assert_text(stale.json["error"]["code"], "denied");
  ck_assert_int_eq(desk.call("GET", "/api/v1/me").status, 401);
}
END_TEST

START_TEST(bad_registrations_get_a_sentence) {
  Desk desk;
  std::string name;
  desk.person(&name);
  auto say = [&desk](json const& body) { return desk.call("POST", "/api/v1/register", "", body); };
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
  Desk desk;
  std::string name;
  desk.person(&name);
  int status = 401;
  for (int i = 0; i < 30 && status == 401; ++i) {
    status = desk.call("POST", "/api/v1/login", "", {{"name", name}, {"password", "wrong one"}}).status;
  }
  ck_assert_int_eq(status, 429);
  auto const right = desk.call("POST", "/api/v1/login", "", {{"name", name}, {"password", "long enough"}});
  ck_assert_int_eq(right.status, 429);
  ck_assert(!right.header("Retry-After").empty());
}
END_TEST

START_TEST(a_cookie_changes_things_only_with_its_csrf_token) {
  Desk desk;
  std::string name;
  desk.person(&name);
  auto const login = desk.call("POST", "/api/v1/login", "", {{"name", name}, {"password", "long enough"}});
  auto by_cookie = [&](std::string const& method, std::string const& csrf) {
    Request request;
    request.method = method;
    request.headers = {{"cookie", "other=1; distren_session=" + login.json["token"].get<std::string>()}};
    if (!csrf.empty()) request.headers.emplace_back("x-csrf-token", csrf);
    request.body = R"({"name":"attic"})";
    return desk.send(std::move(request), "/api/v1/slaves");
  };
  ck_assert_int_eq(by_cookie("GET", "").status, 200);
  ck_assert_int_eq(by_cookie("POST", "").status, 403);
  ck_assert_int_eq(by_cookie("POST", "guess").status, 403);
  ck_assert_int_eq(by_cookie("POST", login.json["csrf"]).status, 201);
}
END_TEST

START_TEST(another_sites_page_logs_nobody_in) {
  Desk desk;
  std::string name;
  desk.person(&name);
  auto const from = [&](std::string const& site) {
    Request request;
    request.method = "POST";
    if (!site.empty()) request.headers = {{"content-type", "text/plain"}, {"sec-fetch-site", site}};
    request.body = json{{"name", name}, {"password", "long enough"}}.dump();
    return desk.send(std::move(request), "/api/v1/login");
  };
  for (auto const* site : {"cross-site", "same-site"}) {
    auto const refused = from(site);
    ck_assert_int_eq(refused.status, 403);
    ck_assert_text(refused.header("Set-Cookie"), "");
  }
  for (auto const* site : {"same-origin", "none", ""}) ck_assert_int_eq(from(site).status, 200);
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
  Desk desk;
  auto const secret = desk.person();
  auto const made =
      desk.call("POST", "/api/v1/tokens", secret, {{"name", "script"}, {"scopes", {"slaves", "read", "read"}}});
  ck_assert_int_eq(made.status, 201);
  ck_assert(made.json["scopes"] == json({"read", "slaves"}));
  std::string const token = made.json["secret"];
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs", token).status, 200);
  ck_assert_int_eq(desk.call("POST", "/api/v1/slaves", token, {{"name", "attic"}}).status, 201);
  auto const refused = desk.call("POST", "/api/v1/jobs", token, json::object());
  ck_assert_int_eq(refused.status, 403);
  ck_assert_says(refused.message(), "lacks the scope 'submit'");
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

START_TEST(slaves_are_made_shown_changed_and_revoked) {
  Desk desk;
  auto const secret = desk.person();
  auto const made = desk.call("POST", "/api/v1/slaves", secret, {{"name", "attic"}});
  ck_assert_int_eq(made.status, 201);
  auto const path = "/api/v1/slaves/" + made.json["id"].dump();
  auto const shown = desk.call("GET", path, secret);
  ck_assert_text(shown.json["name"], "attic");
  ck_assert_text(shown.json["state"], "enabled");
  ck_assert(shown.text.find(made.json["slavepassword"].get<std::string>()) == std::string::npos);
  ck_assert(shown.json["working_on"].empty());
  auto const slave = made.json["id"].get<std::int64_t>();
  auto const job = new_job(desk, secret);
  desk.connect(a_slave(slave, store::show_job(desk.database, job)->user));
  auto const order = desk.order(slave);
  auto const working = desk.call("GET", path, secret).json["working_on"];
  ck_assert_msg(working.size() == 1 && working[0]["frame"] == order["frame"], "%s", working.dump().c_str());
  auto const changed = desk.call("PATCH", path, secret, {{"name", "cellar"}, {"state", "disabled"}});
  ck_assert_text(changed.json["name"], "cellar");
  ck_assert_text(changed.json["state"], "disabled");
  ck_assert(!desk.online(slave));
  ck_assert_int_eq(desk.call("PATCH", path, secret, {{"state", "asleep"}}).status, 400);
  auto const rotated = desk.call("POST", path + "/password", secret);
  ck_assert_int_eq(rotated.status, 200);
  ck_assert(rotated.json["slavepassword"] != made.json["slavepassword"]);
  ck_assert_int_eq(desk.call("DELETE", path, secret).status, 204);
  ck_assert_int_eq(desk.call("PATCH", path, secret, {{"state", "enabled"}}).status, 409);
}
END_TEST

START_TEST(lists_are_paged_by_their_next) {
  Desk desk;
  auto const secret = desk.person();
  for (int i = 0; i < 5; ++i) desk.call("POST", "/api/v1/slaves", secret, {{"name", "s" + std::to_string(i)}});
  std::vector<std::string> names;
  json next = nullptr;
  int pages = 0;
  do {
    auto const page =
        desk.call("GET", "/api/v1/slaves?limit=2" + (next.is_null() ? "" : "&before=" + next.dump()), secret);
    ck_assert_int_eq(page.status, 200);
    for (auto const& item : page.json["items"]) names.push_back(item["name"]);
    next = page.json["next"];
  } while (!next.is_null() && ++pages < 10);
  ck_assert(names == std::vector<std::string>({"s4", "s3", "s2", "s1", "s0"}));
  for (auto const* bad : {"?limit=0", "?limit=1001", "?limit=x", "?before=x", "?after=1", "?sort=name", "?all=2"}) {
    ck_assert_msg(desk.call("GET", std::string("/api/v1/slaves") + bad, secret).status == 400, "%s", bad);
  }
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs?state=sleeping", secret).status, 400);
}
END_TEST

START_TEST(uploads_become_blobs_of_their_owner) {
  Desk desk;
  auto const secret = desk.person();
  std::string const bytes = "texture " + random_secret();
  auto const digest = to_hex(sha256(bytes));
  auto missing = [&](std::string const& who) {
    return desk.call("POST", "/api/v1/blobs/missing", who, {{"sha256", {digest}}}).json["missing"];
  };
  ck_assert_uint_eq(missing(secret).size(), 1);
  auto const made = desk.upload(secret, bytes);
  ck_assert_int_eq(made.status, 201);
  ck_assert_text(made.header("Upload-Offset"), std::to_string(bytes.size()));
  ck_assert(desk.blobs->holds(digest));
  ck_assert_uint_eq(missing(secret).size(), 0);
  ck_assert_uint_eq(missing(desk.person()).size(), 1);  // knowing a digest is not owning the file
  auto const head = desk.call("HEAD", made.header("Location"), secret);
  ck_assert_int_eq(head.status, 200);
  ck_assert_text(head.header("Upload-Length"), std::to_string(bytes.size()));
  ck_assert_says(head.header("Upload-Expires"), "GMT");
  std::string const bad_digest(63, 'a');
  ck_assert_int_eq(desk.call("POST", "/api/v1/blobs/missing", secret, {{"sha256", {bad_digest}}}).status, 400);
}
END_TEST

START_TEST(tus_rules_are_kept) {
  Desk desk;
  auto const secret = desk.person();
  HeaderList const good{{"authorization", "Bearer " + secret},
                        {"tus-resumable", "1.0.0"},
                        {"upload-length", "5"},
                        {"upload-metadata", "filename YQ==,sha256 " + to_base64(to_hex(sha256("hello")))}};
  auto create = [&](std::string const& name, std::string const& value, std::string const& body = "") {
    Request request;
    request.method = "POST";
    request.headers = good;
    request.body = body;
    std::erase_if(request.headers, [&name](auto const& header) { return header.first == name; });
    if (!value.empty()) request.headers.emplace_back(name, value);
    return desk.send(std::move(request), "/api/v1/uploads");
  };
  ck_assert_int_eq(create("tus-resumable", "0.2").status, 412);
  ck_assert_int_eq(create("authorization", "").status, 401);
  ck_assert_int_eq(create("upload-length", "").status, 400);
  ck_assert_int_eq(create("upload-length", "-5").status, 400);
  ck_assert_int_eq(create("upload-length", "99999999999999").status, 413);
  ck_assert_int_eq(create("upload-metadata", "").status, 400);
  ck_assert_int_eq(create("upload-metadata", "sha256 %%%").status, 400);
  ck_assert_int_eq(create("upload-metadata", "sha256 " + to_base64("../../etc/passwd")).status, 400);
  ck_assert_int_eq(create("upload-checksum", "md5 abc").status, 400);
  ck_assert_int_eq(create("content-type", "text/plain", "hello").status, 415);
  auto const made = create("x-nothing", "");
  ck_assert_int_eq(made.status, 201);
  auto const location = made.header("Location");

  auto patch = [&](std::string const& offset, std::string const& body, std::string const& type,
                   std::string const& sum) {
    Request request;
    request.method = "PATCH";
    request.headers = {{"authorization", "Bearer " + secret}, {"tus-resumable", "1.0.0"}, {"content-type", type}};
    if (!offset.empty()) request.headers.emplace_back("upload-offset", offset);
    if (!sum.empty()) request.headers.emplace_back("upload-checksum", sum);
    request.body = body;
    return desk.send(std::move(request), location);
  };
  std::string const part = "application/offset+octet-stream";
  ck_assert_int_eq(patch("0", "he", "text/plain", "").status, 415);
  ck_assert_int_eq(patch("", "he", part, "").status, 400);
  ck_assert_int_eq(patch("1", "he", part, "").status, 409);
  ck_assert_int_eq(patch("0", "hello!", part, "").status, 400);
  ck_assert_int_eq(patch("0", "he", part, "sha256 " + to_base64(as_bytes(sha256("no")))).status, 460);
  ck_assert_int_eq(patch("0", "he", part, "sha256 " + to_base64(as_bytes(sha256("he")))).status, 204);
  ck_assert_int_eq(patch("0", std::string((4 << 20) + 1, 'x'), part, "").status, 413);
  ck_assert_text(desk.call("HEAD", location, secret).header("Upload-Offset"), "2");
  ck_assert_int_eq(patch("2", "LLO", part, "").status, 460);
  ck_assert_int_eq(desk.call("HEAD", location, secret).status, 404);
  auto const options = desk.call("OPTIONS", "/api/v1/uploads");
  ck_assert_int_eq(options.status, 204);
  ck_assert_text(options.header("Tus-Max-Part"), "4194304");
}
END_TEST

START_TEST(an_upload_whose_row_cannot_be_written_is_finished_later) {
  Desk desk;
  auto const secret = desk.person();
  std::string const bytes = "texture " + random_secret();
  UploadSpec spec{static_cast<std::int64_t>(bytes.size()), to_hex(sha256(bytes)), "", 0, 0, 0};
  spec.user = desk.call("GET", "/api/v1/me", secret).json["user"]["id"];
  auto const id = std::get<UploadState>(desk.uploads->create(spec)).id;
  auto const away = [](UploadState const&, std::filesystem::path const&) -> Result<void> {
    return Error{Errc::unavailable, "the database is away"};
  };
  ck_assert(std::holds_alternative<UploadRejection>(desk.uploads->append(id, 0, bytes, "", away)));
  ck_assert_int_eq(desk.call("HEAD", "/api/v1/uploads/" + id, secret).status, 200);
  ck_assert(desk.blobs->holds(spec.sha256));
  ck_assert(desk.call("POST", "/api/v1/blobs/missing", secret, {{"sha256", {spec.sha256}}}).json["missing"].empty());
}
END_TEST

START_TEST(a_slaves_upload_needs_the_signed_address_of_its_order) {
  Desk desk;
  auto create = [&desk](std::string const& url, std::string const& length) {
    Request request;
    request.method = "POST";
    request.headers = {{"tus-resumable", "1.0.0"},
                       {"upload-length", length},
                       {"upload-metadata", "sha256 " + to_base64(to_hex(sha256("image")))},
                       {"content-type", "application/offset+octet-stream"}};
    request.body = length == "5" ? "image" : "";
    return desk.send(std::move(request), url);
  };
  auto const url = result_upload_url(*desk.signer, 981, 7, "0005.png", 100, desk.now / 1000 + 60);
  auto const made = create(url, "5");
  ck_assert_int_eq(made.status, 201);
  auto const id = made.header("Location").substr(made.header("Location").rfind('/') + 1);
  ck_assert(desk.uploads->finished_upload(id, 981, 7).has_value());
  ck_assert_int_eq(desk.call("HEAD", "/api/v1/uploads/" + id).status, 200);  // the number itself is the secret
  ck_assert_int_eq(create(url, "101").status, 413);
  ck_assert_int_eq(create(url + "0", "5").status, 403);
  ck_assert_int_eq(create(blob_url(*desk.signer, std::string(64, 'a'), 7, desk.now / 1000 + 60), "5").status, 405);
  desk.now += 61000;
  ck_assert_says(create(url, "5").message(), "expired; ask for a new one");
}
END_TEST

START_TEST(one_account_keeps_so_many_frames_and_gets_room_by_deleting) {
  Desk desk;
  auto const secret = desk.person(), other = desk.person();
  desk.config.limits.frames_per_person = 7;
  auto const post = [&](std::string const& who) {
    return desk.call("POST", "/api/v1/jobs", who, sample_job(desk, who, json::object()));
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

START_TEST(a_job_is_created_with_its_folder_and_reaches_the_dispatcher) {
  Desk desk;
  auto const secret = desk.person();
  auto const reply = desk.call("POST", "/api/v1/jobs", secret,
                               sample_job(desk, secret, {{"parameters", {{"samples", 8}, {"percentage", 50}}}}));
  ck_assert_msg(reply.status == 201, "%s", reply.text.c_str());
  std::int64_t const id = reply.json["id"];
  ck_assert_text(reply.json["state"], "active");
  ck_assert_int_eq(reply.json["tasks"].get<int>(), 4);
  ck_assert_text(reply.json["output"]["format"], "PNG");
  ck_assert_text(reply.json["output"]["pattern"], "%04d.png");
  ck_assert_int_gt(reply.json["output"]["width"].get<int>(), 0);
  ck_assert_text(reply.json["version"], "2.80");
  ck_assert_text(reply.json["waiting"], "no slave is online");
  ck_assert_int_eq(desk.unfinished(id), 4);
  ck_assert(std::filesystem::exists(job_folder(desk.folder, id) / "scene.blend"));
  ck_assert(std::filesystem::is_directory(output_folder(desk.folder, id)));
  auto const tasks = desk.call("GET", job_path(id, "/tasks?limit=3"), secret);
  ck_assert_uint_eq(tasks.json["items"].size(), 3);
  ck_assert_text(tasks.json["items"][0]["state"], "ready");
  auto const rest = desk.call("GET", job_path(id, "/tasks?limit=3&after=" + tasks.json["next"].dump()), secret);
  ck_assert_uint_eq(rest.json["items"].size(), 1);
  ck_assert_int_eq(rest.json["items"][0]["frame"].get<int>(), 4);
  ck_assert_uint_eq(desk.call("GET", job_path(id, "/output"), secret).json["items"].size(), 0);
}
END_TEST

START_TEST(what_is_not_in_the_scene_is_refused_by_naming_what_is) {
  Desk desk;
  auto const secret = desk.person();
  auto why = [&](json const& changes) {
    auto const reply = desk.call("POST", "/api/v1/jobs", secret, sample_job(desk, secret, changes));
    ck_assert_msg(reply.status == 400, "%s", reply.text.c_str());
    return reply.message();
  };
  ck_assert_says(why({{"parameters", {{"camera", "Nope"}}}}), "camera 'Nope' is not in scene.blend; it has 'Camera'");
  ck_assert_says(why({{"parameters", {{"scene", "Nope"}}}}), "scene 'Nope' is not in scene.blend; it has 'Scene'");
  ck_assert_says(why({{"frames", "10-1"}}), "frames: ");
  ck_assert_int_eq(desk.jobs_there(), 0);
}
END_TEST

START_TEST(a_source_that_is_no_blend_is_refused) {
  Desk desk;
  auto const secret = desk.person();
  for (std::string const bytes : {"just text", "", "\x89PNG\r\n\x1a\n and more", "BLENDER-v304"}) {
    ck_assert_int_eq(desk.upload(secret, bytes).status, 201);
    auto request = sample_job(desk, secret);
    request["files"] = json::array({file_entry("scene.blend", bytes)});
    auto const reply = desk.call("POST", "/api/v1/jobs", secret, request);
    ck_assert_int_eq(reply.status, 400);
    ck_assert_says(reply.message(), "scene.blend: ");
  }
}
END_TEST

START_TEST(files_that_were_not_uploaded_by_this_person_are_named) {
  Desk desk;
  auto const secret = desk.person();
  auto request = sample_job(desk, desk.person());  // somebody else's upload
  auto const reply = desk.call("POST", "/api/v1/jobs", secret, request);
  ck_assert_int_eq(reply.status, 409);
  ck_assert_says(reply.message(), "not uploaded yet: scene.blend");
}
END_TEST

START_TEST(a_job_can_be_looked_into_before_it_is_one) {
  Desk desk;
  auto const secret = desk.person();
  auto look = [&](json const& changes) {
    auto const reply = desk.call("POST", "/api/v1/jobs/check", secret, sample_job(desk, secret, changes));
    ck_assert_msg(reply.status == 200, "%s", reply.text.c_str());
    return reply.json;
  };
  auto const good = look(json::object());
  ck_assert(good["problem"].is_null() && good["warnings"].is_array());
  ck_assert_int_eq(good["frames"].get<int>(), 4);
  ck_assert_text(good["output"]["format"], "PNG");
  ck_assert_text(good["scene"]["active"], "Scene");
  ck_assert_text(good["scene"]["scenes"][0]["camera"], "Camera");
  ck_assert_int_gt(good["scene"]["scenes"][0]["frame_end"].get<int>(), 1);
  ck_assert_text(good["scene"]["saved_by"], "3.4");
  ck_assert_uint_eq(good["scene"]["scenes"][0]["view_layers"].size(), 1);
  ck_assert_int_gt(good["memory_mib"].get<int>(), 250);
  ck_assert_int_lt(good["memory_mib"].get<int>(), 2000);
  ck_assert(good["needs"] == json::array());
  auto const bad = look({{"parameters", {{"camera", "Nope"}}}});
  ck_assert_says(bad["problem"].get<std::string>(), "camera 'Nope'");
  ck_assert_text(bad["scene"]["cameras"][0], "Camera");  // so that another can be chosen
  auto const somebodys = desk.call("POST", "/api/v1/jobs/check", secret, sample_job(desk, secret));
  ck_assert_int_eq(somebodys.status, 200);
  auto const thief = desk.person();
  auto const refused = desk.call("POST", "/api/v1/jobs/check", thief, sample_job(desk, secret));
  ck_assert_int_eq(refused.status, 409);
  ck_assert_says(refused.message(), "scene.blend is not uploaded yet");
  ck_assert_int_eq(desk.jobs_there(), 0);
}
END_TEST

START_TEST(a_job_names_its_sources_to_its_owner) {
  Desk desk;
  auto const secret = desk.person();
  auto const id = new_job(desk, secret);
  auto const reply = desk.call("GET", job_path(id, "/sources"), secret);
  ck_assert_int_eq(reply.status, 200);
  ck_assert(reply.json["items"] == json::array({file_entry("scene.blend", sample(desk))}));
}
END_TEST

START_TEST(pictures_wait_for_their_frame) {
  Desk desk;
  auto const secret = desk.person();
  auto const id = new_job(desk, secret);
  ck_assert_says(desk.call("GET", job_path(id, "/picture"), secret).message(), "no frame of job");
  auto const task = desk.call("GET", job_path(id, "/tasks"), secret).json["items"][0]["id"].get<std::int64_t>();
  auto const path = job_path(id, "/tasks/" + std::to_string(task) + "/picture");
  ck_assert_text(desk.call("GET", path, secret).message(), "this frame is not finished yet");
  ck_assert_int_eq(desk.call("GET", job_path(id, "/tasks/1/picture?size=256"), secret).status, 404);
  ck_assert_int_eq(desk.call("GET", job_path(id, "/tasks/x/picture"), secret).status, 404);
}
END_TEST

START_TEST(a_disk_that_takes_no_folder_leaves_no_job_behind) {
  Desk desk;
  auto const secret = desk.person();
  auto const request = sample_job(desk, secret);
  // Whatever number the job gets, its folder's name is taken by a file.
  auto const last = new_job(desk, secret);
  for (auto id = last + 1; id < last + 20; ++id) std::ofstream(job_folder(desk.folder, id)) << "in the way";
  auto const reply = desk.call("POST", "/api/v1/jobs", secret, request);
  ck_assert_int_eq(reply.status, 507);
  auto const jobs = desk.call("GET", "/api/v1/jobs", secret);
  ck_assert_uint_eq(jobs.json["items"].size(), 1);
  ck_assert_int_eq(desk.jobs_there(), 1);
}
END_TEST

START_TEST(jobs_are_paused_resumed_changed_cancelled_and_deleted) {
  Desk desk;
  auto const secret = desk.person();
  auto const id = new_job(desk, secret);
  auto act = [&](std::string const& what) { return desk.call("POST", job_path(id, "/" + what), secret); };
  auto const paused = act("pause");
  ck_assert_text(paused.json["state"], "paused");
  ck_assert_text(paused.json["reason"], "paused by its owner");
  ck_assert(paused.json["waiting"].is_null());
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

START_TEST(nobody_reaches_anothers_things_on_any_route) {
  Desk desk;
  desk.person();  // the first account of a grid administers it
  auto const owner = desk.person();
  auto const thief = desk.person();
  auto const job = std::to_string(new_job(desk, owner));
  auto const slave = desk.call("POST", "/api/v1/slaves", owner, {{"name", "attic"}}).json["id"].dump();
  auto const token =
      desk.call("POST", "/api/v1/tokens", owner, {{"name", "t"}, {"scopes", {"read"}}}).json["id"].dump();
  auto const upload = desk.upload(owner, "mine").header("Location");
  auto const project = desk.call("POST", "/api/v1/projects", owner, {{"name", "film"}}).json["id"].dump();
  auto const shot =
      desk.call("POST", "/api/v1/projects/" + project + "/shots", owner, {{"sequence", "a"}, {"name", "b"}})
          .json["id"]
          .dump();
  int walked = 0;
  for (auto const& route : api_routes()) {
    std::string path(route.pattern);
    auto const place = path.find("{id}");
    // What else it names is not there.
    auto const after_id = place == std::string::npos ? 0 : place + 4;
    for (auto open = path.find('{', after_id); open != std::string::npos; open = path.find('{', after_id))
      path.replace(open, path.find('}', open) + 1 - open, "1");
    if (route.needs == Needs::signature) {
      auto unsigned_path = path;
      if (place != std::string::npos) unsigned_path.replace(place, 4, "1");
      ck_assert_msg(desk.call(std::string(route.method), unsigned_path, owner).status == 403, "%s", path.c_str());
    }
    if (route.needs == Needs::login) {
      auto anonymous = path;
      if (place != std::string::npos) anonymous.replace(place, 4, "1");
      ck_assert_msg(desk.call(std::string(route.method), anonymous, "", json::object()).status == 401, "%s",
                    anonymous.c_str());
    }
    if (route.needs == Needs::slave) {
      ck_assert_msg(desk.call(std::string(route.method), path, owner, json::object()).status == 401, "%s",
                    path.c_str());
    }
    if (place == std::string::npos || (route.needs != Needs::login && route.needs != Needs::optional_login)) continue;
    path.replace(place, 4,
                 path.starts_with("/api/v1/projects")       ? project
                 : path.starts_with("/api/v1/shots")        ? shot
                 : path.find("jobs") != std::string::npos   ? job
                 : path.find("slaves") != std::string::npos ? slave
                 : path.find("tokens") != std::string::npos ? token
                                                            : upload.substr(upload.rfind('/') + 1));
    Request request;
    request.method = route.method;
    request.headers = {{"authorization", "Bearer " + thief},
                       {"tus-resumable", "1.0.0"},
                       {"upload-offset", "0"},
                       {"content-type", "application/offset+octet-stream"}};
    request.body = route.method == "PATCH" ? R"({"name":"stolen"})" : "";
    auto const reply = desk.send(std::move(request), path);
    ck_assert_msg(reply.status == 404, "%s %s answered %d %s", std::string(route.method).c_str(), path.c_str(),
                  reply.status, reply.text.c_str());
    ++walked;
  }
  ck_assert_int_gt(walked, 15);
  ck_assert_int_eq(desk.call("GET", "/api/v1/jobs?all=1", thief).status, 403);
  ck_assert_text(desk.call("GET", "/api/v1/jobs/" + job, owner).json["name"], "film");
  ck_assert_uint_eq(desk.call("GET", "/api/v1/tokens", owner).json["items"].size(), 1);
}
END_TEST

START_TEST(frames_and_sources_come_by_signed_addresses_alone) {
  Desk desk;
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
  auto const climb = desk.signer->sign("/api/v1/files/jobs/1/output/.distren", {}, desk.now / 1000 + 60);
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
  Desk desk;
  auto const secret = desk.person();
  auto const id =
      desk.call("POST", "/api/v1/jobs", secret, sample_job(desk, secret, {{"name", "../Ä film/"}})).json["id"];
  auto const path = job_path(id, "/zip");
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
  ck_assert_int_eq(address.json["files"].get<int>(), 1);
  std::string const url = address.json["url"];
  auto const archive = desk.call("GET", url);
  ck_assert_int_eq(archive.status, 200);
  ck_assert_text(archive.header("Content-Type"), "application/zip");
  ck_assert_says(archive.header("Content-Disposition"), "_%C3%84%20film_.zip");
  ck_assert_uint_eq(archive.text.size(), address.json["size"].get<std::size_t>());
  ck_assert_text(archive.text.substr(0, 4), "PK\3\4");
  ck_assert_says(archive.text, "a frame");
  ck_assert_int_eq(desk.call("GET", path, desk.person()).status, 404);
  ck_assert_int_eq(desk.call("GET", url.substr(0, url.find('?')), secret).status, 403);
  desk.now += 1000 * (desk.config.times.signed_url + 1);
  ck_assert_int_eq(desk.call("GET", url).status, 403);
}
END_TEST

START_TEST(a_preview_is_the_owners_and_begins_with_two_frames) {
  Desk desk;
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

START_TEST(the_slaves_door_knows_its_slaves) {
  Desk desk;
  auto const owner = desk.person();
  auto const made = desk.call("POST", "/api/v1/slaves", owner, {{"name", "attic"}});
  std::int64_t const slave = made.json["id"];
  std::string const key = made.json["slavekey"];
  std::string const password = made.json["slavepassword"];
  auto const wrong = as_slave(desk, key, "wrong", "hello");
  auto const unknown = as_slave(desk, "Knobody", "wrong", "hello");
  ck_assert_int_eq(wrong.status, 401);
  ck_assert_text(wrong.text, unknown.text);
  ck_assert_says(wrong.header("WWW-Authenticate"), "Basic");
  auto const welcome = as_slave(desk, key, password, "hello",
                                {{"type", "hello"},
                                 {"os", "Linux"},
                                 {"cores", 8},
                                 {"memory", 16000},
                                 {"slots", 1},
                                 {"methods", {{{"name", "blender"}, {"version", "3.4.1"}}}},
                                 {"holding", {{{"attempt", 7}, {"lease", "of another grid"}}}},
                                 {"surprise", 1}});
  ck_assert_msg(welcome.status == 200, "%s", welcome.text.c_str());
  ck_assert_text(welcome.json["type"], "welcome");
  ck_assert_text(welcome.json["name"], "attic");
  ck_assert_int_eq(welcome.json["cancel"][0]["attempt"].get<int>(), 7);
  ck_assert_int_eq(desk.look([slave](DispatchCore const& core) { return core.slaves.at(slave).state.cores; }), 8);
  ck_assert_says(as_slave(desk, key, password, "hello", {{"protocol", 2}}).message(), "protocol 2, the server 1");
  auto const nothing = as_slave(desk, key, password, "order");
  ck_assert_int_eq(nothing.status, 204);
  ck_assert_text(nothing.header("Retry-After"), "5");
  auto const job = new_job(desk, owner);
  auto const order = desk.order(slave);
  auto const attempt = order["attempt"].get<std::int64_t>();
  auto const lease = order["lease"].get<std::string>();
  ck_assert_text(as_slave(desk, key, password, "order").text, "");  // its only slot is taken
  ck_assert_int_eq(as_slave(desk, key, password, "progress", {{"attempt", attempt}, {"fraction", 0.5}}).status, 204);
  ck_assert_int_eq(as_slave(desk, key, password, "progress", {{"fraction", 0.5}}).status, 400);
  json result{{"attempt", attempt}, {"state", "returned"}, {"lease", "forged"}};
  ck_assert_int_eq(as_slave(desk, key, password, "result", result).status, 403);
  result["lease"] = lease;
  ck_assert_text(as_slave(desk, key, password, "result", result).json["type"], "accepted");
  auto const next = as_slave(desk, key, password, "order");
  ck_assert_text(next.json["type"], "order");
  ck_assert_int_eq(desk.call("POST", job_path(job, "/cancel"), owner).status, 200);
  json const progress{{"attempt", next.json["attempt"]}};
  ck_assert_text(as_slave(desk, key, password, "progress", progress).json["type"], "cancel");
}
END_TEST

START_TEST(everybody_may_see_the_grid) {
  Desk desk;
  auto const job = new_job(desk, desk.person());
  auto const owner = store::show_job(desk.database, job)->user;
  desk.connect(a_slave(1, owner, 4, 3));
  desk.connect(a_slave(2, owner));
  for (int i = 0; i < 3; ++i) desk.order(1);
  auto const status = desk.call("GET", "/api/v1/status");
  ck_assert_int_eq(status.status, 200);
  ck_assert_int_eq(status.json["slaves"]["online"].get<int>(), 2);
  ck_assert_int_eq(status.json["frames"]["leased"].get<int>(), 3);
  ck_assert_says(desk.call("GET", "/metrics").text, "distren_tasks{state=\"ready\"} 1\n");
  ck_assert_text(desk.call("GET", "/healthz").text, "ok\n");
  ck_assert_says(desk.call("GET", "/api/v1/openapi.yaml").text, "openapi: 3");
  ck_assert_says(desk.call("GET", "/").text, "<!doctype html>");
  ck_assert_int_eq(desk.call("GET", "/local.mk.not").status, 404);
  ck_assert_int_eq(desk.call("GET", "/.hidden").status, 404);
}
END_TEST

START_TEST(what_is_not_there_and_what_is_not_possible_is_said) {
  Desk desk;
  auto const secret = desk.person();
  ck_assert_int_eq(desk.call("GET", "/api/v1/nothing", secret).status, 404);
  auto const method = desk.call("PUT", "/api/v1/jobs", secret);
  ck_assert_int_eq(method.status, 405);
  ck_assert_text(method.header("Allow"), "GET, HEAD, POST");
  for (auto const* id : {"0", "-1", "x", "99999999999999999999", "1.5"}) {
    ck_assert_msg(desk.call("GET", std::string("/api/v1/jobs/") + id, secret).status == 404, "%s", id);
  }
  Request big;
  big.method = "POST";
  big.body = std::string(70000, ' ');
  ck_assert_int_eq(desk.send(std::move(big), "/api/v1/login").status, 413);
}
END_TEST

START_TEST(a_database_that_is_away_is_a_503) {
  DatabaseThread const thread;
  DatabaseAddress nowhere = *the_database;
  Desk good;
  auto const secret = good.person();
  nowhere.socket = "/nonexistent/socket";
  Database away(nowhere);
  Worker worker{away};
  Request request;
  request.method = "GET";
  request.path = "/api/v1/jobs";
  request.headers = {{"authorization", "Bearer " + secret}};
  auto const reply = good.router->answer(request, worker);
  ck_assert_int_eq(reply.status, 503);
  ck_assert(std::any_of(reply.headers.begin(), reply.headers.end(),
                        [](auto const& header) { return header.first == "Retry-After"; }));
}
END_TEST

namespace {

struct Ended : StreamWriter {
  bool ended = false;
  void send(std::shared_ptr<std::string const>) override {}
  void end() override { ended = true; }
};

// The reply to GET /api/v1/events with this secret, opened.
Reply follow(Desk& desk, std::string const& secret, std::shared_ptr<Ended> const& outlet) {
  Request request;
  request.method = "GET";
  request.path = "/api/v1/events";
  request.headers = {{"authorization", "Bearer " + secret}};
  Worker worker{desk.database};
  Reply reply = desk.router->answer(request, worker);
  if (auto* stream = std::get_if<StreamingReply>(&reply.body)) stream->opened(outlet);
  return reply;
}

}  // namespace

START_TEST(streams_end_when_their_login_is_gone) {
  Desk desk;
  auto const secret = desk.person();
  auto const staying = desk.person();
  auto const token = desk.call("POST", "/api/v1/tokens", staying, {{"name", "t"}, {"scopes", {"read"}}});
  auto const first = std::make_shared<Ended>();
  auto const second = std::make_shared<Ended>();
  auto const third = std::make_shared<Ended>();
  Reply const streams[] = {follow(desk, secret, first), follow(desk, staying, second),
                           follow(desk, token.json["secret"], third)};
  for (auto const& each : streams) ck_assert_int_eq(each.status, 200);
  run_maintenance(desk.services->maintenance(), desk.database);
  ck_assert(!first->ended && !second->ended && !third->ended);
  ck_assert(store::delete_session(desk.database, secret_hash(secret)).has_value());  // as when it expires
  ck_assert_int_eq(desk.call("DELETE", "/api/v1/tokens/" + token.json["id"].dump(), staying).status, 204);
  run_maintenance(desk.services->maintenance(), desk.database);
  ck_assert(first->ended && !second->ended && third->ended);
}
END_TEST

START_TEST(a_token_that_may_not_read_hears_nothing) {
  Desk desk;
  auto const secret = desk.person();
  auto const token = desk.call("POST", "/api/v1/tokens", secret, {{"name", "t"}, {"scopes", {"submit"}}});
  ck_assert_int_eq(desk.call("GET", "/api/v1/events", token.json["secret"]).status, 403);
}
END_TEST

START_TEST(what_handlers_change_is_told) {
  Desk desk;
  auto const secret = desk.person();
  auto const job = new_job(desk, secret);
  auto const before = desk.live.last_event_id();
  ck_assert_int_eq(desk.call("POST", job_path(job, "/pause"), secret).status, 200);
  auto const paused = desk.live.last_event_id();
  ck_assert_str_ne(paused.c_str(), before.c_str());
  ck_assert_int_eq(desk.call("GET", job_path(job), secret).status, 200);
  ck_assert_text(desk.live.last_event_id(), paused);
}
END_TEST

START_TEST(a_list_is_one_question_to_the_dispatcher_however_long_it_is) {
  Desk desk;
  auto const person = desk.person();
  for (int i = 0; i < 7; ++i)
    ck_assert_int_eq(desk.call("POST", "/api/v1/slaves", person, {{"name", "pc " + std::to_string(i)}}).status, 201);
  auto const before = desk.dispatcher->handled();
  auto const slaves = desk.call("GET", "/api/v1/slaves", person);
  ck_assert_uint_eq(slaves.json["items"].size(), 7);
  ck_assert_uint_eq(desk.dispatcher->handled() - before, 1);
  std::vector<store::Job> jobs(1000);
  ck_assert_uint_eq(to_json(jobs, *desk.dispatcher).size(), 1000);
  ck_assert_uint_eq(desk.dispatcher->handled() - before, 2);
}
END_TEST

int main() {
  return run_database_suite(
      "http_api",
      {database_cases("people", {people_register_log_in_and_out, bad_registrations_get_a_sentence,
                                 many_wrong_passwords_lock_the_account_for_a_while,
                                 a_cookie_changes_things_only_with_its_csrf_token, tokens_may_do_what_their_scopes_say,
                                 another_sites_page_logs_nobody_in, one_person_s_scenes_leave_workers_for_the_others}),
       database_cases("slaves",
                      {slaves_are_made_shown_changed_and_revoked, lists_are_paged_by_their_next,
                       a_list_is_one_question_to_the_dispatcher_however_long_it_is, the_slaves_door_knows_its_slaves}),
       database_cases("uploads", {uploads_become_blobs_of_their_owner, tus_rules_are_kept,
                                  an_upload_whose_row_cannot_be_written_is_finished_later,
                                  a_slaves_upload_needs_the_signed_address_of_its_order}),
       database_cases(
           "jobs",
           {a_job_is_created_with_its_folder_and_reaches_the_dispatcher,
            one_account_keeps_so_many_frames_and_gets_room_by_deleting,
            what_is_not_in_the_scene_is_refused_by_naming_what_is, a_source_that_is_no_blend_is_refused,
            a_job_can_be_looked_into_before_it_is_one, a_job_names_its_sources_to_its_owner,
            pictures_wait_for_their_frame, files_that_were_not_uploaded_by_this_person_are_named,
            a_disk_that_takes_no_folder_leaves_no_job_behind, jobs_are_paused_resumed_changed_cancelled_and_deleted,
            frames_and_sources_come_by_signed_addresses_alone, all_finished_frames_come_in_one_archive,
            a_preview_is_the_owners_and_begins_with_two_frames}),
       database_cases("events", {streams_end_when_their_login_is_gone, a_token_that_may_not_read_hears_nothing,
                                 what_handlers_change_is_told}),
       database_cases("grid", {everybody_may_see_the_grid, what_is_not_there_and_what_is_not_possible_is_said,
                               nobody_reaches_anothers_things_on_any_route, a_database_that_is_away_is_a_503})});
}

// The program `distren` as a script sees it, against a grid that only pretends: output, files and exit codes.
#include <cstdlib>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "tests/support/client_fixture.h"

namespace distren {
namespace {

START_TEST(a_login_is_kept_and_ended) {
  ClientFixture const desk;
  ck_assert_int_eq(desk.run({"jobs", "--server", desk.server()}).code, 3);
  desk.sign_on();
  auto const status = desk.good({"status", "--json"}).json();
  ck_assert(status.at("user").at("name") == "anna" && status.at("user").at("role") == "administrator");
  ck_assert_says(desk.good({"status"}).out, "12,345 waiting");
  desk.good({"logout"});
  auto const after = desk.run({"jobs"});
  ck_assert_int_eq(after.code, 3);
  ck_assert_says(after.err, "distren login");
  desk.good({"login", "anna", "--password-file", desk / "pw"});
  desk.good({"jobs"});
}
END_TEST

START_TEST(a_wrong_password_or_a_taken_name_is_refused) {
  ClientFixture const desk;
  desk.sign_on();
  std::ofstream(desk / "bad") << "wrong\n";
  auto const wrong = desk.run({"login", "anna", "--password-file", desk / "bad"});
  ck_assert_int_eq(wrong.code, 3);
  ck_assert_says(wrong.err, "the name or the password is wrong");
  ck_assert_int_eq(desk.run({"register", "anna", "--password-file", desk / "pw"}).code, 1);
  desk.good({"jobs"});  // the old login stands
}
END_TEST

START_TEST(a_password_can_come_from_standard_input_but_not_from_the_command_line) {
  ClientFixture const desk;
  desk.sign_on();
  auto const empty = desk.run({"login", "anna", "--password-stdin"});  // </dev/null
  ck_assert_int_eq(empty.code, 1);
  ck_assert_says(empty.err, "the password is empty");
  ck_assert_int_eq(desk.run({"login", "anna", "--password", "x"}).code, 2);
  ck_assert_int_eq(desk.run({"login", "anna", "correct horse"}).code, 2);
}
END_TEST

START_TEST(a_token_in_the_environment_is_enough) {
  ClientFixture const desk;
  desk.sign_on();
  auto const token = desk.good({"token", "create", "ci", "--scope", "jobs:read,jobs:write", "--json"}).json();
  ck_assert(token.at("scopes") == Json({"jobs:read", "jobs:write"}));
  auto const secret = token.at("secret").get<std::string>();
  ck_assert_text(desk.good({"token", "create", "ci"}).out.substr(0, 6), "secret");
  ck_assert(token.at("expires_at").is_null());
  auto const short_lived = desk.good({"token", "create", "ci", "--expires-in", "30", "--json"}).json();
  auto const expires = parse_iso_time(short_lived.at("expires_at").get<std::string>());
  ck_assert(expires && std::abs(*expires - unix_ms() - std::int64_t{30} * 86400000) < 600000);
  ck_assert_int_eq(desk.run({"token", "create", "ci", "--expires-in", "0"}).code, 2);
  ck_assert_int_eq(desk.run({"token", "create", "ci", "--expires-in", "3661"}).code, 2);
  ck_assert_says(desk.good({"tokens"}).out, "EXPIRES");
  desk.good({"logout"});
  ck_assert_int_eq(desk.run({"jobs"}, "DISTREN_TOKEN=" + secret).code, 0);
  ck_assert_int_eq(desk.run({"jobs"}, "DISTREN_TOKEN=nonsense").code, 3);
  ck_assert_says(desk.run({"logout"}, "DISTREN_TOKEN=" + secret).err, "DISTREN_TOKEN is set");
}
END_TEST

START_TEST(webhooks_are_made_changed_and_looked_after) {
  ClientFixture const desk;
  desk.sign_on();
  ck_assert_says(desk.good({"webhooks"}).out, "https://hook.example.org/x");
  auto const made = desk.good({"webhook", "create", "https://hook.example.org/x"});
  ck_assert_text(made.out, "whsec_new\n");
  ck_assert_says(made.err, "is not shown again");
  ck_assert(
      desk.good({"webhook", "create", "https://x", "--topic", "job,points.changed", "--json"}).json().at("topics") ==
      Json({"job", "points.changed"}));
  ck_assert_says(desk.good({"webhook", "edit", "1", "--disable"}).out, "Webhook 1 changed: disabled.");
  ck_assert(desk.good({"webhook", "edit", "1", "--enable", "--url", "https://y", "--json"}).json().at("url") ==
            "https://y");
  ck_assert_text(desk.good({"webhook", "rotate-secret", "1"}).out, "whsec_other\n");
  ck_assert_says(desk.good({"webhook", "test", "1"}).out, "distren webhook deliveries 1");
  ck_assert_says(desk.good({"webhook", "deliveries", "1", "-n", "5"}).out, "given up (500)");
  ck_assert_says(desk.good({"webhook", "resend", "1", "9"}).out, "Delivery 9 is in the outbox again.");
  ck_assert_says(desk.good({"webhook", "delete", "1"}).out, "Webhook 1 deleted.");
  ck_assert_int_eq(desk.run({"webhook", "delete", "2"}).code, 4);
  for (std::vector<std::string> const& words : {std::vector<std::string>{"webhook"},
                                                {"webhook", "create"},
                                                {"webhook", "edit", "1"},
                                                {"webhook", "edit", "1", "--enable", "--disable"},
                                                {"webhook", "delete", "0"},
                                                {"webhook", "resend", "1"}})
    ck_assert_int_eq(desk.run(words).code, 2);
}
END_TEST

START_TEST(usage_errors_are_2_and_help_is_0) {
  ClientFixture const desk;
  for (std::vector<std::string> const& words : {std::vector<std::string>{},
                                                {"frobnicate"},
                                                {"submit"},
                                                {"job"},
                                                {"job", "show"},
                                                {"job", "show", "x"},
                                                {"job", "show", "-1"},
                                                {"job", "show", "0"},
                                                {"job", "x"},
                                                {"job", "-1"},
                                                {"job", "0"},
                                                {"submit", "a.blend", "--frames", "a-b"},
                                                {"submit", "a.blend", "--frames", "1-1000000"},
                                                {"submit", "a.blend", "--resolution", "huge"},
                                                {"submit", "a.blend", "--all-files"},
                                                {"submit", "a.blend", "--video", "mp4", "--fps", "0"},
                                                {"submit", "a.blend", "--video", "mp4", "--fps", "24/0"},
                                                {"submit", "a.blend", "--video", "mp4", "--fps", "30000/100"},
                                                {"submit", "a.blend", "--samples", "0"},
                                                {"submit", "a.blend", "--priority", "101"},
                                                {"submit", "a.blend", "--wait", "--paused"},
                                                {"submit", "a.blend", "--download", "d"},
                                                {"download", "1", "--frames", "1-"},
                                                {"slave"},
                                                {"change", "1"},
                                                {"job", "edit", "1"},
                                                {"token", "create", "x", "--scope", "everything"},
                                                {"jobs", "--state", "sleeping"}})
    ck_assert_int_eq(desk.run(words).code, 2);
  ck_assert_says(desk.run({"submit", "a.blend", "--frames", "10-1"}).err, "did you mean 1-10?");
  ck_assert_says(desk.good({"--help"}).out, "submit");
  ck_assert_says(desk.good({"--version"}).out, "distren ");
}
END_TEST

START_TEST(an_absent_server_is_5_and_an_absent_job_is_4) {
  ClientFixture const desk;
  desk.sign_on();
  ck_assert_int_eq(desk.run({"status", "--server", "http://127.0.0.1:1"}).code, 5);
  auto const absent = desk.run({"job", "show", "999"});
  ck_assert_int_eq(absent.code, 4);
  ck_assert_says(absent.err, "there is no job 999");
  ck_assert_int_eq(desk.run({"download", "999"}).code, 4);
}
END_TEST

START_TEST(a_file_that_is_no_scene_is_refused_before_the_server_is_asked) {
  ClientFixture const desk;
  std::ofstream(desk / "text.blend") << "hello";
  std::ofstream(desk / "empty.blend") << "";
  for (auto const* name : {"text.blend", "empty.blend"}) {
    auto const output = desk.run({"submit", name, "--server", "http://127.0.0.1:1"});
    ck_assert_int_eq(output.code, 1);
    ck_assert_says(output.err, name);
  }
  ck_assert_int_eq(desk.run({"submit", "absent.blend", "--server", "http://127.0.0.1:1"}).code, 4);
  auto const camera =
      desk.run({"submit", ClientFixture::sample(), "--camera", "Nope", "--server", "http://127.0.0.1:1"});
  ck_assert_int_eq(camera.code, 1);
  ck_assert_says(camera.err, "'Nope' is not in the scene 'Scene'; it has '");
}
END_TEST

START_TEST(a_job_has_what_was_asked_for) {
  ClientFixture const desk;
  desk.sign_on();
  desk.good({"project", "create", "other"});
  auto const project = desk.good({"project", "create", "film", "--json"}).json().at("id");
  auto const job = desk.good({"submit",       ClientFixture::sample(),
                              "--frames",     "1-3,9",
                              "--samples",    "64",
                              "--resolution", "50%",
                              "--format",     "exr",
                              "--engine",     "cycles",
                              "--name",       "test",
                              "--project",    "film",
                              "--priority",   "70",
                              "--paused",     "--json"})
                       .json();
  ck_assert(job.at("parameters") ==
            Json({{"samples", 64}, {"percentage", 50}, {"format", "OPEN_EXR"}, {"engine", "CYCLES"}}));
  ck_assert(job.at("tasks").at("total") == 4 && job.at("name") == "test" && job.at("project").at("id") == project);
  ck_assert(job.at("priority") == 70 && job.at("state") == "paused" && job.at("main_file") == "distren-sample.blend");
  ck_assert(job.at("submitted_files").size() == 1);
  auto const missing = desk.run({"submit", ClientFixture::sample(), "--project", "absent"});
  ck_assert_int_eq(missing.code, 4);
  ck_assert_says(missing.err, "'other'");
  ck_assert_int_eq(desk.run({"submit", ClientFixture::sample(), "--shot", "SQ010/SH010"}).code, 2);
  auto const bad = desk.run({"submit", ClientFixture::sample(), "--project", "film", "--shot", "SH010"});
  ck_assert_int_eq(bad.code, 2);
  ck_assert_says(bad.err, "is not like SEQUENCE/SHOT");
}
END_TEST

START_TEST(what_the_server_has_is_not_sent_again) {
  ClientFixture const desk;
  desk.sign_on();
  auto const first = desk.good({"submit", ClientFixture::sample()});
  ck_assert_says(first.out, "KiB uploaded");
  ck_assert_says(first.err, "a soft warning");
  ck_assert_says(desk.good({"submit", ClientFixture::sample()}).out, "nothing uploaded");
}
END_TEST

START_TEST(waiting_ends_well_only_when_the_job_is_finished) {
  ClientFixture const desk;
  desk.sign_on();
  auto const finished = desk.run({"submit", ClientFixture::sample(), "--frames", "1-6", "--wait", "--json"});
  ck_assert_int_eq(finished.code, 0);
  ck_assert(finished.json().at("state") == "finished" && finished.json().at("tasks").at("finished") == 6);
  auto const failed = desk.run({"submit", ClientFixture::sample(), "--frames", "1-6", "--name", "fail", "--wait"});
  ck_assert_int_eq(failed.code, 1);
  ck_assert_says(failed.err, "failed: 5 of 6 frames rendered (frame 1 failed on 3 slaves)");
  ck_assert_int_eq(desk.run({"job", "show", desk.submit("fail"), "--wait"}).code, 1);
}
END_TEST

START_TEST(waiting_survives_a_server_that_is_away_for_a_while) {
  ClientFixture const desk;
  desk.sign_on();
  auto const output = desk.run({"submit", ClientFixture::sample(), "--frames", "1-6", "--name", "away", "--wait"});
  ck_assert_int_eq(output.code, 0);
  ck_assert_says(output.err, "the database is away; slaves keep rendering");
  ck_assert_says(output.err, "The server answers again.");
}
END_TEST

START_TEST(frames_come_down_once_and_whole) {
  ClientFixture const desk;
  desk.sign_on();
  auto const submitted = desk.good(
      {"submit", ClientFixture::sample(), "--frames", "1-6", "--name", "damage", "--wait", "--download", "frames"});
  ck_assert_uint_eq(files_in(desk / "frames"), 6);
  ck_assert_says(submitted.out, "6 frames in frames");
}
END_TEST

START_TEST(a_repeated_download_fetches_what_is_missing_or_spoilt) {
  ClientFixture const desk;
  desk.sign_on();
  auto const job = desk.submit("damage");
  desk.good({"job", "show", job, "--wait"});
  desk.good({"download", job});
  auto const folder = desk / ("job" + job);
  ck_assert_uint_eq(files_in(folder), 6);
  auto const third = read_file(folder / "0003.png").value();
  std::ofstream(folder / "0003.png") << std::string(third.size(), '?');
  std::filesystem::remove(folder / "0005.png");
  auto const again = desk.good({"download", job, "--json"}).json();
  int fetched = 0;
  for (auto const& item : again.at("items")) fetched += item.at("was_here") == false ? 1 : 0;
  ck_assert_int_eq(fetched, 2);
  ck_assert(again.at("missing").empty());
  ck_assert_text(read_file(folder / "0003.png").value(), third);
  ck_assert(std::filesystem::exists(folder / "0005.png"));
}
END_TEST

START_TEST(a_download_of_some_frames_says_which_are_missing) {
  ClientFixture const desk;
  desk.sign_on();
  auto const job = desk.submit("gap");
  desk.good({"job", "show", job, "--wait"});
  desk.good({"download", job, "some", "--frames", "1,4-6"});
  ck_assert_uint_eq(files_in(desk / "some"), 4);
  auto const all = desk.run({"download", job, "all"});
  ck_assert_int_eq(all.code, 1);
  ck_assert_says(all.err, "not rendered yet: frame 2");
  ck_assert_uint_eq(files_in(desk / "all"), 5);
  auto const beyond = desk.run({"download", job, "all", "--frames", "1,7-9", "--json"});
  ck_assert_int_eq(beyond.code, 1);
  ck_assert(beyond.json().at("missing") == Json({7, 8, 9}));
}
END_TEST

START_TEST(jobs_are_listed_page_by_page_and_looked_after) {
  ClientFixture const desk;
  desk.sign_on();
  std::string last;
  for (int i = 0; i < 5; ++i) last = desk.submit(fmt::format("job number {}", i));
  ck_assert_uint_eq(desk.good({"jobs", "--json"}).json().at("items").size(), 5);
  ck_assert_uint_eq(desk.good({"jobs", "--json", "--limit", "3"}).json().at("items").size(), 3);
  ck_assert_says(desk.good({"jobs"}).out, "job number 4");
  ck_assert(desk.good({"pause", last, "--json"}).json().at("state") == "paused");
  ck_assert(desk.good({"resume", last, "--json"}).json().at("state") == "active");
  auto const refused = desk.run({"resume", last});
  ck_assert_int_eq(refused.code, 1);
  ck_assert_says(refused.err, "not paused");
  ck_assert(desk.good({"job", "edit", last, "--name", "new name", "--json"}).json().at("name") == "new name");
  ck_assert_says(desk.run({"delete", last}).err, "cancel it first");
  desk.good({"cancel", last});
  desk.good({"requeue", last});
  desk.good({"cancel", last});
  desk.good({"delete", last});
  ck_assert_int_eq(desk.run({"job", "show", last}).code, 4);
}
END_TEST

START_TEST(a_jobs_frames_are_listed) {
  ClientFixture const desk;
  desk.sign_on();
  auto const job = desk.submit("x", "1-5");
  ck_assert_says(desk.good({"job", "show", job}).out, "distren-sample.blend (saved by 3.4)");
  auto const text = desk.good({"job", "show", job, "--frames"}).out;
  ck_assert_says(text, "0001.png");
  ck_assert_says(text, "8 s");
  ck_assert_uint_eq(desk.good({"job", "show", job, "--frames", "--json"}).json().at("items").size(), 5);
}
END_TEST

START_TEST(slaves_are_made_shown_and_revoked) {
  ClientFixture const desk;
  desk.sign_on();
  ck_assert_says(desk.good({"slaves"}).out, "distren slave create NAME");
  auto const made = desk.good({"slave", "create", "attic", "--json"}).json();
  auto const id = made.at("id").dump();
  ck_assert(made.at("slavepassword") == "first-secret");
  desk.good({"slave", "create", "cellar"});
  desk.good({"slave", "create", "desk"});
  ck_assert_uint_eq(desk.good({"slaves", "--json"}).json().at("items").size(), 3);
  ck_assert_says(desk.good({"slaves"}).out, "job 1 frame 5 (42 %)");
  ck_assert_says(desk.good({"slave", "show", id}).out, "blender 3.4.1");
  ck_assert(desk.good({"slave", "disable", id, "--json"}).json().at("state") == "disabled");
  ck_assert_says(desk.good({"slaves"}).out, "disabled");
  ck_assert(desk.good({"slave", "enable", id, "--json"}).json().at("state") == "enabled");
  ck_assert_says(desk.good({"slave", "rotate-password", id}).out, "new-secret");
  desk.good({"slave", "revoke", id});
  ck_assert_int_eq(desk.run({"slave", "show", id}).code, 4);
}
END_TEST

START_TEST(a_full_disk_for_the_output_is_no_success) {
  ClientFixture const desk;
  desk.sign_on();
  auto const command = fmt::format(
      "env -i PATH=\"$PATH\" HOME={} {} status >/dev/full 2>/dev/null", quoted(desk / ""),
      quoted(std::filesystem::absolute(std::getenv("top_builddir") != nullptr ? std::getenv("top_builddir") : ".") /
             "distren"));
  auto const status = std::system(command.c_str());
  ck_assert(WIFEXITED(status));
  ck_assert_int_eq(WEXITSTATUS(status), 1);
}
END_TEST

TestGroup const commands_tests{
    "commands",
    {a_login_is_kept_and_ended, a_wrong_password_or_a_taken_name_is_refused,
     a_password_can_come_from_standard_input_but_not_from_the_command_line, a_token_in_the_environment_is_enough,
     webhooks_are_made_changed_and_looked_after, usage_errors_are_2_and_help_is_0,
     an_absent_server_is_5_and_an_absent_job_is_4, a_file_that_is_no_scene_is_refused_before_the_server_is_asked,
     a_job_has_what_was_asked_for, what_the_server_has_is_not_sent_again,
     waiting_ends_well_only_when_the_job_is_finished, waiting_survives_a_server_that_is_away_for_a_while,
     frames_come_down_once_and_whole, a_repeated_download_fetches_what_is_missing_or_spoilt,
     a_download_of_some_frames_says_which_are_missing, jobs_are_listed_page_by_page_and_looked_after,
     a_jobs_frames_are_listed, slaves_are_made_shown_and_revoked, a_full_disk_for_the_output_is_no_success},
    {.timeout_s = 120}};

}  // namespace
}  // namespace distren

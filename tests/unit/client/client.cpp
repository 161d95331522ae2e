// The parts of the command line: what it prints, where its settings come from, how it checks what people type.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "client/password.h"
#include "client/progress.h"
#include "client/scene_options.h"
#include "client/settings.h"
#include "client/table.h"
#include "client/validators.h"
#include "client/watch.h"
#include "common/base/files.h"
#include "common/base/text.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

namespace distren::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// --- text ---------------------------------------------------------------------------------------

START_TEST(columns_are_as_wide_as_their_widest_cell) {
  Table table({{"N", Align::right}, {"NAME"}, {"END"}});
  table.add({"1", "müller", "x"});
  table.add({"100", "b", ""});
  ck_assert_text(table.text(),
                 "  N  NAME    END\n"
                 "  1  müller  x\n"
                 "100  b\n");
}
END_TEST

START_TEST(text_is_clipped_between_characters) {
  ck_assert_text(clipped("äöü", 2), "äö");
  ck_assert_text(clipped("abc", 5), "abc");
  ck_assert_text(clipped("abc", 0), "");
}
END_TEST

START_TEST(times_are_told_as_people_tell_them) {
  std::int64_t const noon = 1767614400000;  // 2026-01-05T12:00:00Z
  ck_assert_text(ago("2026-01-05T11:59:30Z", noon), "just now");
  ck_assert_text(ago("2026-01-05T11:15:00Z", noon), "45 min ago");
  ck_assert_text(ago("2026-01-05 09:50:00", noon), "2 h 10 min ago");
  ck_assert_text(ago("2025-12-24T09:50:00Z", noon), "2025-12-24");
  ck_assert_text(ago("soon", noon), "soon");
  ck_assert_text(ago("", noon), "");
}
END_TEST

START_TEST(a_text_is_cut_between_characters) {
  ck_assert_text(whole_characters("3.4.1ééé", 6), "3.4.1");
  ck_assert_text(whole_characters("3.4.1ééé", 7), "3.4.1é");
  ck_assert_text(whole_characters("3.4.1ééé", 11), "3.4.1ééé");
  ck_assert_text(whole_characters("é", 0), "");
  ck_assert_text(whole_characters("é", 1), "");
}
END_TEST

START_TEST(sizes_and_durations_are_short) {
  ck_assert_text(human_size(0), "0 B");
  ck_assert_text(human_size(999), "999 B");
  ck_assert_text(human_size(1024), "1.00 KiB");
  ck_assert_text(human_size(1023 * 1024), "1.00 MiB");
  ck_assert_text(human_size(std::int64_t{157} << 20), "157 MiB");
  ck_assert_text(human_time(0), "0 ms");
  ck_assert_text(human_time(59999), "59 s");
  ck_assert_text(human_time(185000), "3 min 05 s");
  ck_assert_text(human_time(7620000), "2 h 07 min");
  ck_assert_text(human_time(std::int64_t{76} * 3600000), "3 d 04 h");
  ck_assert_text(grouped(1234567), "1,234,567");
  ck_assert_text(grouped(12), "12");
}
END_TEST

START_TEST(text_from_elsewhere_cannot_drive_the_terminal) {
  ck_assert_text(printable("a\x1b[2Jb\x7f\n\xc2\x9b"), "a [2Jb   ");
  ck_assert_text(printable("für"), "für");
  ck_assert_text(printable("ääää", 5), "ää...");
}
END_TEST

// --- progress -----------------------------------------------------------------------------------

struct Screen {
  ScratchFolder folder;
  FileDescriptor file{open((folder / "screen").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  Progress::Time now{};

  Progress::Options options(bool terminal) {
    Progress::Options out;
    out.fd = file.get();
    out.terminal = terminal;
    out.columns = 44;
    out.now = [this] { return now; };
    return out;
  }
  [[nodiscard]] std::string text() const { return read_file(folder / "screen").value(); }
};

START_TEST(a_terminal_sees_a_bar_that_fits_and_goes_away) {
  Screen screen;
  {
    Progress progress(screen.options(true));
    progress.update(0.5, "12/24 frames, and more than fits");
  }
  ck_assert_text(screen.text(), "\r[############............]  50 %  12/24 fra\x1b[K\r\x1b[K");
}
END_TEST

START_TEST(the_bar_is_not_redrawn_too_often) {
  Screen screen;
  Progress progress(screen.options(true));
  progress.update(0, "a");
  auto const first = screen.text();
  screen.now += milliseconds(50);
  progress.update(0.1, "b");
  ck_assert_text(screen.text(), first);
  screen.now += milliseconds(50);
  progress.update(0.2, "c");
  ck_assert_says(screen.text(), "20 %  c");
}
END_TEST

START_TEST(a_line_stands_above_the_bar) {
  Screen screen;
  Progress progress(screen.options(true));
  progress.update(1, "x");
  progress.note("the server is away");
  ck_assert_says(screen.text(), "\r\x1b[Kthe server is away\n\r[########################] 100 %  x");
}
END_TEST

START_TEST(a_file_gets_a_plain_line_now_and_then) {
  Screen screen;
  Progress progress(screen.options(false));
  progress.update(0.1, "a");
  ck_assert_text(screen.text(), "");
  screen.now += seconds(10);
  progress.update(0.2, "b");
  progress.update(0.3, "c");
  progress.clear();
  ck_assert_text(screen.text(), " 20 %  b\n");
}
END_TEST

START_TEST(the_rate_is_that_of_the_last_minutes) {
  Rate rate(seconds(100));
  Progress::Time const start{};
  ck_assert(rate.per_second() == 0 && !rate.time_to(10));
  rate.add(start, 0);
  ck_assert(!rate.time_to(10));
  rate.add(start + seconds(10), 5);
  ck_assert(rate.per_second() == 0.5);
  ck_assert_int_eq(rate.time_to(10).value(), 10000);
  for (int i = 1; i <= 30; ++i) rate.add(start + seconds(10 + 10 * i), 5 + 10 * i);
  ck_assert(rate.per_second() == 1.0);
  rate.add(start + seconds(320), 0);  // queued again
  ck_assert(rate.per_second() == 0);
}
END_TEST

START_TEST(a_jobs_line_says_what_matters) {
  Rate rate;
  rate.add(Progress::Time{}, 0);
  rate.add(Progress::Time{} + seconds(60), 3);
  Json job{
      {"id", 7}, {"state", "active"}, {"tasks", {{"total", 12}, {"finished", 3}, {"rendering", 2}, {"failed", 1}}}};
  ck_assert_text(progress_text(job, rate), "3/12 frames, 1 failed, 2 rendering, 3.0 frames/min, 3 min 00 s left");
  job["wait_reason"] = "no slave that has Blender is connected";
  ck_assert_says(progress_text(job, Rate()), ": no slave that has Blender is connected");
  job["state"] = "paused";
  ck_assert_text(progress_text(job, rate), "3/12 frames, 1 failed, paused");
}
END_TEST

START_TEST(only_a_finished_job_ends_well) {
  for (auto const* state : {"finished", "failed", "cancelled"}) {
    Json const job{{"id", 7}, {"state", state}, {"tasks", {{"total", 2}, {"finished", 1}}}};
    ck_assert(has_ended(job));
    ck_assert_int_eq(conclude(Context(), job), std::string(state) == "finished" ? exit_ok : exit_rejected);
  }
  ck_assert(!has_ended(Json{{"state", "active"}}) && !has_ended(Json{{"state", "paused"}}) && !has_ended(Json()));
}
END_TEST

START_TEST(a_job_that_its_owner_did_not_pause_is_stopped) {
  Json job{{"id", 7}, {"state", "paused"}, {"paused_by", "owner"}};
  ck_assert(!is_stopped(job));
  job["paused_by"] = nullptr;  // a server that does not say
  ck_assert(!is_stopped(job));
  for (auto const* by : {"server", "moderator"}) {
    job["paused_by"] = by;
    ck_assert(is_stopped(job));
    ck_assert_int_eq(conclude(Context(), job), exit_rejected);
  }
  job["state"] = "active";
  ck_assert(!is_stopped(job));
}
END_TEST

START_TEST(a_warning_says_how_often_it_was_said) {
  ck_assert_text(warning_text({{"message", "no texture"}, {"count", 1}}), "no texture");
  ck_assert_text(warning_text({{"message", "no texture"}, {"count", 3}}), "no texture (3 times)");
  ck_assert_text(warning_text({{"message", "no texture"}, {"count", 3}, {"task_count", 1}}), "no texture (1 frame)");
  ck_assert_text(warning_text({{"message", "no texture"}, {"count", 9}, {"task_count", 4}}, true),
                 "no texture (4 tiles)");
}
END_TEST

START_TEST(members_of_the_wrong_type_are_as_absent) {
  auto const json = Json::parse(R"({"n":"x","t":5,"l":{},"o":[],"f":"yes","id":[1]})");
  ck_assert(number_of(json, "n") == 0 && text_of(json, "t").empty() && list_of(json, "l").empty());
  ck_assert(object_of(json, "o").empty() && !flag_of(json, "f") && id_of(json).empty());
  ck_assert(number_of(Json(), "n") == 0 && text_of(Json(), "t").empty() && list_of(Json(5), "l").empty());
  ck_assert_text(id_of(Json{{"id", 7}}), "7");
  ck_assert_text(id_of(Json{{"id", "ab"}}), "ab");
}
END_TEST

// --- settings -----------------------------------------------------------------------------------

struct Home {
  ScratchFolder folder;
  std::map<std::string, std::string> variables{{"HOME", folder.path()}};
  std::filesystem::path config = folder / ".config/distren";
  std::filesystem::path credentials = config / "credentials.json";

  Result<Settings> resolve(GlobalOptions const& options = {}) const {
    return resolve_settings(options, [this](char const* name) -> char const* {
      auto const found = variables.find(name);
      return found == variables.end() ? nullptr : found->second.c_str();
    });
  }
  void remember(std::string const& server, Login const& login) const {
    auto store = Credentials::load(credentials);
    ck_assert(store.has_value());
    ck_assert(store->remember(server, login).has_value());
  }
  void write_config(std::string const& text) const {
    std::filesystem::create_directories(config);
    std::ofstream(config / "client.toml") << text;
  }
};

GlobalOptions server_option(std::string const& server) {
  GlobalOptions options;
  options.server = server;
  return options;
}

START_TEST(without_any_server_the_ways_to_name_one_are_told) {
  Home const home;
  auto settings = home.resolve();
  ck_assert(!settings && settings.error().code == Errc::denied);
  for (auto const* part : {"--server", "DISTREN_SERVER", "client.toml"}) ck_assert_says(settings.error().message, part);
}
END_TEST

START_TEST(option_environment_file_and_last_login_come_in_this_order) {
  Home home;
  home.remember("https://last:1", {"anna", "t1", ""});
  ck_assert_text(home.resolve()->server, "https://last:1");
  home.write_config("server = \"https://file:1\"\nca_file = \"/file.pem\"\n");
  ck_assert_text(home.resolve()->server, "https://file:1");
  home.variables["DISTREN_SERVER"] = "https://env:1";
  home.variables["DISTREN_CA_FILE"] = "/env.pem";
  ck_assert_text(home.resolve()->server, "https://env:1");
  ck_assert_text(home.resolve()->ca, "/env.pem");
  GlobalOptions options;
  options.server = "https://OPTION/";
  options.ca = "/option.pem";
  ck_assert_text(home.resolve(options)->server, "https://option:443");
  ck_assert_text(home.resolve(options)->ca, "/option.pem");
}
END_TEST

START_TEST(a_login_belongs_to_its_server_alone) {
  Home home;
  home.remember("https://a:1", {"anna", "ta", "/a.pem"});
  home.remember("https://b:1", {"bert", "tb", ""});
  auto const a = home.resolve(server_option("https://a:1/"));
  ck_assert(a->token == "ta" && a->user == "anna" && a->ca == "/a.pem");
  auto const b = home.resolve();
  ck_assert(b->server == "https://b:1" && b->token == "tb" && b->ca.empty());
  ck_assert(home.resolve(server_option("https://c:1"))->token.empty());
  home.variables["DISTREN_TOKEN"] = "from-environment";
  ck_assert(home.resolve()->token == "from-environment" && home.resolve()->user.empty());
}
END_TEST

START_TEST(a_forgotten_login_is_gone_and_the_others_stay) {
  Home const home;
  home.remember("https://a:1", {"anna", "ta", ""});
  home.remember("https://b:1", {"bert", "tb", "/b.pem"});
  auto store = Credentials::load(home.credentials);
  ck_assert(store->forget("https://b:1").has_value());
  auto const b = home.resolve(server_option("https://b:1"));
  ck_assert(b->token.empty() && b->user.empty() && b->ca == "/b.pem");
  ck_assert_text(home.resolve(server_option("https://a:1"))->token, "ta");
  ck_assert(read_file(home.credentials)->find("tb") == std::string::npos);
}
END_TEST

START_TEST(logins_are_readable_by_their_owner_alone) {
  Home const home;
  umask(0);
  home.remember("https://a:1", {"anna", "ta", ""});
  struct stat status {};
  ck_assert(stat(home.credentials.c_str(), &status) == 0 && (status.st_mode & 0777U) == 0600);
  ck_assert(stat(home.config.c_str(), &status) == 0 && (status.st_mode & 0777U) == 0700);
}
END_TEST

START_TEST(logins_that_others_can_read_are_refused_with_the_way_out) {
  Home const home;
  home.remember("https://a:1", {"anna", "ta", ""});
  chmod(home.credentials.c_str(), 0640);
  auto settings = home.resolve();
  ck_assert(!settings && settings.error().code == Errc::denied);
  ck_assert_says(settings.error().message, "chmod 600");
}
END_TEST

START_TEST(damaged_files_are_named) {
  Home const home;
  home.remember("https://a:1", {"anna", "ta", ""});
  std::ofstream(home.credentials) << "{";
  ck_assert_says(home.resolve().error().message, "credentials.json' is damaged");
  std::filesystem::remove(home.credentials);
  home.write_config("sever = \"https://typo:1\"\n");
  ck_assert_says(home.resolve().error().message, "sever");
}
END_TEST

START_TEST(a_server_is_an_address_without_path_or_password) {
  Home const home;
  for (auto const* server : {"grid", "https://host/path", "https://host?x=1", "https://a:b@host", "ftp://host"}) {
    auto settings = home.resolve(server_option(server));
    ck_assert_msg(!settings && settings.error().code == Errc::invalid, "%s", server);
  }
}
END_TEST

// --- what people type ---------------------------------------------------------------------------

START_TEST(a_password_comes_from_a_files_first_line) {
  ScratchFolder folder;
  std::ofstream(folder / "p") << "secret word\r\nnot this\n";
  PasswordSource source;
  source.file = folder / "p";
  ck_assert_text(read_password(source, "", true).value(), "secret word");
  std::ofstream(folder / "p") << "";
  ck_assert_says(read_password(source, "", true).error().message, "empty");
  std::ofstream(folder / "p") << std::string(5000, 'x');
  ck_assert_says(read_password(source, "", true).error().message, "at most 1024 bytes");
  source.file = folder / "absent";
  ck_assert(read_password(source, "", true).error().code == Errc::not_found);
}
END_TEST

START_TEST(resolutions_are_percentages) {
  ck_assert_int_eq(percentage_of("50%"), 50);
  ck_assert_int_eq(percentage_of("50"), 50);
  auto const check = percentage_validator();
  for (std::string good : {"1", "100%", "400%"}) ck_assert_text(check(good), "");
  for (std::string bad : {"0", "401%", "half", "", "%", "50%%", "-5", "5.5"})
    ck_assert_msg(!check(bad).empty(), "%s", bad.c_str());
}
END_TEST

START_TEST(frames_are_checked_where_they_are_typed) {
  auto const check = frames_validator();
  std::string good = "1-10,20";
  std::string bad = "10-1";
  ck_assert_text(check(good), "");
  ck_assert_says(check(bad), "did you mean 1-10?");
}
END_TEST

START_TEST(everyday_names_become_blenders) {
  ck_assert_text(format_word("exr"), "OPEN_EXR");
  ck_assert_text(format_word("jpg"), "JPEG");
  ck_assert_text(format_word("png"), "PNG");
  ck_assert_text(engine_word("eevee"), "BLENDER_EEVEE");
  ck_assert_text(engine_word("Cycles"), "CYCLES");
}
END_TEST

BlendSummary two_scenes() {
  BlendSummary summary;
  summary.active_scene = "Second";
  summary.cameras = {"Side", "Top"};
  BlendScene first;
  first.name = "First";
  BlendScene second;
  second.name = "Second";
  second.camera = "Side";
  second.has_camera = true;
  second.frame_start = 3;
  second.frame_end = 40;
  second.frame_step = 1;
  summary.scenes = {first, second};
  return summary;
}

SceneRequest choose(std::string scene, std::string camera) {
  SceneRequest request;
  request.scene = std::move(scene);
  request.camera = std::move(camera);
  return request;
}

Result<std::string> checked(BlendSummary const& summary, std::string const& frames = "",
                            SceneRequest const& request = {}) {
  return check_options("film/scene.blend", summary, frames, request);
}

START_TEST(frames_default_to_those_of_the_active_scene) {
  auto summary = two_scenes();
  ck_assert_text(*checked(summary), "3-40");
  summary.scenes[1].frame_step = 5;
  ck_assert_text(*checked(summary), "3-40x5");
  summary.scenes[1].frame_end = 3;
  ck_assert_text(*checked(summary), "3");
  ck_assert_text(*checked(summary, "9"), "9");
  summary.scenes[1].frame_start = -5;
  ck_assert_says(checked(summary).error().message, "--frames");
  summary.scenes[1].frame_end.reset();
  ck_assert_says(checked(summary).error().message, "--frames");
}
END_TEST

START_TEST(a_scene_that_is_not_there_is_answered_with_those_that_are) {
  auto const error = checked(two_scenes(), "1", choose("Third", "")).error();
  ck_assert(error.code == Errc::invalid);
  ck_assert_says(error.message, "'Third' is not in the file; it has 'First', 'Second'");
}
END_TEST

START_TEST(what_the_rules_refuse_is_refused_before_anything_is_sent) {
  auto summary = two_scenes();
  summary.scenes[1].cameras = {"Side", "Top"};
  ck_assert(checked(summary, "1", choose("", "Top")).has_value());
  ck_assert_says(checked(summary, "1", choose("", "Nope")).error().message, "it has 'Side', 'Top'");
  ck_assert_says(checked(summary, "1", choose("First", "")).error().message, "no active camera");
}
END_TEST

START_TEST(variations_have_cameras_of_their_own) {
  auto summary = two_scenes();
  summary.scenes[1].has_camera = false;
  summary.scenes[1].camera.reset();
  ck_assert(!checked(summary).has_value());
  ck_assert_text(*check_options("film/scene.blend", summary, "", std::nullopt), "3-40");
}
END_TEST

START_TEST(the_name_of_a_job_is_its_files_cut_between_characters) {
  std::string wood;
  for (int i = 0; i < 70; ++i) wood += "木";  // 210 bytes
  ck_assert_text(job_name_of("film/" + wood + ".blend"), wood.substr(0, 198));
  ck_assert_text(job_name_of("film/" + std::string(200, 'a') + ".blend"), std::string(200, 'a'));
  ck_assert_text(job_name_of("film/shot 1.blend"), "shot 1");
  ck_assert_text(job_name_of("film/a\nb.blend"), "a b");
}
END_TEST

TestGroup const text_tests{
    "text",
    {columns_are_as_wide_as_their_widest_cell, text_is_clipped_between_characters, times_are_told_as_people_tell_them,
     a_text_is_cut_between_characters, sizes_and_durations_are_short, text_from_elsewhere_cannot_drive_the_terminal,
     members_of_the_wrong_type_are_as_absent}};
TestGroup const progress_tests{
    "progress",
    {a_terminal_sees_a_bar_that_fits_and_goes_away, the_bar_is_not_redrawn_too_often, a_line_stands_above_the_bar,
     a_file_gets_a_plain_line_now_and_then, the_rate_is_that_of_the_last_minutes, a_jobs_line_says_what_matters,
     only_a_finished_job_ends_well, a_job_that_its_owner_did_not_pause_is_stopped,
     a_warning_says_how_often_it_was_said}};
TestGroup const settings_tests{
    "settings",
    {without_any_server_the_ways_to_name_one_are_told, option_environment_file_and_last_login_come_in_this_order,
     a_login_belongs_to_its_server_alone, a_forgotten_login_is_gone_and_the_others_stay,
     logins_are_readable_by_their_owner_alone, logins_that_others_can_read_are_refused_with_the_way_out,
     damaged_files_are_named, a_server_is_an_address_without_path_or_password}};
TestGroup const typed_tests{
    "typed",
    {a_password_comes_from_a_files_first_line, resolutions_are_percentages, frames_are_checked_where_they_are_typed,
     everyday_names_become_blenders, frames_default_to_those_of_the_active_scene,
     a_scene_that_is_not_there_is_answered_with_those_that_are,
     what_the_rules_refuse_is_refused_before_anything_is_sent, variations_have_cameras_of_their_own,
     the_name_of_a_job_is_its_files_cut_between_characters}};

}  // namespace
}  // namespace distren::client

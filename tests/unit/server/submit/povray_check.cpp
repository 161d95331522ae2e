// What the server says of a POV-Ray scene before POV-Ray sees it.
#include <map>

#include "scene/povray_text.h"
#include "server/submit/povray_check.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

// The findings of a job with these files, the first of which is its source.
struct Found {
  std::string problem, warnings, needs;
};

Found look(std::vector<std::pair<std::string, std::string>> const& texts, std::size_t frames = 1) {
  std::map<std::string, std::string> const files(texts.begin(), texts.end());
  store::NewJob job;
  job.source = texts.front().first;
  job.frames.assign(frames, 1);
  for (auto const& [path, text] : files) job.files.push_back({path, std::string(64, 'a'), 1});
  BlendFindings findings;
  auto const checked = check_povray(
      job, [&](std::string const& path) { return Result<PovraySummary>(scan_povray(files.at(path))); }, findings);
  Found out{checked ? "" : checked.error().message, {}, {}};
  for (auto const& each : findings.warnings) out.warnings += each.message + "\n";
  for (auto const& need : findings.needs) out.needs += need.path + " " + need.state + "\n";
  return out;
}

START_TEST(a_missing_file_that_every_frame_needs_stops_the_job) {
  auto const include = look({{"film/a.pov", "#version 3.7; #include \"gone.inc\""}});
  ck_assert_says(include.problem, "film/a.pov: included file 'gone.inc' is missing");
  ck_assert_says(include.problem, "no frame can be rendered");
  ck_assert_says(look({{"a.pov", "#version 3.7; image_map { png \"/home/me/x.png\" }"}}).problem, "absolute path");
  auto const branch = look({{"a.pov", "#version 3.7; #if (0) #include \"gone.inc\" #end"}});
  ck_assert_text(branch.problem, "");
  ck_assert_says(branch.warnings, "'gone.inc' is missing");
}
END_TEST

START_TEST(names_are_looked_up_beside_the_scene_and_from_the_root) {
  auto const found = look({{"film/a.pov", "#version 3.7; #include \"b.inc\" #include \"lib/c.inc\""},
                           {"film/b.inc", "png \"d.png\""},
                           {"lib/c.inc", "png \"e.png\""},
                           {"film/d.png", ""}});
  ck_assert_text(found.problem, "");
  ck_assert_text(found.needs, "b.inc included\nlib/c.inc included\ne.png missing\nd.png included\n");
  ck_assert_says(found.warnings, "lib/c.inc: image 'e.png' is missing");
}
END_TEST

START_TEST(an_animation_that_never_moves_is_warned_of) {
  ck_assert_says(look({{"a.pov", "#version 3.7; sphere { 0, 1 }"}}, 10).warnings, "will look alike");
  ck_assert_text(look({{"a.pov", "#version 3.7; sphere { 0, 1 }"}}, 1).warnings, "");
  ck_assert_text(look({{"a.pov", "#version 3.7; #include \"b.inc\""}, {"b.inc", "rotate clock"}}, 10).warnings, "");
}
END_TEST

START_TEST(files_that_include_each_other_come_to_an_end) {
  auto const found = look({{"a.pov", "#version 3.7; #include \"b.inc\""}, {"b.inc", "#include \"a.pov\" clock"}}, 3);
  ck_assert_text(found.problem, "");
  ck_assert_text(found.warnings, "");
}
END_TEST

START_TEST(old_and_writing_scenes_are_warned_of) {
  auto const found = look({{"a.pov", "sphere { 0, 1\n#fopen F \"x\" write"}});
  ck_assert_says(found.warnings, "does not begin with #version");
  ck_assert_says(found.warnings, "writes files, which go nowhere");
  ck_assert_says(found.warnings, "cut short?");
}
END_TEST

TestGroup const povray_tests{
    "povray",
    {a_missing_file_that_every_frame_needs_stops_the_job, names_are_looked_up_beside_the_scene_and_from_the_root,
     an_animation_that_never_moves_is_warned_of, files_that_include_each_other_come_to_an_end,
     old_and_writing_scenes_are_warned_of}};

}  // namespace

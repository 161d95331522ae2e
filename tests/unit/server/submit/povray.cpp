// What is known of a POV-Ray scene before POV-Ray sees it: the scan of its text, and what the server says of it.
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "client/povray_files.h"
#include "scene/povray_text.h"
#include "scene/scene_json.h"
#include "server/submit/povray_check.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;

namespace {

std::string needs_of(std::string const& text) {
  std::string all;
  for (auto const& need : scan_povray(text).references)
    all += need.path + " " + need.kind + (need.certain ? "" : "?") + "\n";
  return all;
}

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
  for (auto const& sentence : findings.warnings) out.warnings += sentence + "\n";
  for (auto const& need : findings.needs) out.needs += need.path + " " + need.state + "\n";
  return out;
}

START_TEST(files_are_named_after_the_words_that_take_them) {
  ck_assert_text(needs_of("#include \"a.inc\"\n# include \"b.inc\"\n"), "a.inc include\nb.inc include\n");
  ck_assert_text(needs_of("image_map { png \"wood.png\" } bump_map { jpeg \"w.jpg\" } image_map { \"plain.tga\" }"),
                 "wood.png image\nw.jpg image\nplain.tga image\n");
  ck_assert_text(needs_of("height_field { png \"hill.png\" } text { ttf \"title.ttf\" \"png\" 1, 0 }"),
                 "hill.png image\ntitle.ttf font\n");
  ck_assert_text(needs_of("density_file df3 \"smoke.df3\""), "smoke.df3 density\n");
  ck_assert_text(needs_of("#fopen F \"points.txt\" read"), "points.txt file\n");
}
END_TEST

START_TEST(what_is_no_file_is_none) {
  ck_assert_text(needs_of("// #include \"a.inc\"\n/* png \"b.png\" /* nested */ png \"c.png\" */"), "");
  ck_assert_text(needs_of("#declare png = \"a.png\"; #debug \"ttf\" concat(\"x\", \"y\")"), "");
  ck_assert_text(needs_of("#include concat(\"a\", \".inc\")"), "");
  ck_assert_text(needs_of("#include \"colors.inc\" text { ttf \"timrom.ttf\" \"Hi\" 1, 0 }"), "");
  ck_assert_text(needs_of("#warning \"say \\\"png\\\" \" png"), "");
}
END_TEST

START_TEST(what_stands_in_a_branch_is_not_certain) {
  ck_assert_text(needs_of("#if (x) #include \"a.inc\" #else #include \"b.inc\" #end #include \"c.inc\""),
                 "a.inc include?\nb.inc include?\nc.inc include\n");
  ck_assert_text(needs_of("#macro M() png \"a.png\" #end #while (1) png \"b.png\" #end png \"a.png\""),
                 "a.png image\nb.png image?\n");
}
END_TEST

START_TEST(version_clock_and_writing_are_seen) {
  auto const summary = scan_povray("#version 3.7;\nsphere { z*clock, 1 }\n#fopen F \"log.txt\" append\n#fclose F");
  ck_assert_text(summary.version, "3.7");
  ck_assert(summary.uses_clock && summary.writes_files && !summary.unclosed);
  ck_assert(summary.references.empty());  // it is written, not read
  auto const still = scan_povray("sphere { 0, 1 } // clock\n#declare clockwork = 1;");
  ck_assert(still.version.empty() && !still.uses_clock && !still.writes_files);
}
END_TEST

START_TEST(a_text_that_was_cut_short_is_noticed) {
  for (char const* text : {"sphere { 0, 1", "/* never ends", "#include \"a.inc", "union { sphere { 0, 1 }"})
    ck_assert_msg(scan_povray(text).unclosed, "%s", text);
}
END_TEST

START_TEST(no_text_breaks_the_scan) {
  std::uint32_t state = 7;
  auto const random = [&] { return state = state * 1664525 + 1013904223, state >> 8; };
  std::vector<std::string> const pieces{"#include \"", "\"",  "/*",   "*/",  "//",        "\n", "{",
                                        "}",           "#if", "#end", "png", "#fopen F",  "\\", "#",
                                        "write",       "\0",  "a",    " ",   "#version 3"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += pieces[random() % pieces.size()];
    auto const summary = scan_povray(text);
    ck_assert_uint_le(summary.references.size(), 40);
    auto const back = povray_from_json(to_json(summary));
    ck_assert(back.has_value() && back->references.size() == summary.references.size());
  }
  std::string many;
  for (int i = 0; i < 6000; ++i) many += "png \"" + std::to_string(i) + ".png\" ";
  ck_assert(scan_povray(many).references.size() == 5000 && scan_povray(many).cut);
  ck_assert(scan_povray("png \"" + std::string(100000, 'x') + "\"").references.empty());
}
END_TEST

START_TEST(what_is_no_scene_is_named) {
  ScratchFolder const scratch;
  auto const error_of = [&](std::string const& text) {
    std::ofstream(scratch / "x.pov", std::ios::binary) << text;
    auto const summary = inspect_povray(scratch / "x.pov");
    ck_assert(!summary && summary.error().code == Errc::invalid);
    return summary.error().message;
  };
  ck_assert_says(error_of(""), "is empty");
  ck_assert_says(error_of("version https://git-lfs.github.com/spec/v1\n"), "git-LFS pointer");
  ck_assert_says(error_of(std::string("\x89PNG\r\n\x1a\n\0\0", 10)), "it is no text");
  ck_assert(inspect_povray(scratch / "gone.pov").error().code == Errc::not_found);
}
END_TEST

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
  ck_assert_text(found.needs, "b.inc here\nlib/c.inc here\ne.png missing\nd.png here\n");
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

START_TEST(the_client_brings_what_the_texts_name) {
  ScratchFolder const scratch;
  std::ofstream(scratch / "a.pov") << "#include \"b.inc\" #include \"colors.inc\"";
  std::ofstream(scratch / "b.inc") << "png \"tex/wood.png\" #include \"a.pov\" #include \"gone.inc\"";
  auto const found = client::povray_references(scratch / "a.pov");
  ck_assert(found.has_value());
  std::string all;
  for (auto const& file : found->files) all += file.path + " ";
  ck_assert_text(all, "b.inc tex/wood.png a.pov gone.inc ");
}
END_TEST

TestGroup const scan_tests{"scan",
                           {files_are_named_after_the_words_that_take_them, what_is_no_file_is_none,
                            what_stands_in_a_branch_is_not_certain, version_clock_and_writing_are_seen,
                            a_text_that_was_cut_short_is_noticed, no_text_breaks_the_scan, what_is_no_scene_is_named},
                           {.timeout_s = 60}};
TestGroup const findings_tests{
    "findings",
    {a_missing_file_that_every_frame_needs_stops_the_job, names_are_looked_up_beside_the_scene_and_from_the_root,
     an_animation_that_never_moves_is_warned_of, files_that_include_each_other_come_to_an_end,
     old_and_writing_scenes_are_warned_of, the_client_brings_what_the_texts_name}};

}  // namespace

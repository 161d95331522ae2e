// The scan of a POV-Ray scene's text.
#include <fstream>

#include "scene/povray_text.h"
#include "scene/scene_json.h"
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
  ck_assert_text(needs_of("#include \"colors.inc\" text { ttf \"timrom.ttf\" \"Hi\" 1, 0 }"), "");
  ck_assert_text(needs_of("#warning \"say \\\"png\\\" \" png"), "");
}
END_TEST

START_TEST(a_composed_name_is_a_pattern_of_what_is_known_of_it) {
  auto const summary = scan_povray("image_map { png concat(\"plates/p\", str(frame_number, -4, 0), \".png\") }");
  ck_assert_uint_eq(summary.references.size(), 1);
  ck_assert_text(summary.references[0].path, "plates/p*.png");
  ck_assert(summary.references[0].computed && !summary.references[0].certain && summary.uses_clock);
  ck_assert_text(needs_of("#include concat(\"a\", \".inc\")"), "a.inc include?\n");
  ck_assert_text(needs_of("png concat (Name, concat(\"x\", \"y\"), \"_b.png\")"), "*_b.png image?\n");
  ck_assert_text(needs_of("png concat(Name)"), "");
  ck_assert_text(needs_of("png concat(\"a\", str("), "");
  ck_assert_text(needs_of("text { ttf concat(\"t\", N, \".ttf\") concat(\"Hi\", N) 1, 0 }"), "t*.ttf font?\n");
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

TestGroup const povray_tests{"povray",
                             {files_are_named_after_the_words_that_take_them, what_is_no_file_is_none,
                              a_composed_name_is_a_pattern_of_what_is_known_of_it,
                              what_stands_in_a_branch_is_not_certain, version_clock_and_writing_are_seen,
                              a_text_that_was_cut_short_is_noticed, no_text_breaks_the_scan, what_is_no_scene_is_named},
                             {.timeout_s = 60}};

}  // namespace

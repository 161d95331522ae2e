// What a program warns of: each kind once with a count, within bounds, and of which frames.
#include "slave/render_warnings.h"

#include <string>

#include "tests/support/check_main.h"

using namespace distren;

namespace {

START_TEST(each_kind_of_warning_is_listed_once_with_its_count) {
  RenderWarnings warnings;
  warnings.add("input_missing", "the texture a.png is missing");
  warnings.add("", "scripts were not run");
  warnings.add("input_missing", "the texture a.png is missing");
  warnings.add("input_missing", "the texture b.png is missing");
  auto const list = warnings.list();
  ck_assert_uint_eq(list.size(), 3);
  ck_assert_text(list[0].code, "input_missing");
  ck_assert_int_eq(list[0].count, 2);
  ck_assert_text(list[1].message, "scripts were not run");
  ck_assert_int_eq(list[2].count, 1);
}
END_TEST

START_TEST(what_a_program_said_first_holds_for_its_later_frames_and_the_rest_for_one) {
  RenderWarnings warnings;
  warnings.add("", "of the file");
  warnings.add("", "of the file");
  warnings.begin_frame();
  warnings.add("", "of frame 2");
  ck_assert_uint_eq(warnings.list().size(), 2);
  ck_assert_int_eq(warnings.list()[0].count, 1);
  warnings.begin_frame();
  ck_assert_uint_eq(warnings.list().size(), 1);
  ck_assert_text(warnings.list()[0].message, "of the file");
}
END_TEST

START_TEST(a_flood_of_warnings_ends_in_their_number) {
  RenderWarnings warnings;
  for (int i = 0; i < 1000; ++i) warnings.add("", "kind " + std::to_string(i));
  auto const list = warnings.list();
  ck_assert_uint_eq(list.size(), protocol::limits::max_warnings);
  ck_assert_text(list.back().code, "more_warnings");
  ck_assert_int_eq(list.back().count, 1000 - static_cast<int>(protocol::limits::max_warnings) + 1);
}
END_TEST

START_TEST(texts_of_warnings_are_short_and_printable) {
  RenderWarnings warnings;
  warnings.add(std::string(500, 'c'), std::string(5000, 'x') + "\x1b[31m");
  auto const list = warnings.list();
  ck_assert_uint_le(list[0].code.size(), 64);
  ck_assert_uint_le(list[0].message.size(), 504);
  warnings.add("", "red\x1b[31m");
  ck_assert(warnings.list()[1].message.find('\x1b') == std::string::npos);
}
END_TEST

TestGroup const warnings_tests{"warnings",
                               {each_kind_of_warning_is_listed_once_with_its_count,
                                what_a_program_said_first_holds_for_its_later_frames_and_the_rest_for_one,
                                a_flood_of_warnings_ends_in_their_number, texts_of_warnings_are_short_and_printable}};

}  // namespace

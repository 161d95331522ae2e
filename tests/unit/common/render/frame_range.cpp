// Frame ranges as people type them, right and wrong.
#include "common/render/frame_range.h"

#include <algorithm>

#include "tests/support/check_main.h"

namespace distren {
namespace {

std::vector<int> frames_of(char const* text) {
  auto frames = parse_frames(text);
  ck_assert_msg(frames.has_value(), "%s: %s", text, frames ? "" : frames.error().message.c_str());
  return *frames;
}

std::string refusal_of(std::string const& text) {
  auto frames = parse_frames(text);
  ck_assert_msg(!frames, "%s was accepted", text.c_str());
  ck_assert(frames.error().code == Errc::invalid);
  return frames.error().message;
}

START_TEST(one_frame_is_a_range) {
  ck_assert(frames_of("7") == std::vector<int>{7});
  ck_assert(frames_of("0") == std::vector<int>{0});
  ck_assert(frames_of(" 0012 ") == std::vector<int>{12});
}
END_TEST

START_TEST(ranges_steps_and_single_frames_mix) {
  ck_assert(frames_of("1-4,20,30-35x2") == (std::vector<int>{1, 2, 3, 4, 20, 30, 32, 34}));
  ck_assert(frames_of("5-5") == std::vector<int>{5});
}
END_TEST

START_TEST(spaces_and_a_capital_x_are_read) {
  ck_assert(frames_of(" 1 - 3 ,\t8-12X2 ") == (std::vector<int>{1, 2, 3, 8, 10, 12}));
}
END_TEST

START_TEST(frames_are_ascending_and_each_counts_once) {
  ck_assert(frames_of("9,1-3,2-4,9") == (std::vector<int>{1, 2, 3, 4, 9}));
}
END_TEST

START_TEST(the_largest_frame_is_blenders) {
  ck_assert(frames_of("1048574") == std::vector<int>{1048574});
  ck_assert_says(refusal_of("1048575"), "1,048,574");
  ck_assert_says(refusal_of("99999999999999999999"), "'99999999999999999999'");
  ck_assert_says(refusal_of("1-10x99999999999999999999"), "past");
}
END_TEST

START_TEST(a_backward_range_is_answered_with_the_forward_one) {
  ck_assert_says(refusal_of("10-1"), "did you mean 1-10?");
  ck_assert_says(refusal_of("1,10-1x3"), "did you mean 1-10x3?");
}
END_TEST

START_TEST(what_is_no_number_is_named) {
  ck_assert_says(refusal_of("a-b"), "'a' is not a number");
  ck_assert_says(refusal_of("1-b"), "'b' is not a number");
  ck_assert_says(refusal_of("1-2-3"), "'2-3' is not a number");
  ck_assert_says(refusal_of("1.5"), "'1.5' is not a number");
  ck_assert_says(refusal_of("1-10x2x3"), "'2x3' is not a number");
  ck_assert_says(refusal_of("+5"), "'+5' is not a number");
}
END_TEST

START_TEST(a_missing_number_is_said) {
  ck_assert_says(refusal_of("1-"), "a number is missing");
  ck_assert_says(refusal_of("1-10x"), "a number is missing");
  ck_assert_says(refusal_of("x2"), "a number is missing");
  ck_assert_says(refusal_of("5x2"), "a step needs a range");
}
END_TEST

START_TEST(an_empty_text_and_empty_places_are_refused) {
  ck_assert_says(refusal_of(""), "no frames are named");
  ck_assert_says(refusal_of("  "), "no frames are named");
  ck_assert_says(refusal_of("1,,2"), "empty place");
  ck_assert_says(refusal_of("1,"), "empty place");
  ck_assert_says(refusal_of(","), "empty place");
}
END_TEST

START_TEST(a_step_of_zero_is_refused) {
  ck_assert_says(refusal_of("1-10x0"), "a step of 0");
}
END_TEST

START_TEST(negative_frames_are_refused_with_the_reason) {
  ck_assert_says(refusal_of("-5"), "below 0");
  ck_assert_says(refusal_of("-5-10"), "below 0");
  ck_assert_says(refusal_of("1--5"), "below 0");
}
END_TEST

START_TEST(too_many_frames_are_refused_by_count_and_limit) {
  ck_assert_uint_eq(frames_of("1-100000").size(), 100000);
  auto const message = refusal_of("1-1000000");
  ck_assert_says(message, "1,000,000 frames");
  ck_assert_says(message, "100,000");
  ck_assert_says(refusal_of("1-100000,200000"), "100,001 frames");
}
END_TEST

START_TEST(overlaps_do_not_count_against_the_limit) {
  ck_assert_uint_eq(frames_of("1-100000,1-100000,50000-100000").size(), 100000);
}
END_TEST

START_TEST(endless_overlaps_are_refused) {
  std::string text = "0-99999";
  for (int i = 0; i < 500; ++i) text += ",0-99999";
  ck_assert_says(refusal_of(text), "at most 100,000");
}
END_TEST

START_TEST(terminal_codes_do_not_reach_the_message) {
  ck_assert(refusal_of("\x1b[31m1").find('\x1b') == std::string::npos);
}
END_TEST

START_TEST(frames_are_written_compactly) {
  ck_assert_text(format_frames(frames_of("1-10,20,30-40x2")), "1-10,20,30-40x2");
  ck_assert_text(format_frames(frames_of("4,1,9")), "1,4,9");
  ck_assert_text(format_frames(frames_of("1,2")), "1-2");
  ck_assert_text(format_frames({}), "");
}
END_TEST

START_TEST(what_is_written_reads_back_the_same) {
  for (auto const* text : {"1", "1-2", "0,5,10,11,12,20-30x5,31,33", "1-9x3,8,100-1000x7", "3,4,6,7,9,10"}) {
    auto const frames = frames_of(text);
    ck_assert(frames_of(format_frames(frames).c_str()) == frames);
  }
}
END_TEST

TestGroup const reading_tests{
    "reading",
    {one_frame_is_a_range, ranges_steps_and_single_frames_mix, spaces_and_a_capital_x_are_read,
     frames_are_ascending_and_each_counts_once, the_largest_frame_is_blenders,
     a_backward_range_is_answered_with_the_forward_one, what_is_no_number_is_named, a_missing_number_is_said,
     an_empty_text_and_empty_places_are_refused, a_step_of_zero_is_refused, negative_frames_are_refused_with_the_reason,
     too_many_frames_are_refused_by_count_and_limit, overlaps_do_not_count_against_the_limit,
     endless_overlaps_are_refused, terminal_codes_do_not_reach_the_message}};
TestGroup const writing_tests{"writing", {frames_are_written_compactly, what_is_written_reads_back_the_same}};

}  // namespace
}  // namespace distren

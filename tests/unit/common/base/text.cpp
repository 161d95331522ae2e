// Times as text, there and back.
#include "common/base/text.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

START_TEST(a_time_is_read_as_it_was_written) {
  for (std::int64_t const ms : {std::int64_t{0}, std::int64_t{1767607200123}, std::int64_t{253402300799999},
                                std::int64_t{951782400000}, std::int64_t{-1}})
    ck_assert_msg(parse_iso_time(iso_time(ms)) == ms, "%s", iso_time(ms).c_str());
  ck_assert(parse_iso_time("2026-01-05T10:00:00Z") == 1767607200000);
  ck_assert(parse_iso_time("2026-01-05t10:00:00.5z") == 1767607200500);
  ck_assert(parse_iso_time("2026-01-05T10:00:00.123456789Z") == 1767607200123);
  ck_assert(parse_iso_time("2026-01-05T11:30:00+01:30") == 1767607200000);
  ck_assert(parse_iso_time("2026-01-05T02:00:00-08:00") == 1767607200000);
  ck_assert(parse_iso_time("2024-02-29T00:00:00Z").has_value());
}
END_TEST

START_TEST(what_is_no_time_is_none) {
  for (auto const* text : {"",
                           "2026",
                           "2026-01-05",
                           "2026-01-05T10:00:00",
                           "2026-01-05 10:00:00Z",
                           "2026-13-05T10:00:00Z",
                           "2026-00-05T10:00:00Z",
                           "2026-02-29T10:00:00Z",
                           "2026-01-32T10:00:00Z",
                           "2026-01-00T10:00:00Z",
                           "2026-01-05T24:00:00Z",
                           "2026-01-05T10:60:00Z",
                           "2026-01-05T10:00:60Z",
                           "2026-01-05T10:00:00.Z",
                           "2026-01-05T10:00:00.1234567890Z",
                           "2026-01-05T10:00:00ZZ",
                           "2026-01-05T10:00:00+0100",
                           "2026-01-05T10:00:00+24:00",
                           "+026-01-05T10:00:00Z",
                           "2026-1-05T10:00:00Z",
                           "1767607200000",
                           "never"})
    ck_assert_msg(!parse_iso_time(text), "%s", text);
}
END_TEST

TestGroup const time_text_tests{"time text", {a_time_is_read_as_it_was_written, what_is_no_time_is_none}};

}  // namespace

// Addresses, ranges and tags of requests.
#include <string>

#include "server/http/file_reply.h"
#include "server/http/uri.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

RangeKind range_of(std::string_view header, std::int64_t size, std::int64_t first = -1, std::int64_t length = -1) {
  ByteRange range;
  auto const kind = parse_range(header, size, range);
  if (kind == RangeKind::part) {
    ck_assert_int_eq(range.first, first);
    ck_assert_int_eq(range.length, length);
  }
  return kind;
}

START_TEST(targets_are_taken_apart_and_decoded_once) {
  auto const target = parse_target("/api/v1/jobs/a%2Fb?limit=5&name=a+b%26c&flag");
  ck_assert(target.has_value());
  ck_assert_text(target->path, "/api/v1/jobs/a/b");
  ck_assert_uint_eq(target->query.size(), 3);
  ck_assert_text(target->query[1].second, "a b&c");
  ck_assert_text(target->query[2].second, "");
  ck_assert_text(parse_target("/?%41%3d=1&&%2541=")->query[0].first, "A=");
  ck_assert_text(parse_target("/?%41%3d=1&&%2541=")->query[1].first, "%41");
  ck_assert_text(parse_target("https://grid.example.org:8443/a?b=c")->path, "/a");
  ck_assert_text(parse_target("http://grid.example.org")->path, "/");
  ck_assert_says(parse_target("/?a=1&b=2&a=3").error().message, "names 'a' twice");
  for (auto const* bad : {"",
                          "x",
                          "*",
                          "http:/x",
                          "http://x/../y",
                          "/a/../b",
                          "/..",
                          "/%2e%2e",
                          "/.",
                          "/a//b",
                          "/%",
                          "/%4",
                          "/%4g",
                          "/%00",
                          "/\x01",
                          "/?a=%",
                          "/?%0a=1",
                          "/?a=b%00c",
                          "/a b",
                          "/\xc3\xa4",
                          "/a#b",
                          "//example.org/a",
                          "ftp://example.org/a",
                          "mailto:/a"}) {
    ck_assert_msg(!parse_target(bad).has_value(), "'%s' was taken", bad);
  }
}
END_TEST

START_TEST(one_range_is_understood_and_anything_else_means_the_whole_file) {
  ck_assert(range_of("bytes=0-0", 10, 0, 1) == RangeKind::part);
  ck_assert(range_of("bytes=3-", 10, 3, 7) == RangeKind::part);
  ck_assert(range_of("bytes=3-100", 10, 3, 7) == RangeKind::part);
  ck_assert(range_of("bytes=-3", 10, 7, 3) == RangeKind::part);
  ck_assert(range_of("bytes=-30", 10, 0, 10) == RangeKind::part);
  for (auto const* none : {"bytes=10-", "bytes=10-20", "bytes=-0"}) {
    ck_assert_msg(range_of(none, 10) == RangeKind::unsatisfiable, "%s", none);
  }
  ck_assert(range_of("bytes=0-", 0) == RangeKind::unsatisfiable);
  for (auto const* whole : {"", "bytes", "bytes=", "bytes=-", "bytes=5-3", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2",
                            "bytes=+1-2", "bytes=1-99999999999999999999", "bytes= 1 - 2"}) {
    ck_assert_msg(range_of(whole, 10) == RangeKind::whole, "%s", whole);
  }
}
END_TEST

START_TEST(tags_are_found_in_lists) {
  ck_assert(matches_tag("\"a\"", "\"a\""));
  ck_assert(matches_tag("\"b\", W/\"a\" ,\"c\"", "\"a\""));
  ck_assert(matches_tag("*", "\"a\""));
  ck_assert(!matches_tag("", "\"a\""));
  ck_assert(!matches_tag("\"ab\"", "\"a\""));
}
END_TEST

TestGroup const addresses_tests{
    "addresses",
    {targets_are_taken_apart_and_decoded_once, one_range_is_understood_and_anything_else_means_the_whole_file,
     tags_are_found_in_lists}};

}  // namespace

// JSON bodies: each wrong member gets a sentence.
#include <string>

#include "common/base/json_body.h"
#include "common/base/json_text.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

std::string problem_of(Result<void> const& result) {
  return result ? "" : result.error().message;
}

JsonBody body_of(std::string_view text) {
  auto body = JsonBody::parse(text);
  ck_assert_msg(body.has_value(), "%s", body ? "" : body.error().message.c_str());
  return std::move(*body);
}

std::string why_not_json(std::string_view text) {
  auto const body = JsonBody::parse(text);
  return body ? "" : body.error().message;
}

START_TEST(wrong_members_are_named_in_sentences) {
  auto body = body_of(R"({"name":12,"count":"3","flag":1,"list":{},"extra":true,"far":200})");
  std::string text;
  std::int64_t number = 7;
  bool flag = false;
  nlohmann::json list;
  ck_assert(!body.read("name", JsonBody::required, text));
  ck_assert(!body.read("count", JsonBody::required, number, 0, 10));
  ck_assert(!body.read("flag", JsonBody::required, flag));
  ck_assert(!body.read_array("list", JsonBody::required, list, 10));
  ck_assert(!body.read("far", JsonBody::optional, number, 0, 10));
  ck_assert(!body.read("absent", JsonBody::optional, number, 0, 10));
  ck_assert(!body.read("missing", JsonBody::required, text));
  ck_assert_int_eq(number, 7);
  auto const said = problem_of(body.finish());
  for (auto const* part :
       {"name: 12 is not text", "count: '3' is not a whole number", "flag: 1 is neither true nor false",
        "list: an object is not a list", "far: 200 is not between 0 and 10", "missing is missing",
        "'extra' is not known here; known are: name, count"}) {
    ck_assert_says(said, part);
  }
  auto const fields = body.finish().error().fields;
  ck_assert_uint_eq(fields.size(), 7);
  ck_assert(fields[0].in == "body" && fields[0].at == "/name" && fields[0].code == "wrong_type");
  ck_assert(fields[4].at == "/far" && fields[4].code == "out_of_range");
  ck_assert(fields[5].at == "/missing" && fields[5].code == "missing");
  ck_assert(fields[6].at == "/extra" && fields[6].code == "unknown");
}
END_TEST

START_TEST(bodies_that_are_no_json_objects_are_refused) {
  ck_assert_says(why_not_json(""), "the body is empty");
  ck_assert_says(why_not_json("[1]"), "a JSON object is expected");
  ck_assert_says(why_not_json("12"), "the body is 12");
  ck_assert_says(why_not_json("{\"a\":}"), "at byte");
  ck_assert_says(why_not_json("{} x"), "at byte");
  ck_assert_says(why_not_json("{\"a\":\"\xff\"}"), "at byte");
  ck_assert_says(why_not_json(std::string(100000, '[')), "more than 32 levels");
  ck_assert_text(why_not_json("{\"a\":\"" + std::string(100, '[') + "\"}"), "");
  auto huge = body_of(R"({"n":18446744073709551615,"m":1e3,"z":"a\u0000b"})");
  std::int64_t number = 0;
  std::string text;
  ck_assert(!huge.read("n", JsonBody::required, number, 0, INT64_MAX));
  ck_assert(!huge.read("m", JsonBody::required, number, 0, INT64_MAX));
  ck_assert(!huge.read("z", JsonBody::required, text));
  ck_assert_says(problem_of(huge.finish()), "NUL");
}
END_TEST

START_TEST(a_member_that_occurs_twice_makes_a_body_malformed) {
  for (auto const* twice :
       {R"({"a":1,"a":1})", R"({"b":{"a":1,"c":2,"a":3}})", R"({"l":[{"x":1},{"y":1,"\u0079":2}]})"}) {
    auto const body = JsonBody::parse(twice);
    ck_assert(!body);
    ck_assert_says(body.error().message, "occurs twice");
    ck_assert(body.error().problem == "malformed_json");
  }
  ck_assert(JsonBody::parse(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})").has_value());
}
END_TEST

START_TEST(an_integer_that_javascript_would_round_is_refused) {
  auto body = body_of(R"({"exact":9007199254740991,"rounded":9007199254740992})");
  std::int64_t exact = 0;
  std::int64_t rounded = 7;
  ck_assert(body.read("exact", JsonBody::required, exact, 1, INT64_MAX));
  ck_assert(!body.read("rounded", JsonBody::required, rounded, 1, INT64_MAX));
  ck_assert(exact == 9007199254740991 && rounded == 7);
  ck_assert_text(problem_of(body.finish()), "rounded: 9007199254740992 is not between 1 and 9007199254740991");
}
END_TEST

TestGroup const bodies_tests{
    "bodies",
    {wrong_members_are_named_in_sentences, bodies_that_are_no_json_objects_are_refused,
     a_member_that_occurs_twice_makes_a_body_malformed, an_integer_that_javascript_would_round_is_refused}};

}  // namespace

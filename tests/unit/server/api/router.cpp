// The table of routes.
#include <string>

#include "server/api/handlers.h"
#include "server/api/router.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

START_TEST(patterns_match_whole_parts) {
  std::vector<std::pair<std::string_view, std::string_view>> values;
  ck_assert(match_pattern("/api/v1/jobs/{id}/outputs", "/api/v1/jobs/42/outputs", values));
  ck_assert_uint_eq(values.size(), 1);
  ck_assert(values[0].first == "id" && values[0].second == "42");
  ck_assert(!match_pattern("/api/v1/jobs/{id}", "/api/v1/jobs", values));
  ck_assert(!match_pattern("/api/v1/jobs/{id}", "/api/v1/jobs/", values));
  ck_assert(!match_pattern("/api/v1/jobs", "/api/v1/jobs/", values));
  ck_assert(!match_pattern("/api/v1/jobs/{id}", "/api/v1/jobs/42/x", values));
  ck_assert(!match_pattern("/api/v1/jobs/{id}", "/api/v1/jobsx/42", values));
  ck_assert(match_pattern("/files/{rest*}", "/files/a/b/c", values));
  ck_assert(values[0].first == "rest" && values[0].second == "a/b/c");
  ck_assert(match_pattern("/", "/", values));
}
END_TEST

START_TEST(no_two_routes_are_the_same) {
  auto const routes = api_routes();
  for (auto const& a : routes) {
    ck_assert(a.handle != nullptr);
    int same = 0;
    for (auto const& b : routes) same += a.method == b.method && a.pattern == b.pattern ? 1 : 0;
    ck_assert_msg(same == 1, "%s stands twice", std::string(a.pattern).c_str());
  }
}
END_TEST

TestGroup const routes_tests{"routes", {patterns_match_whole_parts, no_two_routes_are_the_same}};

}  // namespace

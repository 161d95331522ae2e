// Problems as RFC 9457 has them, and their catalogue.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "common/base/files.h"
#include "common/base/json_body.h"
#include "server/http/message.h"
#include "server/http/problem.h"
#include "server/http/rate_headers.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

START_TEST(a_problem_names_code_members_and_request) {
  Error const error{
      Errc::conflict, "the name \"ann\" is taken", "name_taken", {{"body", "/name", "duplicate", "taken"}}};
  auto reply = error_reply(error);
  add_request_id(reply, "Ab3-1f");
  ck_assert_int_eq(reply.status, 409);
  ck_assert(std::ranges::find(reply.headers, std::pair<std::string, std::string>("Request-Id", "Ab3-1f")) !=
            reply.headers.end());
  auto const problem = parse_json(std::get<std::string>(reply.body)).value();
  ck_assert_text(problem["type"].get<std::string>(), "/problems/name_taken");
  ck_assert_text(problem["code"].get<std::string>(), "name_taken");
  ck_assert_text(problem["detail"].get<std::string>(), "the name \"ann\" is taken");
  ck_assert_text(problem["request_id"].get<std::string>(), "Ab3-1f");
  ck_assert_int_eq(problem["status"].get<int>(), 409);
  ck_assert_text(problem["errors"][0]["at"].get<std::string>(), "/name");
  auto plain = json_reply(200, {{"a", 1}});
  add_request_id(plain, "Ab3-20");
  ck_assert_text(std::get<std::string>(plain.body), "{\"a\":1}\n");
  ck_assert_int_eq(error_reply("no_such_code", "x").status, 500);
}
END_TEST

START_TEST(every_429_and_503_says_when_to_come_back) {
  auto const retry_after = [](Reply const& reply) {
    std::string found;
    for (auto const& [name, value] : reply.headers) {
      if (name == "Retry-After") found += value;
    }
    return found;
  };
  for (auto const& kind : problem_catalogue()) {
    bool const later = kind.status == 429 || kind.status == 503;
    for (auto const& reply : {error_reply(kind.code, "x"), error_reply(Error{Errc::invalid, "x", kind.code})})
      ck_assert_msg(retry_after(reply).empty() != (later || kind.retry_after_s > 0), "%s",
                    std::string(kind.code).c_str());
    if (later) ck_assert_int_gt(kind.retry_after_s, 0);
  }
  for (int const status : {429, 503}) ck_assert(!retry_after(error_reply(status, "x")).empty());
  ck_assert_text(retry_after(busy_reply("busy", "x", 2001)), "3");
  ck_assert_text(retry_after(busy_reply("rate_limited", "x", 1)), "1");
  ck_assert_text(retry_after(busy_reply("rate_limited", "x", 0)), "1");
  ck_assert_text(retry_after(error_reply(404, "x")), "");
}
END_TEST

START_TEST(how_far_a_limit_is_used_up_is_told_as_the_draft_has_it) {
  HeaderList headers;
  add_rate_headers(headers, {"user", {500, 5000}}, {.wait_ms = 0, .remaining = 4999, .full_in_ms = 2});
  ck_assert(headers ==
            HeaderList({{"RateLimit-Policy", "\"user\";q=5000;w=10"}, {"RateLimit", "\"user\";r=4999;t=1"}}));
  headers.clear();
  add_rate_headers(headers, {"sign-in", {0.2, 20}}, {.wait_ms = 4000, .remaining = 0, .full_in_ms = 99001});
  ck_assert(headers ==
            HeaderList({{"RateLimit-Policy", "\"sign-in\";q=20;w=100"}, {"RateLimit", "\"sign-in\";r=0;t=100"}}));
}
END_TEST

START_TEST(the_catalogue_of_problems_is_that_of_the_api_document) {
  auto const document = read_file(std::string(std::getenv("top_srcdir")) + "/doc/openapi.yaml", 1 << 22).value();
  auto const begin = document.find("    Problem:\n");
  auto const end = document.find("        detail:", begin);
  std::set<std::string> documented;
  for (auto at = document.find("            - ", begin); at < end; at = document.find("            - ", at + 1))
    documented.insert(document.substr(at + 14, document.find('\n', at) - at - 14));
  std::set<std::string> known;
  for (auto const& kind : problem_catalogue()) {
    ck_assert_msg(known.emplace(kind.code).second, "%s stands twice", std::string(kind.code).c_str());
    ck_assert(kind.status >= 400 && kind.status < 600 && !kind.title.empty() && !kind.remedy.empty());
  }
  ck_assert_uint_eq(known.size(), documented.size());
  ck_assert(known == documented);
}
END_TEST

START_TEST(every_code_of_the_catalogue_is_one_that_the_server_answers_with) {
  std::string sources;
  for (auto const* folder : {"/common", "/server"}) {
    auto const path = std::getenv("top_srcdir") + std::string(folder);
    for (auto const& entry : std::filesystem::recursive_directory_iterator(path))
      if (entry.path().extension() == ".cpp") sources += read_file(entry.path(), 1 << 20).value();
  }
  for (auto const& kind : problem_catalogue()) {
    auto const quoted = "\"" + std::string(kind.code) + "\"";
    auto const first = sources.find(quoted);  // in the catalogue or where it is used
    ck_assert_msg(sources.find(quoted, first + 1) != std::string::npos, "nothing answers with %s", quoted.c_str());
  }
}
END_TEST

TestGroup const problems_tests{
    "problems",
    {a_problem_names_code_members_and_request, every_429_and_503_says_when_to_come_back,
     how_far_a_limit_is_used_up_is_told_as_the_draft_has_it, the_catalogue_of_problems_is_that_of_the_api_document,
     every_code_of_the_catalogue_is_one_that_the_server_answers_with}};

}  // namespace

// The parts of the HTTP door that need no socket: addresses, ranges, JSON bodies, limits, patterns, job requests.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/json_body.h"
#include "common/base/json_text.h"
#include "server/api/handlers.h"
#include "server/api/router.h"
#include "server/http/file_reply.h"
#include "server/http/problem.h"
#include "server/http/uri.h"
#include "server/net/rate_limit.h"
#include "server/submit/job_request.h"
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

RangeKind range_of(std::string_view header, std::int64_t size, std::int64_t first = -1, std::int64_t length = -1) {
  ByteRange range;
  auto const kind = parse_range(header, size, range);
  if (kind == RangeKind::part) {
    ck_assert_int_eq(range.first, first);
    ck_assert_int_eq(range.length, length);
  }
  return kind;
}

std::map<std::string, RenderMethod> const& methods() {
  static std::map<std::string, RenderMethod> const loaded = [] {
    char const* top = std::getenv("top_srcdir");
    auto result = load_render_methods(std::filesystem::path(top == nullptr ? ".." : top) / "methods");
    ck_assert_msg(result.has_value(), "%s", result ? "" : result.error().message.c_str());
    return std::move(*result);
  }();
  return loaded;
}

// A good request with some members replaced; a null one is left out.
nlohmann::json job(nlohmann::json changes = nlohmann::json::object()) {
  nlohmann::json request{{"name", "film"},
                         {"source", "scene.blend"},
                         {"files", {{{"path", "scene.blend"}, {"sha256", std::string(64, 'a')}, {"size", 5}}}},
                         {"frames", "1-3"}};
  request.merge_patch(changes);
  return request;
}

std::string why_no_job(nlohmann::json const& request, JobRequestLimits limits = {}) {
  auto const read = read_job_request(to_text(request), methods(), limits);
  return read ? "" : read.error().message;
}

}  // namespace

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
  auto const& fields = body.finish().error().fields;
  ck_assert_uint_eq(fields.size(), 7);
  ck_assert(fields[0].in == "body" && fields[0].at == "/name" && fields[0].code == "wrong_type");
  ck_assert(fields[4].at == "/far" && fields[4].code == "out_of_range");
  ck_assert(fields[5].at == "/missing" && fields[5].code == "missing");
  ck_assert(fields[6].at == "/extra" && fields[6].code == "unknown");
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

START_TEST(buckets_refill_with_time) {
  TokenBuckets buckets(2, 3);
  for (int i = 0; i < 3; ++i) ck_assert_int_eq(buckets.take("a", 1000), 0);
  ck_assert_int_eq(buckets.take("a", 1000), 500);
  ck_assert_int_eq(buckets.take("b", 1000), 0);
  ck_assert_int_eq(buckets.take("a", 1500), 0);
  ck_assert_int_gt(buckets.take("a", 1500), 0);
  for (int i = 0; i < 3; ++i) ck_assert_int_eq(buckets.take("a", 100000), 0);
  ck_assert_int_gt(buckets.take("a", 100000), 0);
}
END_TEST

START_TEST(a_network_of_ipv6_counts_as_one_address) {
  ck_assert_text(limit_key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  ck_assert_text(limit_key("2001:db8:1:2:ffff::1"), limit_key("2001:db8:1:2::"));
  ck_assert(limit_key("2001:db8:1:3::1") != limit_key("2001:db8:1:2::1"));
  ck_assert_text(limit_key("::ffff:192.0.2.7"), "192.0.2.7");
  ck_assert_text(limit_key("192.0.2.7"), "192.0.2.7");
  ck_assert_text(limit_key("17"), "17");
  TokenBuckets buckets(1, 1);
  ck_assert_int_eq(buckets.take("2001:db8::1", 1000), 0);
  ck_assert_int_gt(buckets.take("2001:db8::2", 1000), 0);
  ConnectionCounts counts(1);
  ck_assert(counts.add("2001:db8::1") && !counts.add("2001:db8::2"));
  counts.remove("2001:db8::1");
  ck_assert(counts.add("2001:db8::2"));
}
END_TEST

START_TEST(an_attack_from_everywhere_frees_nobody_who_is_held_back) {
  TokenBuckets buckets(0.001, 1);
  ck_assert_int_eq(buckets.take("first", 1000), 0);
  int held = 0;
  for (int i = 0; i < 20100; ++i) ck_assert_int_eq(buckets.take(std::to_string(i), 1000), 0);
  for (int i = 0; i < 20100; ++i) held += buckets.take(std::to_string(i), 1000) > 0 ? 1 : 0;
  ck_assert_int_gt(held, 10000);
}
END_TEST

START_TEST(connections_are_counted_by_address) {
  ConnectionCounts counts(2);
  ck_assert(counts.add("a"));
  ck_assert(counts.add("a"));
  ck_assert(!counts.add("a"));
  ck_assert(counts.add("b"));
  counts.remove("a");
  ck_assert(counts.add("a"));
}
END_TEST

START_TEST(patterns_match_whole_parts) {
  std::vector<std::pair<std::string_view, std::string_view>> values;
  ck_assert(match_pattern("/api/v1/jobs/{id}/output", "/api/v1/jobs/42/output", values));
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

START_TEST(a_good_job_request_is_read) {
  auto const read = read_job_request(
      to_text(job({{"frames", "1-10,20"}, {"priority", 7}, {"parameters", {{"samples", 64}}}, {"paused", true}})),
      methods(), {});
  ck_assert_msg(read.has_value(), "%s", read ? "" : read.error().message.c_str());
  ck_assert_uint_eq(read->job.frames.size(), 11);
  ck_assert_int_eq(read->job.priority, 7);
  ck_assert(read->job.paused);
  ck_assert_text(read->job.method, "blender");
  ck_assert_int_eq(read->parameters["samples"].get<int>(), 64);
}
END_TEST

START_TEST(every_bad_thing_in_a_job_request_gets_its_sentence) {
  ck_assert_says(why_no_job(job({{"name", ""}})), "name: ''");
  ck_assert_says(why_no_job(job({{"name", "a\nb"}})), "printable characters");
  ck_assert_says(why_no_job(job({{"frames", "10-1"}})), "frames: ");
  ck_assert_says(why_no_job(job({{"frames", "a-b"}})), "frames: ");
  ck_assert_says(why_no_job(job({{"frames", "1-1000000"}})), "frames: ");
  ck_assert_says(why_no_job(job({{"frames", 12}})), "frames: 12 is not text");
  ck_assert_says(why_no_job(job({{"frames", "1-100"}}), {.frames = 50}), "these are 100");
  ck_assert_says(why_no_job(job({{"method", "povbread"}})), "'povbread' is not known to this grid; it has: blender");
  ck_assert_says(why_no_job(job({{"source", "other.blend"}})), "source: 'other.blend' is not one of the job's files");
  ck_assert_says(why_no_job(job({{"parameters", {{"samples", 0}}}})), "samples is 0");
  ck_assert_says(why_no_job(job({{"parameters", {{"sample", 1}}}})), "no parameter");
  ck_assert_says(why_no_job(job({{"priority", 101}})), "priority: 101 is not between 1 and 100");
  ck_assert_says(why_no_job(job({{"files", nlohmann::json::array()}})), "the list is empty");
  ck_assert_says(why_no_job(job({{"frame", "1"}})), "'frame' is not known here");
  ck_assert_says(why_no_job(nlohmann::json::object()), "name is missing; files is missing; source is missing");
}
END_TEST

START_TEST(paths_of_a_job_stay_inside_and_apart) {
  auto with_paths = [](std::initializer_list<char const*> paths) {
    auto files = nlohmann::json::array();
    for (auto const* path : paths) files.push_back({{"path", path}, {"sha256", std::string(64, 'a')}, {"size", 1}});
    return job({{"files", files}});
  };
  ck_assert_text(why_no_job(with_paths({"scene.blend", "tex/a.png", "tex/b.png"})), "");
  ck_assert_says(why_no_job(with_paths({"scene.blend", "../a"})), "files[1]: the path '../a'");
  ck_assert_says(why_no_job(with_paths({"scene.blend", "/etc/passwd"})), "absolute");
  ck_assert_says(why_no_job(with_paths({"scene.blend", "a\\b"})), "backslash");
  ck_assert_says(why_no_job(with_paths({"scene.blend", "scene.blend"})), "'scene.blend' is named twice");
  ck_assert_says(why_no_job(with_paths({"scene.blend", "a", "a/b"})), "'a' is a file and also the folder of 'a/b'");
  ck_assert_says(why_no_job(job({{"files", {1}}})), "files[0]: 1 is not an object");
  auto bad = job();
  bad["files"][0]["sha256"] = "ABC";
  bad["files"][0]["size"] = -1;
  bad["files"][0]["mode"] = 7;
  auto const said = why_no_job(bad);
  for (auto const* part : {"sha256: 'ABC'", "size: -1 is not between", "'mode' is not known"})
    ck_assert_says(said, part);
}
END_TEST

int main() {
  auto* addresses = tcase_create("addresses");
  tcase_add_test(addresses, targets_are_taken_apart_and_decoded_once);
  tcase_add_test(addresses, one_range_is_understood_and_anything_else_means_the_whole_file);
  tcase_add_test(addresses, tags_are_found_in_lists);
  tcase_add_test(addresses, patterns_match_whole_parts);
  tcase_add_test(addresses, no_two_routes_are_the_same);
  auto* bodies = tcase_create("bodies");
  tcase_add_test(bodies, wrong_members_are_named_in_sentences);
  tcase_add_test(bodies, bodies_that_are_no_json_objects_are_refused);
  tcase_add_test(bodies, a_member_that_occurs_twice_makes_a_body_malformed);
  tcase_add_test(bodies, a_problem_names_code_members_and_request);
  tcase_add_test(bodies, the_catalogue_of_problems_is_that_of_the_api_document);
  auto* limits = tcase_create("limits");
  tcase_add_test(limits, buckets_refill_with_time);
  tcase_add_test(limits, a_network_of_ipv6_counts_as_one_address);
  tcase_add_test(limits, an_attack_from_everywhere_frees_nobody_who_is_held_back);
  tcase_add_test(limits, connections_are_counted_by_address);
  auto* jobs = tcase_create("job requests");
  tcase_add_test(jobs, a_good_job_request_is_read);
  tcase_add_test(jobs, every_bad_thing_in_a_job_request_gets_its_sentence);
  tcase_add_test(jobs, paths_of_a_job_stay_inside_and_apart);
  return run_suite("http_parts", {addresses, bodies, limits, jobs});
}

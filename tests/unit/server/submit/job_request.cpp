// The request for a job: what is read and what is refused.
#include <string>

#include "common/base/json_text.h"
#include "server/submit/job_request.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

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
                         {"main_file", "scene.blend"},
                         {"files", {{{"path", "scene.blend"}, {"sha256", std::string(64, 'a')}, {"size_bytes", 5}}}},
                         {"frames", "1-3"}};
  request.merge_patch(changes);
  return request;
}

std::string why_no_job(nlohmann::json const& request, JobRequestLimits limits = {}) {
  auto const read = read_job_request(to_text(request), methods(), limits);
  return read ? "" : read.error().message;
}

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
  ck_assert_says(why_no_job(job({{"main_file", "other.blend"}})),
                 "main_file: 'other.blend' is not one of the job's files");
  ck_assert_says(why_no_job(job({{"parameters", {{"samples", 0}}}})), "samples is 0");
  ck_assert_says(why_no_job(job({{"parameters", {{"sample", 1}}}})), "no parameter");
  ck_assert_says(why_no_job(job({{"priority", 101}})), "priority: 101 is not between 1 and 100");
  ck_assert_says(why_no_job(job({{"files", nlohmann::json::array()}})), "the list is empty");
  ck_assert_says(why_no_job(job({{"frame", "1"}})), "'frame' is not known here");
  ck_assert_says(why_no_job(nlohmann::json::object()), "name is missing; files is missing; main_file is missing");
}
END_TEST

START_TEST(paths_of_a_job_stay_inside_and_apart) {
  auto with_paths = [](std::initializer_list<char const*> paths) {
    auto files = nlohmann::json::array();
    for (auto const* path : paths)
      files.push_back({{"path", path}, {"sha256", std::string(64, 'a')}, {"size_bytes", 1}});
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
  bad["files"][0]["size_bytes"] = -1;
  bad["files"][0]["mode"] = 7;
  auto const said = why_no_job(bad);
  for (auto const* part : {"sha256: 'ABC'", "size_bytes: -1 is not between", "'mode' is not known"})
    ck_assert_says(said, part);
}
END_TEST

TestGroup const job_requests_tests{"job requests",
                                   {a_good_job_request_is_read, every_bad_thing_in_a_job_request_gets_its_sentence,
                                    paths_of_a_job_stay_inside_and_apart}};

}  // namespace

#include "common/render/render_method.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "common/base/xml.h"
#include "tests/support/check_main.h"

using namespace distren;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

fs::path methods_folder() {
  char const* const top = std::getenv("top_srcdir");
  return fs::path(top != nullptr ? top : "..") / "methods";
}

RenderMethod blender() {
  auto method = load_render_method(methods_folder() / "blender");
  ck_assert_msg(method.has_value(), "%s", method ? "" : method.error().message.c_str());
  return std::move(*method);
}

std::string shipped_text() {
  std::ifstream file(methods_folder() / "blender" / "method.xml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string replaced(std::string text, std::string const& what, std::string const& by) {
  auto const at = text.find(what);
  ck_assert_msg(at != std::string::npos, "the definition has no %s", what.c_str());
  return text.replace(at, what.size(), by);
}

// Loads a definition from a folder of its own; the message of its refusal, empty when it is taken.
std::string refusal(std::string const& definition) {
  char scratch[] = "/tmp/check_render_method.XXXXXX";
  fs::path const folder = ::mkdtemp(scratch);
  fs::create_directories(folder / "blender");
  fs::copy_file(methods_folder() / "method.xsd", folder / "method.xsd");
  for (auto const* scenes : {"benchmark", "probe"})
    fs::copy(methods_folder() / "blender" / scenes, folder / "blender" / scenes);
  std::ofstream(folder / "blender" / "method.xml") << definition;
  auto const method = load_render_method(folder / "blender");
  fs::remove_all(folder);
  return method ? "" : method.error().message;
}

std::string problem(json const& parameters, ParameterScope scope = ParameterScope::job) {
  auto const checked = check_parameters(blender(), parameters, scope);
  if (checked) return "";
  ck_assert(checked.error().code == Errc::invalid);
  return checked.error().message;
}

}  // namespace

START_TEST(the_shipped_definition_is_read) {
  auto const method = blender();
  ck_assert(method.name == "blender");
  ck_assert(method.program == "blender");
  ck_assert(method.session);
  ck_assert(method.version_pattern.match("Blender 3.4.1")->at(1) == "3.4.1");
  ck_assert(load_render_methods(methods_folder())->contains("blender"));
}
END_TEST

START_TEST(a_missing_folder_of_methods_is_named) {
  auto const methods = load_render_methods("/no/such/methods");
  ck_assert(!methods);
  ck_assert_says(methods.error().message, "/no/such/methods");
}
END_TEST

START_TEST(the_unchanged_copy_is_taken) {
  ck_assert(refusal(shipped_text()).empty());
}
END_TEST

START_TEST(broken_xml_is_refused_with_its_line) {
  std::string const message = refusal(replaced(shipped_text(), "</parameters>", ""));
  ck_assert_says(message, "method.xml:");
}
END_TEST

START_TEST(an_empty_definition_is_refused) {
  ck_assert(!refusal("").empty());
}
END_TEST

START_TEST(an_unknown_element_is_refused_with_its_line) {
  std::string const message = refusal(replaced(shipped_text(), "<parameters>", "<shell>rm</shell><parameters>"));
  ck_assert_says(message, "shell");
  ck_assert_says(message, "method.xml:");
}
END_TEST

START_TEST(entities_and_document_types_are_refused) {
  std::string const external = "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>\n<render-method";
  ck_assert_says(refusal(replaced(shipped_text(), "<render-method", external)), "document type");
  std::string bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\">";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(c - 1) + ";";
    bomb += "\">";
  }
  ck_assert_says(refusal(replaced(shipped_text(), "<render-method", bomb + "]>\n<render-method")), "document type");
}
END_TEST

START_TEST(a_document_type_in_another_encoding_is_refused) {
  std::string const plain = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><!DOCTYPE r []><r/>";
  std::string wide = "\xff\xfe";
  for (char const c : plain) wide += {c, '\0'};
  ck_assert(!refusal(wide).empty());
}
END_TEST

START_TEST(a_huge_definition_is_refused) {
  std::string const padding = "<!--" + std::string(XmlDocument::size_limit, 'x') + "--><parameters>";
  ck_assert(!refusal(replaced(shipped_text(), "<parameters>", padding)).empty());
}
END_TEST

START_TEST(a_deep_definition_is_refused) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<a>";
  ck_assert(!refusal(replaced(shipped_text(), "<parameters>", deep + "<parameters>")).empty());
}
END_TEST

START_TEST(a_misspelt_place_is_refused) {
  ck_assert_says(refusal(replaced(shipped_text(), "{threads}", "{treads}")), "{treads}");
}
END_TEST

START_TEST(a_bad_pattern_is_refused) {
  ck_assert_says(refusal(replaced(shipped_text(), "Missing DNA block", "Missing (DNA")), "regular expression");
}
END_TEST

START_TEST(a_name_that_is_not_the_folders_is_refused) {
  ck_assert_says(refusal(replaced(shipped_text(), "name=\"blender\"", "name=\"maya\"")), "maya");
}
END_TEST

START_TEST(a_parameter_twice_is_refused) {
  ck_assert(!refusal(replaced(shipped_text(), "name=\"percentage\"", "name=\"samples\"")).empty());
}
END_TEST

START_TEST(the_shipped_benchmark_is_read) {
  auto const method = blender();
  ck_assert(method.benchmark.has_value());
  ck_assert(fs::is_regular_file(method.benchmark->scene));
  ck_assert(fs::file_size(method.benchmark->scene) < 200 * 1024);
  ck_assert(method.benchmark->file() == "benchmark.blend");
  ck_assert_int_gt(method.benchmark->ms_per_megasample, 0);
}
END_TEST

START_TEST(a_benchmark_that_cannot_be_rendered_is_refused) {
  auto const said = [](std::string const& what, std::string const& by) {
    return refusal(replaced(shipped_text(), what, by));
  };
  ck_assert_says(said("benchmark/benchmark.blend", "benchmark/absent.blend"), "absent.blend is not there");
  ck_assert_says(said("benchmark/benchmark.blend", "../benchmark.blend"), "scene");
  ck_assert_says(said("first-frame=\"1\"", "first-frame=\"1000001\""), "ends before it begins");
  ck_assert_says(said("last-frame=\"1000000\"", "last-frame=\"1048576\""), "last-frame");
  ck_assert_says(said("max-percentage=\"150\"", "max-percentage=\"401\""), "percentage is 401");
  ck_assert_says(said("min-percentage=\"50\"", "min-percentage=\"10\""), "no room for its number");
  ck_assert_says(
      said("scene=\"benchmark/benchmark.blend\" format=\"PNG\"", "scene=\"benchmark/benchmark.blend\" format=\"GIF\""),
      "GIF");
}
END_TEST

START_TEST(a_variant_of_the_benchmark_has_the_wanted_work) {
  auto const method = blender();
  auto const bench = *method.benchmark;
  std::uint64_t state = 42;
  auto const random = [&state] { return state = state * 6364136223846793005U + 1442695040888963407U; };
  for (int i = 0; i < 1000; ++i) {
    int const cores = 1 + i % 16;
    auto const variant = choose_benchmark(bench, 10000, cores, random);
    ck_assert(variant.frame >= bench.first_frame && variant.frame <= bench.last_frame);
    ck_assert(variant.percentage >= bench.min_percentage && variant.percentage <= bench.max_percentage);
    ck_assert_int_eq(variant.width, bench.width * variant.percentage / 100);
    ck_assert_int_eq(variant.work_ms, benchmark_work(bench, variant.width, variant.height, variant.samples));
    ck_assert_int_gt(variant.work_ms, 10000 * cores * 9 / 10);
    ck_assert_int_lt(variant.work_ms, 10000 * cores * 11 / 10);
    auto const order = benchmark_parameters(method, variant);
    ck_assert(check_parameters(method, order, ParameterScope::order).has_value());
  }
}
END_TEST

START_TEST(a_variant_stays_in_its_ranges_whatever_is_wanted) {
  auto const bench = *blender().benchmark;
  for (std::uint64_t const number : {std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()})
    for (auto const& [wanted, cores] : {std::pair{std::int64_t{-5}, 0}, {std::int64_t{0}, 1}, {INT64_MAX, INT32_MAX}}) {
      auto const variant = choose_benchmark(bench, wanted, cores, [number] { return number; });
      ck_assert(variant.samples >= bench.min_samples && variant.samples <= bench.max_samples);
      ck_assert(variant.frame >= bench.first_frame && variant.frame <= bench.last_frame);
      ck_assert_int_gt(variant.work_ms, 0);
    }
}
END_TEST

START_TEST(variants_cannot_be_foreseen) {
  auto const bench = *blender().benchmark;
  std::uint64_t state = 7;
  auto const random = [&state] { return state = state * 6364136223846793005U + 1442695040888963407U; };
  std::set<int> frames, sizes;
  for (int i = 0; i < 1000; ++i) {
    auto const variant = choose_benchmark(bench, 10000, 1, random);
    frames.insert(variant.frame);
    sizes.insert(variant.width);
  }
  ck_assert_uint_gt(frames.size(), 990);
  ck_assert_uint_gt(sizes.size(), 90);
}
END_TEST

START_TEST(good_parameters_pass_unchanged) {
  json const given = {{"samples", 64}, {"percentage", 50}, {"format", "PNG"}, {"camera", "Süd - 2"}};
  auto const checked = check_parameters(blender(), given);
  ck_assert(checked.has_value());
  ck_assert(*checked == given);
}
END_TEST

START_TEST(no_parameters_are_good) {
  ck_assert(problem(json::object()).empty());
  ck_assert(problem(nullptr).empty());
  ck_assert(check_parameters(blender(), {{"samples", nullptr}})->empty());
}
END_TEST

START_TEST(a_wrong_number_is_named_with_its_value_and_range) {
  std::string const message = problem({{"samples", 0}});
  ck_assert_says(message, "samples is 0");
  ck_assert_says(message, "from 1 to 65536");
  ck_assert(!problem({{"samples", 65537}}).empty());
  ck_assert(!problem({{"samples", 1.5}}).empty());
  ck_assert(!problem({{"samples", "64"}}).empty());
  ck_assert(!problem({{"samples", std::numeric_limits<std::uint64_t>::max()}}).empty());
  ck_assert(!problem({{"samples", {1}}}).empty());
}
END_TEST

START_TEST(a_wrong_choice_names_the_right_ones) {
  ck_assert_says(problem({{"format", "FFMPEG"}}), "OPEN_EXR");
  ck_assert(!problem({{"format", "png"}}).empty());
}
END_TEST

START_TEST(a_text_has_a_length_and_no_control_characters) {
  ck_assert(!problem({{"camera", ""}}).empty());
  ck_assert(!problem({{"camera", std::string(256, 'x')}}).empty());
  ck_assert(!problem({{"camera", "a\nb"}}).empty());
  ck_assert(!problem({{"camera", "a\xff"}}).empty());
  ck_assert(!problem({{"camera", std::string("a\0b", 3)}}).empty());
}
END_TEST

START_TEST(an_unknown_parameter_is_refused_by_name) {
  ck_assert_says(problem({{"python", "import os"}}), "python");
  ck_assert_says(problem({{"frame", 3}}), "frame");  // the server's own, not an owner's
}
END_TEST

START_TEST(every_wrong_parameter_is_named_at_once) {
  std::string const message = problem({{"samples", -1}, {"format", 7}, {"wrong", 1}});
  ck_assert_says(message, "samples");
  ck_assert_says(message, "format");
  ck_assert_says(message, "wrong");
}
END_TEST

START_TEST(parameters_that_are_no_object_are_refused) {
  ck_assert(!problem(json::array({1})).empty());
}
END_TEST

START_TEST(an_order_needs_file_and_frame) {
  ck_assert(problem({{"file", "video/a.blend"}, {"frame", 5}}, ParameterScope::order).empty());
  ck_assert_says(problem({{"file", "a.blend"}}, ParameterScope::order), "frame is missing");
}
END_TEST

START_TEST(a_file_cannot_lie_outside_the_job) {
  for (auto const* path : {"/etc/passwd", "../a.blend", "a/../../b", "", "a//b", "./a", "--python", "a\\b"})
    ck_assert_msg(!problem({{"file", path}, {"frame", 1}}, ParameterScope::order).empty(), "%s", path);
}
END_TEST

START_TEST(the_command_line_is_built_from_the_definition) {
  json const parameters = {{"file", "a {job} $(id).blend"}, {"frame", 5}};
  auto const arguments = command_arguments(blender(), parameters, {"/job", "/out/5.png", "/method", 3});
  std::vector<std::string> const wanted = {"--background",
                                           "--factory-startup",
                                           "--disable-autoexec",
                                           "-t",
                                           "3",
                                           "/job/a {job} $(id).blend",
                                           "--python-exit-code",
                                           "97",
                                           "--python",
                                           "/method/driver.py",
                                           "--",
                                           "/job"};
  ck_assert(arguments == wanted);
}
END_TEST

START_TEST(an_argument_can_depend_on_a_parameter) {
  auto method = blender();
  method.command = {{"+W{samples}", "samples"}, {"+K", "camera"}};
  auto const arguments = command_arguments(method, {{"samples", 7}}, {});
  ck_assert(arguments == std::vector<std::string>{"+W7"});
}
END_TEST

START_TEST(an_argument_can_depend_on_a_value_or_on_an_absence) {
  auto const method = load_render_method(methods_folder() / "povray");
  ck_assert_msg(method.has_value(), "%s", method ? "" : method.error().message.c_str());
  json parameters = {{"file", "sub/a.pov"}, {"frame", 5}, {"format", "JPEG"}, {"last", 250}};
  auto arguments = command_arguments(*method, parameters, {"/job", "/out/9.jpg", "/method", 3});
  auto const has = [&arguments](char const* each) { return std::ranges::count(arguments, each) > 0; };
  ck_assert(has("+FJ90") && !has("+FN8") && has("+KFF250") && has("+L/job/sub") && has("+SF5") && !has("+UA"));
  auto const finishing = load_render_method(methods_folder() / "imagemagick");
  ck_assert(finishing.has_value());
  arguments = command_arguments(*finishing, parameters, {"/job", "/out/9.jpg", "/method", 3});
  ck_assert(has("/job/sub/a.pov[0]"));
  parameters["sequence"] = "plates/%04d.png";
  arguments = command_arguments(*finishing, parameters, {"/job", "/out/9.jpg", "/method", 3});
  ck_assert(has("/job/plates/%04d.png[5]") && !has("/job/sub/a.pov[0]"));
}
END_TEST

START_TEST(a_sequence_cannot_lead_out_of_the_job) {
  auto const method = load_render_method(methods_folder() / "ffmpeg");
  ck_assert_msg(method.has_value(), "%s", method ? "" : method.error().message.c_str());
  auto const taken = [&method](char const* text) {
    return check_parameters(*method, {{"sequence", text}}).has_value();
  };
  ck_assert(taken("output/%04d.png") && taken("a/b/c-%9d.EXR") == false && taken("a/b/c-%09d.EXR"));
  for (auto const* bad : {"../%04d.png", "/etc/%04d.png", "a/../%04d.png", "%04d.png", "a:%04d.png",
                          "http://a/%04d.png", "a%04d.png|id", "a%04d%s.png", "-a%04d.png", "@a%04d.png"})
    ck_assert_msg(!taken(bad), "%s", bad);
}
END_TEST

START_TEST(a_condition_on_what_is_not_there_is_refused) {
  std::string const with = "<argument when=\"WHAT\">-t</argument>";
  auto const said = [&with](std::string const& what) {
    return refusal(replaced(shipped_text(), "<argument>-t</argument>", replaced(with, "WHAT", what)));
  };
  ck_assert(said("format=PNG").empty());
  ck_assert_says(said("format=GIF"), "GIF is no value of format");
  ck_assert_says(said("shape"), "no parameter shape");
}
END_TEST

START_TEST(every_shipped_definition_is_valid) {
  auto const methods = load_render_methods(methods_folder());
  ck_assert_msg(methods.has_value(), "%s", methods ? "" : methods.error().message.c_str());
  for (auto const* name : {"blender", "ffmpeg", "imagemagick", "povray"})
    ck_assert_msg(methods->contains(name), "%s", name);
}
END_TEST

START_TEST(progress_is_read_from_blenders_lines) {
  auto const method = blender();
  auto const cycles = read_progress(
      method, "Fra:1 Mem:15.34M | Time:00:00.14 | Remaining:01:02.50 | Mem:6.07M | Scene, ViewLayer | Sample 16/64");
  ck_assert_double_eq_tol(cycles.fraction.value_or(-1), 0.25, 1e-9);
  ck_assert(cycles.remaining == 62500ms);
  auto const tiles = read_progress(method, "| Rendered 1/4 Tiles, Sample 32/64");
  ck_assert_double_eq_tol(tiles.fraction.value_or(-1), 0.375, 1e-9);
  auto const eevee = read_progress(method, "Fra:5 Mem:46.27M | Time:00:10.53 | Rendering 33 / 66 samples");
  ck_assert_double_eq_tol(eevee.fraction.value_or(-1), 0.5, 1e-9);
  ck_assert(!read_progress(method, "Fra:1 | Updating Scene BVH").fraction);
  ck_assert(!read_progress(method, "Sample 1/0").fraction);
  ck_assert(!read_progress(method, "Remaining:::").remaining);
  ck_assert_double_le(read_progress(method, "Sample 99999999999999999999/1").fraction.value_or(0), 1.0);
}
END_TEST

START_TEST(lines_of_blender_5_are_read_with_their_time_and_category) {
  auto const method = blender();
  auto const cycles =
      read_progress(method, "00:12.345  render           | Remaining: 00:08.25 | Mem: 7M | Sample 4/16");
  ck_assert_double_eq_tol(cycles.fraction.value_or(-1), 0.25, 1e-9);
  ck_assert(cycles.remaining == 8250ms);
  ck_assert(read_progress(method, "Remaining: 01:00.00 | Sample 0/16").remaining == 60000ms);
  auto const says = [](auto const& patterns, std::string_view line) {
    for (auto const& each : patterns)
      if (each.pattern.match(line)) return each.text;
    return std::string();
  };
  ck_assert_says(says(method.failures, "00:02.6  reports          | ERROR File format is not supported in file \"a\""),
                 "no .blend");
  ck_assert_says(
      says(method.failures, "Error: Cannot read blend file 'a', incomplete header, may be from a newer version"),
      "newer Blender");
  ck_assert_says(says(method.failures, "Couldn't open libGL.so.1 or libOpenGL.so.0"), "libGL is missing");
  ck_assert_says(says(method.warnings, "00:00.570  reports          | WARNING LIB: Object 'a' missing from 'b'"),
                 "linked library");
}
END_TEST

START_TEST(long_lines_are_matched_without_harm) {
  std::string const line(10000000, 'a');
  ck_assert(!read_progress(blender(), line).fraction);
}
END_TEST

START_TEST(results_are_named_by_frame_and_format) {
  auto const method = blender();
  ck_assert(output_name(method, 5, "PNG") == "0005.png");
  ck_assert(output_name(method, 123456, "OPEN_EXR") == "123456.exr");
  ck_assert(output_name(method, -5, "JPEG") == "-0005.jpg");
}
END_TEST

START_TEST(versions_are_compared_as_numbers) {
  ck_assert_int_eq(compare_versions("3.4.1", "3.4"), 1);
  ck_assert_int_eq(compare_versions("3.4", "3.4.0"), 0);
  ck_assert_int_eq(compare_versions("3.10", "3.9"), 1);
  ck_assert_int_eq(compare_versions("10.0", "9.9"), 1);
  ck_assert_int_eq(compare_versions("2.79", "3.4.1"), -1);
  ck_assert_int_eq(compare_versions("", "3"), -1);
  ck_assert_int_eq(compare_versions("x", ""), 0);
}
END_TEST

namespace {

TestGroup const definition_tests{
    "definition",
    {the_shipped_definition_is_read, a_missing_folder_of_methods_is_named, the_unchanged_copy_is_taken,
     broken_xml_is_refused_with_its_line, an_empty_definition_is_refused, an_unknown_element_is_refused_with_its_line,
     entities_and_document_types_are_refused, a_document_type_in_another_encoding_is_refused,
     a_huge_definition_is_refused, a_deep_definition_is_refused, a_misspelt_place_is_refused, a_bad_pattern_is_refused,
     a_name_that_is_not_the_folders_is_refused, a_parameter_twice_is_refused}};
TestGroup const benchmark_tests{"benchmark",
                                {the_shipped_benchmark_is_read, a_benchmark_that_cannot_be_rendered_is_refused,
                                 a_variant_of_the_benchmark_has_the_wanted_work,
                                 a_variant_stays_in_its_ranges_whatever_is_wanted, variants_cannot_be_foreseen}};
TestGroup const parameters_tests{"parameters",
                                 {good_parameters_pass_unchanged,
                                  no_parameters_are_good,
                                  a_wrong_number_is_named_with_its_value_and_range,
                                  a_wrong_choice_names_the_right_ones,
                                  a_text_has_a_length_and_no_control_characters,
                                  an_unknown_parameter_is_refused_by_name,
                                  every_wrong_parameter_is_named_at_once,
                                  parameters_that_are_no_object_are_refused,
                                  an_order_needs_file_and_frame,
                                  a_file_cannot_lie_outside_the_job,
                                  the_command_line_is_built_from_the_definition,
                                  an_argument_can_depend_on_a_parameter,
                                  an_argument_can_depend_on_a_value_or_on_an_absence,
                                  a_sequence_cannot_lead_out_of_the_job,
                                  a_condition_on_what_is_not_there_is_refused,
                                  every_shipped_definition_is_valid,
                                  progress_is_read_from_blenders_lines,
                                  lines_of_blender_5_are_read_with_their_time_and_category,
                                  long_lines_are_matched_without_harm,
                                  results_are_named_by_frame_and_format,
                                  versions_are_compared_as_numbers}};

}  // namespace

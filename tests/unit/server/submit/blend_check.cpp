// What the server tells an owner about a scene before its first frame: the sentences, and which of them stop the job.
#include <nlohmann/json.hpp>

#include "scene/blend/blend_memory.h"
#include "server/submit/blend_check.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;

namespace {

RenderMethod const& blender() {
  static auto const method = load_render_method(source_folder() / "methods/blender");
  ck_assert_msg(method.has_value(), "%s", method ? "" : method.error().message.c_str());
  return *method;
}

BlendSummary plain() {
  BlendSummary summary;
  summary.version = 304;
  summary.version_text = "3.4";
  summary.active_scene = "Scene";
  BlendScene scene;
  scene.name = "Scene";
  scene.camera = "Camera";
  scene.cameras = {"Camera"};
  scene.has_camera = true;
  scene.engine = "CYCLES";
  scene.width = 1920;
  scene.height = 1080;
  scene.format = "PNG";
  summary.scenes = {scene};
  summary.cameras = {"Camera"};
  return summary;
}

Result<BlendFindings> check(BlendSummary const& summary, std::vector<std::string> const& others = {},
                            nlohmann::json const& parameters = nlohmann::json::object()) {
  std::vector<store::JobFile> files{{"film/scene.blend", std::string(64, 'a'), 1000}};
  for (auto const& path : others) files.push_back({path, std::string(64, 'b'), 1000});
  return check_blend(blender(), "film/scene.blend", parameters, scene_request(parameters), files,
                     [&](std::string const& path) {
                       return path == "film/scene.blend" ? Result<BlendSummary>(summary)
                                                         : Result<BlendSummary>(Error{Errc::invalid, "it is damaged"});
                     });
}

std::string said(BlendSummary const& summary, std::vector<std::string> const& others = {}) {
  auto const found = check(summary, others);
  ck_assert_msg(found.has_value(), "%s", found ? "" : found.error().message.c_str());
  std::string all;
  for (auto const& each : found->warnings) all += each.message + "\n";
  return all;
}

std::string states(BlendSummary const& summary, std::vector<std::string> const& others) {
  auto const found = check(summary, others);
  ck_assert(found.has_value());
  std::string all;
  for (auto const& need : found->needs) all += need.path + " " + need.kind + " " + need.state + "\n";
  return all;
}

BlendSummary with_file(std::string const& kind, std::string const& path, Extent extent = Extent::file) {
  auto summary = plain();
  summary.files.push_back({.kind = kind, .path = path, .extent = extent, .user = "object 'Cube'"});
  return summary;
}

START_TEST(a_plain_scene_has_nothing_to_warn_of) {
  ck_assert_text(said(plain()), "");
  auto const found = check(plain());
  ck_assert_text(found->version, "2.93");
  ck_assert_int_eq(found->memory_mib, 420);
}
END_TEST

START_TEST(each_trap_has_its_sentence) {
  auto const trap = [](auto change) {
    auto summary = plain();
    change(summary, summary.scenes[0]);
    return said(summary);
  };
  using Summary = BlendSummary&;
  using Scene = BlendScene&;
  ck_assert_says(trap([](Summary s, Scene) { s.registered_texts = 1; }), "it has scripts");
  ck_assert_says(trap([](Summary s, Scene) { s.scripted_drivers = 1; }), "Bake Action");
  ck_assert_says(trap([](Summary, Scene c) { c.freestyle_scripts = 1; }), "Freestyle style modules are scripts");
  ck_assert_says(trap([](Summary, Scene c) { c.view_transform = "Studio"; }), "view 'Studio'");
  ck_assert_says(trap([](Summary, Scene c) { c.stereo = "SIDE_BY_SIDE"; }), "two views (stereo)");
  ck_assert_says(trap([](Summary s, Scene) { s.script_nodes = 1; }), "Open Shading Language");
  ck_assert_says(trap([](Summary, Scene c) { c.osl = true; }), "Open Shading Language");
  ck_assert_says(trap([](Summary, Scene c) { c.denoising = true; }), "cannot denoise");
  ck_assert_says(trap([](Summary, Scene c) { c.denoise_nodes = true; }), "cannot denoise");
  ck_assert_says(trap([](Summary, Scene c) { c.uses_sequencer = true; }), "every strip");
  ck_assert_says(trap([](Summary, Scene c) { c.format = "FFMPEG"; }), "set to write FFMPEG, not images");
  ck_assert_says(trap([](Summary s, Scene) { s.version = 279, s.version_text = "2.79"; }), "saved by Blender 2.79");
  ck_assert_says(trap([](Summary s, Scene) { s.disk_cache = true; }), "the folder blendcache_scene, which was not");
}
END_TEST

START_TEST(physics_without_a_bake_are_named_with_the_way_to_bake_them) {
  auto summary = plain();
  summary.scenes[0].rigid_body_world = true;
  ck_assert_says(said(summary), "not baked (rigid bodies)");
  summary.unbaked = {"cloth", "fluid"};
  ck_assert_says(said(summary), "not baked (rigid bodies, cloth and fluid)");
  ck_assert_says(said(summary), "Bake All Dynamics");
  summary.scenes[0].rigid_body_baked = true;
  summary.unbaked = {"fluid"};
  ck_assert_says(said(summary), "Physics > Fluid > Cache > Bake All");
  summary.unbaked.clear();
  ck_assert_text(said(summary), "");
}
END_TEST

START_TEST(a_baked_cache_counts_when_its_folder_was_submitted) {
  auto summary = plain();
  summary.disk_cache = true;
  ck_assert_text(said(summary, {"film/blendcache_scene/cloth_0001.bphys"}), "");
  ck_assert_says(said(summary, {"blendcache_scene/cloth_0001.bphys"}), "was not submitted");
  auto const fluid = with_file("cache", "//fluid", Extent::folder);
  ck_assert_text(states(fluid, {"film/fluid/data/fluid_0001.vdb"}), "//fluid cache included\n");
  ck_assert_text(states(fluid, {"film/fluids.txt"}), "//fluid cache missing\n");
}
END_TEST

START_TEST(every_file_that_a_scene_names_has_its_state) {
  ck_assert_text(states(with_file("font", "//fonts/a.ttf"), {"film/fonts/a.ttf"}), "//fonts/a.ttf font included\n");
  ck_assert_text(states(with_file("volume", "//a.vdb"), {}), "//a.vdb volume missing\n");
  ck_assert_text(states(with_file("font", "//Fonts/A.ttf"), {"film/fonts/a.ttf"}), "//Fonts/A.ttf font other_case\n");
  ck_assert_text(states(with_file("movie clip", "//../../a.mov"), {"a.mov"}),
                 "//../../a.mov movie clip outside_root\n");
  ck_assert_text(states(with_file("font", "C:\\a.ttf"), {}), "C:\\a.ttf font absolute_path\n");
  auto tiles = plain();
  tiles.images.push_back({"skin", "//tex/skin.<UDIM>.png", "tiled", false, {}});
  ck_assert_text(states(tiles, {"film/tex/skin.1001.png"}), "//tex/skin.<UDIM>.png image included\n");
  ck_assert_text(states(tiles, {"film/skin.1001.png"}), "//tex/skin.<UDIM>.png image missing\n");
  tiles.images[0].numbers = {{1001, 1001}, {1003, 1003}};
  ck_assert_says(said(tiles, {"film/tex/skin.1001.png"}), "lacks the numbers 1003");
  auto const sequence = with_file("movie clip", "//plates/p.0001.left.png", Extent::series);
  ck_assert_text(states(sequence, {"film/plates/p.0007.left.png"}), "//plates/p.0001.left.png movie clip included\n");
  ck_assert_text(states(sequence, {"film/plates/other.png"}), "//plates/p.0001.left.png movie clip missing\n");
  ck_assert_says(said(with_file("volume", "//a.vdb")), "volume '//a.vdb', used by object 'Cube' is missing");
}
END_TEST

START_TEST(an_absolute_path_counts_as_included_where_the_driver_finds_it) {
  auto const font = with_file("font", "F:\\anna\\fonts\\a.ttf");
  ck_assert_text(states(font, {"fonts/a.ttf"}), "F:\\anna\\fonts\\a.ttf font included\n");
  ck_assert_text(states(font, {"film/fonts/a.ttf"}), "F:\\anna\\fonts\\a.ttf font included\n");
  ck_assert_text(states(font, {"other/fonts/a.ttf"}), "F:\\anna\\fonts\\a.ttf font absolute_path\n");
}
END_TEST

START_TEST(what_is_optional_is_listed_only_when_it_is_there) {
  auto summary = with_file("proxy", "//BL_proxy/a.mov", Extent::folder);
  summary.files[0].optional = true;
  ck_assert_text(states(summary, {}), "");
  ck_assert_text(said(summary), "");
  ck_assert_text(states(summary, {"film/BL_proxy/a.mov/1.avi"}), "//BL_proxy/a.mov proxy included\n");
}
END_TEST

START_TEST(an_absolute_path_names_the_file_that_was_shipped_in_vain) {
  auto const text = said(with_file("font", "F:\\fonts\\Title.TTF"), {"film/fonts/title.ttf"});
  ck_assert_says(text, "although film/fonts/title.ttf was submitted");
  ck_assert_says(text, "Make All Paths Relative");
}
END_TEST

START_TEST(a_missing_sound_is_listed_but_no_warning) {
  auto const summary = with_file("sound", "//song.wav");
  ck_assert_text(said(summary), "");
  ck_assert_text(states(summary, {}), "//song.wav sound missing\n");
}
END_TEST

START_TEST(a_library_that_breaks_its_reader_is_a_warning) {
  ck_assert_says(said(with_file("library", "//lib.blend"), {"film/lib.blend"}),
                 "the library film/lib.blend cannot be read: it is damaged");
}
END_TEST

START_TEST(cameras_bound_to_markers_are_cameras) {
  auto summary = plain();
  summary.scenes[0].camera.reset();
  summary.scenes[0].has_camera = false;
  auto const without = check(summary);
  ck_assert(!without && without.error().code == Errc::invalid);
  ck_assert_says(without.error().message, "has no active camera");
  summary.scenes[0].camera_markers = true;
  ck_assert(check(summary).has_value());
}
END_TEST

START_TEST(a_scene_of_a_newer_blender_asks_for_it) {
  auto summary = plain();
  summary.version = 405, summary.needed = 400;
  ck_assert_text(check(summary)->version, "4.0");
  summary.version = 502, summary.needed = 405;
  ck_assert_text(check(summary)->version, "4.5");
  summary.version = 304, summary.needed = 304;
  ck_assert_text(check(summary)->version, "3.4");
  summary.version = 279, summary.needed = 270;
  ck_assert_text(check(summary)->version, "2.93");  // the driver's
  summary.version = 306, summary.needed = 900;
  ck_assert_text(check(summary)->version, "3.6");
}
END_TEST

START_TEST(frames_too_large_to_take_stop_the_job) {
  auto const found = check(plain(), {}, {{"percentage", 1000}});
  ck_assert(!found);
  ck_assert_says(found.error().message, "19200x10800");
}
END_TEST

START_TEST(memory_grows_with_textures_geometry_and_size_and_bears_any_claim) {
  auto summary = plain();
  auto const estimate = [&](std::int64_t pixels, std::int64_t file) {
    return memory_estimate(summary, pixels, [file](std::string const&) { return file; }) >> 20;
  };
  auto const little = estimate(1000000, 0);
  ck_assert_int_gt(estimate(50000000, 0), little);
  summary.images.push_back({"wood", "//wood.png", "file", false, {}});
  ck_assert_int_eq(estimate(1000000, 10 << 20), little + 50);
  summary.images.push_back({"packed", "//x.png", "file", true, {}, 1000, 64 << 20});
  ck_assert_int_eq(estimate(1000000, 10 << 20), little + 50 + 256);
  summary.geometry_bytes = INT64_MAX;
  summary.images[1].pixels = INT64_MAX;
  ck_assert_int_le(estimate(INT64_MAX, INT64_MAX), std::int64_t{1} << 24);
}
END_TEST

START_TEST(sizes_are_read_from_the_heads_of_pictures) {
  auto const pixels = [](std::string const& head) {
    return image_pixels({reinterpret_cast<unsigned char const*>(head.data()), head.size()}).value_or(-1);
  };
  using namespace std::string_literals;
  ck_assert_int_eq(pixels("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\2\0"s), 256 * 512);
  ck_assert_int_eq(pixels("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\0\0\2\0"s), -1);
  ck_assert_int_eq(pixels("\xff\xd8\xff\xe0\0\x04zz\xff\xc0\0\x11\x08\1\0\2\0\3"s), 256 * 512);
  ck_assert_int_eq(pixels("\xff\xd8\xff\xe0\0\0"s), -1);
  ck_assert_int_eq(pixels("\xff\xd8\xff\xe0\xff\xffxxxxxxxxx"s), -1);
  ck_assert_int_eq(pixels("GIF89a"), -1);
}
END_TEST

TestGroup const findings_tests{
    "findings",
    {a_plain_scene_has_nothing_to_warn_of, each_trap_has_its_sentence,
     physics_without_a_bake_are_named_with_the_way_to_bake_them, a_baked_cache_counts_when_its_folder_was_submitted,
     every_file_that_a_scene_names_has_its_state, an_absolute_path_counts_as_included_where_the_driver_finds_it,
     what_is_optional_is_listed_only_when_it_is_there, an_absolute_path_names_the_file_that_was_shipped_in_vain,
     a_missing_sound_is_listed_but_no_warning, a_library_that_breaks_its_reader_is_a_warning,
     cameras_bound_to_markers_are_cameras, a_scene_of_a_newer_blender_asks_for_it,
     frames_too_large_to_take_stop_the_job, memory_grows_with_textures_geometry_and_size_and_bears_any_claim,
     sizes_are_read_from_the_heads_of_pictures}};

}  // namespace

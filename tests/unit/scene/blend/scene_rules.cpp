// The rules of what a frame needs: cameras, view layers, engines, sizes, tiles.
#include "scene/blend/scene_rules.h"

#include <functional>

#include "tests/support/check_main.h"

using namespace distren;

namespace {

BlendScene scene_of(std::string name, std::string const& camera = "") {
  BlendScene scene;
  scene.name = std::move(name);
  scene.engine = "CYCLES";
  scene.width = 64, scene.height = 36;
  scene.view_layers = {"ViewLayer"};
  scene.has_camera = !camera.empty();
  if (!camera.empty()) scene.camera = camera, scene.cameras = {camera};
  return scene;
}

// Scenes "Scene", with the cameras Camera and Top, and "Other", with OtherCam; DeletedCam is in none.
BlendSummary summary_of(std::function<void(BlendScene&, BlendScene&)> const& change = [](auto&, auto&) {}) {
  BlendSummary summary;
  summary.version = 304;
  summary.active_scene = "Scene";
  summary.scenes = {scene_of("Scene", "Camera"), scene_of("Other", "OtherCam")};
  summary.scenes[0].cameras = {"Camera", "Top"};
  summary.cameras = {"Camera", "DeletedCam", "OtherCam", "Top"};
  change(summary.scenes[0], summary.scenes[1]);
  return summary;
}

LinkedFile no_library(std::string const&, std::string const&) {
  return {};
}

// The sentence of the refusal; empty: accepted.
std::string refusal(BlendSummary const& summary, SceneRequest const& request = {},
                    ReadLibrary const& read = no_library) {
  auto const verdict = judge_scene(summary, request, read);
  return verdict ? "" : verdict.error().message;
}

std::string codes(BlendSummary const& summary, SceneRequest const& request = {}, ReadLibrary const& read = no_library) {
  auto const verdict = judge_scene(summary, request, read);
  ck_assert_msg(verdict.has_value(), "%s", verdict ? "" : verdict.error().message.c_str());
  std::string all;
  for (auto const& each : verdict->findings) all += (all.empty() ? "" : " ") + std::string(each.code);
  return all;
}

SceneRequest asking(void (*change)(SceneRequest&)) {
  SceneRequest request;
  change(request);
  return request;
}

void without_camera(BlendScene& scene) {
  scene.has_camera = false;
  scene.camera.reset();
}

START_TEST(a_plain_scene_passes_with_its_size_and_without_findings) {
  auto const summary = summary_of();
  ck_assert_text(codes(summary), "");
  auto const verdict = judge_scene(summary, {}, no_library);
  ck_assert_text(verdict->scene->name, "Scene");
  ck_assert_int_eq(verdict->picture->width, 64);
  ck_assert_int_eq(verdict->picture->height, 36);
}
END_TEST

START_TEST(a_camera_of_another_scene_or_of_none_is_refused_naming_those_of_the_scene) {
  auto const summary = summary_of();
  for (auto const* name : {"OtherCam", "DeletedCam", "Nope"}) {
    SceneRequest request;
    request.camera = name;
    ck_assert_says(refusal(summary, request), "is not in the scene 'Scene'; it has 'Camera', 'Top'");
  }
  ck_assert_text(refusal(summary, asking([](auto& r) { r.camera = "Top"; })), "");
  ck_assert_text(refusal(summary, asking([](auto& r) { r.scene = "Other", r.camera = "OtherCam"; })), "");
}
END_TEST

START_TEST(cameras_in_linked_collections_are_found_libraries_deep) {
  BlendSummary set, rig;
  set.collections = {{"Set", {"SetCam"}, {{"//rig.blend", "Rig", true}}}};
  set.cameras = {"Loose", "SetCam"};
  rig.collections = {{"Rig", {"RigCam"}, {{"//set.blend", "Set", true}}}};  // a circle
  auto const read = [&](std::string const& referrer, std::string const& stored) -> LinkedFile {
    if (stored == "//set.blend") return {"set", &set};
    return referrer == "set" && stored == "//rig.blend" ? LinkedFile{"rig", &rig} : LinkedFile{};
  };
  auto summary = summary_of([](auto& scene, auto&) {
    scene.linked = {{"//set.blend", "Set", true}, {"//set.blend", "Loose", false}, {"//set.blend", "Cube", false}};
  });
  for (auto const* name : {"SetCam", "RigCam", "Loose", "Camera"}) {
    SceneRequest request;
    request.camera = name;
    ck_assert_text(refusal(summary, request, read), "");
    ck_assert_text(codes(summary, request, read), "");
  }
  ck_assert_says(refusal(summary, asking([](auto& r) { r.camera = "Cube"; }), read),
                 "it has 'Camera', 'Loose', 'RigCam', 'SetCam', 'Top'");
  // A library that cannot be read may have it.
  ck_assert_text(codes(summary, asking([](auto& r) { r.camera = "Cube"; })), "camera_not_in_file");
}
END_TEST

START_TEST(a_scene_without_an_active_camera_is_refused_unless_one_is_asked_for) {
  auto summary = summary_of([](auto& scene, auto&) { without_camera(scene); });
  ck_assert_says(refusal(summary),
                 "the scene 'Scene' has no active camera; choose one of its own as camera: it has "
                 "'Camera', 'Top'");
  ck_assert_text(refusal(summary, asking([](auto& r) { r.camera = "Top"; })), "");
  summary.scenes[0].cameras.clear();
  ck_assert_says(refusal(summary), "add one in Blender");
  summary.scenes[0].camera_markers = true;
  ck_assert_text(refusal(summary), "");
}
END_TEST

START_TEST(pictures_that_come_from_images_alone_need_no_camera) {
  auto summary = summary_of([](auto& scene, auto&) { without_camera(scene), scene.composites = true; });
  ck_assert_text(refusal(summary), "");
  summary.scenes[0].composited_scenes = {"Scene"};
  ck_assert_says(refusal(summary), "no active camera");
  summary.scenes[0].composited_scenes = {"Other"};
  ck_assert_text(refusal(summary), "");
  without_camera(summary.scenes[1]);
  ck_assert_says(refusal(summary), "uses the scene 'Other', which has no active camera");
  summary.scenes[0].composites = false;
  summary.scenes[0].composited_scenes.clear();
  summary.scenes[0].uses_sequencer = true;
  ck_assert_text(codes(summary), "sequencer_used");
  summary.scenes[0].strip_scenes = {"Other"};
  ck_assert_text(codes(summary), "strip_without_camera sequencer_used");
}
END_TEST

START_TEST(a_view_layer_that_is_not_there_is_refused_naming_those_that_are) {
  auto summary = summary_of([](auto& scene, auto&) {
    scene.view_layers = {"Red"};
    scene.disabled_view_layers = {"Green"};
  });
  ck_assert_says(refusal(summary, asking([](auto& r) { r.view_layer = "Gren"; })),
                 "the view layer 'Gren' is not in the scene 'Scene'; it has 'Green', 'Red'");
  ck_assert_text(codes(summary, asking([](auto& r) { r.view_layer = "Green"; })), "");
  summary.scenes[0].view_layers.clear();
  ck_assert_text(codes(summary), "no_view_layer");
}
END_TEST

START_TEST(an_engine_of_an_addon_is_refused_wherever_it_renders) {
  auto summary = summary_of([](auto& scene, auto&) { scene.engine = "MY_STUDIO_ENGINE"; });
  ck_assert_says(refusal(summary), "rendered by MY_STUDIO_ENGINE, the engine of an add-on");
  ck_assert_text(refusal(summary, asking([](auto& r) { r.engine = "CYCLES"; })), "");
  ck_assert_text(refusal(summary, asking([](auto& r) { r.scene = "Other"; })), "");
  summary.scenes[1].composites = true;
  summary.scenes[1].composited_scenes = {"Scene"};
  ck_assert_says(refusal(summary, asking([](auto& r) { r.scene = "Other", r.engine = "CYCLES"; })), "MY_STUDIO_ENGINE");
  summary.scenes[0].composites = true;  // of images alone: nothing is rendered
  ck_assert_text(refusal(summary), "");
}
END_TEST

START_TEST(sizes_are_what_blender_saves_of_regions_and_views) {
  auto summary = summary_of([](auto& scene, auto&) {
    scene.border = true;
    scene.left = 0.25F, scene.right = 0.75F, scene.bottom = 0.2F, scene.top = 0.9F;
  });
  auto const size = [&](SceneRequest const& request = {}) {
    auto const verdict = judge_scene(summary, request, no_library);
    ck_assert(verdict.has_value());
    return std::to_string(verdict->picture->width) + "x" + std::to_string(verdict->picture->height);
  };
  ck_assert_text(size(), "64x36");
  summary.scenes[0].crop = true;
  ck_assert_text(size(), "32x25");
  ck_assert_text(size(asking([](auto& r) { r.percentage = 200; })), "64x50");
  // 0.7 in single precision is less than 0.7, and yet Blender takes 70 of 100 pixels.
  summary.scenes[0].left = 0, summary.scenes[0].right = 0.7F;
  ck_assert_text(size(asking([](auto& r) { r.width = r.height = 100; })), "70x70");
  summary.scenes[0].stereo = "SIDE_BY_SIDE";
  summary.scenes[0].border = false;
  ck_assert_text(size(), "128x36");
  summary.scenes[0].stereo = "TOP_BOTTOM";
  ck_assert_text(size(), "64x72");
  summary.scenes[0].stereo = "SAME_SIZE";
  ck_assert_text(size(), "64x36");
}
END_TEST

START_TEST(a_region_without_pixels_is_refused) {
  auto const summary = summary_of([](auto& scene, auto&) {
    scene.border = scene.crop = true;
    scene.left = 0.5, scene.right = 0.505;
  });
  ck_assert_says(refusal(summary), "the render region of the scene 'Scene' has 0x36 of the 64x36 pixels");
}
END_TEST

START_TEST(tiles_are_refused_where_a_picture_is_more_than_its_parts) {
  auto const tiled = asking([](auto& r) { r.tiled = true; });
  auto const why = [&](std::function<void(BlendScene&)> const& change) {
    return refusal(summary_of([&](auto& scene, auto&) { change(scene); }), tiled);
  };
  ck_assert_text(why([](auto&) {}), "");
  ck_assert_says(why([](auto& s) { s.border = true; }), "only a region");
  ck_assert_says(why([](auto& s) { s.uses_sequencer = true; }), "video sequencer");
  ck_assert_says(why([](auto& s) { s.stereo = "FILES"; }), "stereo");
  ck_assert_says(why([](auto& s) { s.freestyle = true; }), "Freestyle");
  auto const composed = [](auto& s) { s.composites = true, s.composited_scenes = {"Scene"}; };
  ck_assert_text(why(composed), "");
  ck_assert_says(why([&](auto& s) { composed(s), s.wide_nodes = {"CompositorNodeBlur"}; }), "CompositorNodeBlur");
  auto const denoised = summary_of([](auto& scene, auto&) { scene.denoising = true; });
  ck_assert_text(codes(denoised, tiled), "tiles_not_denoised");
  ck_assert_text(codes(denoised, asking([](auto& r) { r.tiled = r.denoised_whole = true; })), "");
}
END_TEST

START_TEST(denoising_is_said_of_every_scene_that_cycles_renders) {
  auto summary = summary_of([](auto& scene, auto& other) {
    scene.denoising = other.denoising = true;
    scene.engine = "BLENDER_EEVEE";
  });
  ck_assert_text(codes(summary), "");
  ck_assert_text(codes(summary, asking([](auto& r) { r.engine = "CYCLES"; })), "denoising_uncertain");
  ck_assert_text(codes(summary, asking([](auto& r) { r.scene = "Other"; })), "denoising_uncertain");
  ck_assert_text(codes(summary, asking([](auto& r) { r.scene = "Other", r.engine = "BLENDER_WORKBENCH"; })), "");
  summary.scenes[0].composites = true;
  summary.scenes[0].composited_scenes = {"Other"};
  ck_assert_text(codes(summary), "denoising_uncertain");
}
END_TEST

START_TEST(colours_that_are_not_blenders_are_named) {
  for (auto const* own : {"Standard", "Filmic", "AgX", "Khronos PBR Neutral", "Raw", "Default"})
    ck_assert_text(codes(summary_of([&](auto& scene, auto&) { scene.view_transform = own; })), "");
  for (auto const* own : {"None", "High Contrast", "AgX - Punchy", "Filmic - Very High Contrast"})
    ck_assert_text(codes(summary_of([&](auto& scene, auto&) { scene.look = own; })), "");
  ck_assert_text(codes(summary_of([](auto& scene, auto&) { scene.view_transform = "Studio Film"; })),
                 "foreign_colours");
  ck_assert_text(codes(summary_of([](auto& scene, auto&) { scene.look = "AgX - Studio"; })), "foreign_colours");
  ck_assert_text(codes(summary_of([](auto& scene, auto&) { scene.display = "Cinema"; })), "foreign_colours");
}
END_TEST

START_TEST(an_output_node_is_missed_where_blender_saves_nothing_without_one) {
  auto summary = summary_of([](auto& scene, auto&) { scene.composites = scene.composites_without_output = true; });
  ck_assert_text(refusal(summary), "");
  summary.version = 403;
  ck_assert_says(refusal(summary), "has no output node");
}
END_TEST

TestGroup const rules_tests{
    "rules",
    {a_plain_scene_passes_with_its_size_and_without_findings,
     a_camera_of_another_scene_or_of_none_is_refused_naming_those_of_the_scene,
     cameras_in_linked_collections_are_found_libraries_deep,
     a_scene_without_an_active_camera_is_refused_unless_one_is_asked_for,
     pictures_that_come_from_images_alone_need_no_camera,
     a_view_layer_that_is_not_there_is_refused_naming_those_that_are,
     an_engine_of_an_addon_is_refused_wherever_it_renders, sizes_are_what_blender_saves_of_regions_and_views,
     a_region_without_pixels_is_refused, tiles_are_refused_where_a_picture_is_more_than_its_parts,
     denoising_is_said_of_every_scene_that_cycles_renders, colours_that_are_not_blenders_are_named,
     an_output_node_is_missed_where_blender_saves_nothing_without_one}};

}  // namespace

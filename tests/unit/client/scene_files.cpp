// Which files of a scene travel: beside it, below it, through libraries, by series, and which must not.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "client/scene_files.h"
#include "common/base/files.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

namespace distren::client {
namespace {

namespace fs = std::filesystem;

void put(fs::path const& file, std::string const& content = "x") {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

// A scene in a folder, described rather than written: the collector takes the description.
struct Scene {
  ScratchFolder folder;
  fs::path root = folder / "film";
  fs::path blend = root / "shot" / "scene.blend";
  BlendSummary summary;

  Scene() { put(blend, "blend"); }

  void needs_image(std::string const& path, std::string const& source = "file") {
    BlendImage image;
    image.name = path;
    image.path = path;
    image.source = source;
    image.users = 1;
    summary.images.push_back(image);
  }
  void needs(std::string const& kind, std::string const& path) {
    BlendFileUse use;
    use.kind = kind;
    use.path = path;
    summary.files.push_back(use);
  }
  [[nodiscard]] SceneFiles beside() const {
    auto files = files_of_scene(blend, summary);
    ck_assert_msg(files.has_value(), "%s", files ? "" : files.error().message.c_str());
    return *std::move(files);
  }
  [[nodiscard]] SceneFiles whole() const { return within({.root = root, .all_files = true}); }
  [[nodiscard]] SceneFiles within(Reach const& reach) const {
    auto files = files_of_scene(blend, summary, reach);
    ck_assert_msg(files.has_value(), "%s", files ? "" : files.error().message.c_str());
    return *std::move(files);
  }
};

std::string paths_of(SceneFiles const& scene) {
  std::string out;
  for (auto const& file : scene.files) out += (out.empty() ? "" : " ") + file.path;
  return out;
}

std::string warnings_of(SceneFiles const& scene) {
  std::string out;
  for (auto const& sentence : scene.warnings) out += sentence + "\n";
  return out;
}

START_TEST(a_scene_alone_is_one_file) {
  Scene scene;
  put(scene.root / "shot/other.txt");
  auto const files = scene.beside();
  ck_assert_text(files.source, "scene.blend");
  ck_assert_text(paths_of(files), "scene.blend");
  ck_assert_int_eq(files.files[0].size, 5);
  ck_assert(files.warnings.empty());
}
END_TEST

START_TEST(what_lies_beside_or_below_comes_along) {
  Scene scene;
  put(scene.root / "shot/wood.png");
  put(scene.root / "shot/textures/deep/stone.png");
  scene.needs_image("//wood.png");
  scene.needs_image("//textures\\deep\\stone.png");
  ck_assert_text(paths_of(scene.beside()), "scene.blend textures/deep/stone.png wood.png");
}
END_TEST

START_TEST(what_is_missing_is_named_and_the_rest_comes) {
  Scene scene;
  scene.needs_image("//gone.png");
  scene.needs("font", "//gone.ttf");
  scene.needs("sound", "//gone.wav");
  auto const files = scene.beside();
  ck_assert_text(paths_of(files), "scene.blend");
  ck_assert_says(warnings_of(files), "the image '//gone.png' of scene.blend is missing");
  ck_assert_says(warnings_of(files), "the font '//gone.ttf'");
  ck_assert(warnings_of(files).find("wav") == std::string::npos);
}
END_TEST

START_TEST(what_lies_above_stays_and_the_folder_to_name_is_told) {
  Scene scene;
  put(scene.root / "img/wood.png");
  scene.needs_image("//../img/wood.png");
  auto const files = scene.beside();
  ck_assert_text(paths_of(files), "scene.blend");
  ck_assert_says(warnings_of(files), ("--root '" + fs::canonical(scene.root).string() + "'").c_str());
  auto const whole = scene.whole();
  ck_assert_text(whole.source, "shot/scene.blend");
  ck_assert_text(paths_of(whole), "img/wood.png shot/scene.blend");
  ck_assert(whole.warnings.empty());
}
END_TEST

START_TEST(absolute_paths_that_lie_elsewhere_are_warned_of_and_never_read) {
  Scene scene;
  scene.needs_image("/etc/passwd");
  scene.needs_image("C:\\textures\\wood.png");
  auto const files = scene.beside();
  ck_assert_text(paths_of(files), "scene.blend");
  ck_assert_says(warnings_of(files), "'/etc/passwd'");
  ck_assert_says(warnings_of(files), "Make All Paths Relative");
  ck_assert_int_eq(static_cast<int>(files.warnings.size()), 2);
}
END_TEST

START_TEST(a_series_comes_whole) {
  Scene scene;
  for (auto const* name : {"a_001.png", "a_002.png", "a_x.png", "b_001.png", "t.1001.exr", "t.1002.exr", "t.old.exr"})
    put(scene.root / "shot/seq" / name);
  scene.needs_image("//seq/a_001.png", "sequence");
  scene.needs_image("//seq/t.<UDIM>.exr", "tiled");
  ck_assert_text(paths_of(scene.beside()), "scene.blend seq/a_001.png seq/a_002.png seq/t.1001.exr seq/t.1002.exr");
  scene.needs_image("//seq/z.<UDIM>.exr", "tiled");
  ck_assert_says(warnings_of(scene.beside()), "z.<UDIM>.exr");
}
END_TEST

START_TEST(the_number_of_a_series_may_stand_anywhere_and_gaps_are_named) {
  Scene scene;
  for (auto const* name : {"plate.0001.left.png", "plate.0003.left.png", "plate.0004.left.png", "plate.0001.right.png",
                           "plate.1.left.png", "plate.00001.left.png", "plate.10000.left.png"})
    put(scene.root / "shot/seq" / name);
  scene.needs_image("//seq/plate.0001.left.png", "sequence");
  ck_assert_text(paths_of(scene.beside()),
                 "scene.blend seq/plate.0001.left.png seq/plate.0003.left.png seq/plate.0004.left.png "
                 "seq/plate.10000.left.png");
  ck_assert(scene.beside().warnings.empty());
  scene.summary.images[0].numbers = {{1, 6}};
  scene.summary.images[0].user = "material 'Wall'";
  ck_assert_says(warnings_of(scene.beside()),
                 "'//seq/plate.0001.left.png' of scene.blend lacks the numbers 2, 5-6 (used by material 'Wall')");
}
END_TEST

START_TEST(a_folder_comes_whole_whatever_its_name) {
  Scene scene;
  put(scene.root / "shot/cache_fluid_7c0ffe13/data/fluid_data_0001.vdb");
  put(scene.root / "shot/cache_fluid_7c0ffe13/config/config_0001.uni");
  scene.summary.files.push_back(
      {.kind = "fluid cache", .path = "//cache_fluid_7c0ffe13\\", .extent = Extent::folder, .user = "object 'Smoke'"});
  scene.summary.files.push_back(
      {.kind = "proxy", .path = "//BL_proxy/a.mov", .extent = Extent::folder, .optional = true});
  auto const files = scene.beside();
  ck_assert_text(paths_of(files),
                 "cache_fluid_7c0ffe13/config/config_0001.uni cache_fluid_7c0ffe13/data/fluid_data_0001.vdb "
                 "scene.blend");
  ck_assert(files.warnings.empty());
  scene.summary.files[0].path = "//gone";
  ck_assert_says(warnings_of(scene.beside()), "the fluid cache '//gone' of scene.blend is missing");
  ck_assert_says(warnings_of(scene.beside()), "(used by object 'Smoke')");
}
END_TEST

START_TEST(a_pattern_stands_for_the_names_that_fit) {
  Scene scene;
  for (auto const* name : {"Cloth_000001_00.bphys", "Cloth_000002_00.bphys", "Other_000001_00.bphys"})
    put(scene.root / "shot" / name);
  scene.summary.files.push_back({.kind = "point cache", .path = "//Cloth_*", .extent = Extent::pattern});
  ck_assert_text(paths_of(scene.beside()), "Cloth_000001_00.bphys Cloth_000002_00.bphys scene.blend");
}
END_TEST

START_TEST(names_in_other_case_travel_as_the_scene_has_them) {
  Scene scene;
  put(scene.root / "shot/Tex/Wood.PNG");
  for (auto const* name : {"A_001.png", "A_002.png"}) put(scene.root / "shot/Seq" / name);
  scene.needs_image("//tex\\wood.png");
  scene.needs_image("//seq/a_001.PNG", "sequence");
  auto const files = scene.beside();
  ck_assert_text(paths_of(files), "scene.blend seq/a_001.PNG seq/a_002.PNG tex/wood.png");
  ck_assert_text(files.files.back().file.filename().string(), "Wood.PNG");
  ck_assert(files.warnings.empty());
}
END_TEST

START_TEST(an_absolute_path_below_the_root_is_found_there) {
  Scene scene;
  put(scene.root / "shot/tex/wood.png");
  put(scene.root / "img/stone.png");
  scene.needs_image((scene.root / "shot/tex/wood.png").string());
  scene.needs_image("F:\\Anna\\film\\img\\stone.png");
  auto files = scene.beside();
  ck_assert_text(paths_of(files), "scene.blend tex/wood.png");
  ck_assert_says(warnings_of(files), "stone.png' of scene.blend has an absolute path");
  files = scene.within({.root = scene.root});
  ck_assert_text(paths_of(files), "img/stone.png shot/scene.blend shot/tex/wood.png");
  ck_assert(files.warnings.empty());
  files = scene.within({.root = scene.root, .maps_absolute = false});
  ck_assert_text(paths_of(files), "shot/scene.blend");
  ck_assert_uint_eq(files.warnings.size(), 2);
}
END_TEST

START_TEST(an_absolute_path_that_exists_elsewhere_is_no_other_file_of_that_name) {
  Scene scene;
  put(scene.folder / "elsewhere/wood.png");
  put(scene.root / "shot/wood.png");
  scene.needs_image((scene.folder / "elsewhere/wood.png").string());
  auto const files = scene.beside();
  ck_assert_text(paths_of(files), "scene.blend");
  ck_assert_says(warnings_of(files), "absolute path");
}
END_TEST

START_TEST(a_root_sends_what_the_scene_needs_and_counts_the_rest) {
  Scene scene;
  put(scene.root / "img/wood.png");
  put(scene.root / "footage/take.mov", std::string(2048, 'x'));
  put(scene.root / "shot/notes.txt");
  scene.needs_image("//../img/wood.png");
  auto const files = scene.within({.root = scene.root});
  ck_assert_text(paths_of(files), "img/wood.png shot/scene.blend");
  ck_assert_says(files.rest, "holds 2 more files (2.00 KiB), which the scene does not name; --all-files");
  ck_assert_text(paths_of(scene.whole()), "footage/take.mov img/wood.png shot/notes.txt shot/scene.blend");
  ck_assert(scene.whole().rest.empty() && scene.beside().rest.empty());
}
END_TEST

START_TEST(a_library_that_cannot_be_read_is_sent_and_warned_of) {
  Scene scene;
  put(scene.root / "shot/set.blend", "not a blend");
  scene.needs("library", "//set.blend");
  auto const files = scene.beside();
  ck_assert_text(paths_of(files), "scene.blend set.blend");
  ck_assert_says(warnings_of(files), "the linked library 'set.blend' cannot be read");
}
END_TEST

START_TEST(a_link_that_leads_outside_is_refused) {
  Scene scene;
  put(scene.folder / "private/key");
  fs::create_symlink(scene.folder / "private/key", scene.root / "shot/wood.png");
  scene.needs_image("//wood.png");
  auto files = files_of_scene(scene.blend, scene.summary);
  ck_assert(!files && files.error().code == Errc::invalid);
  ck_assert_says(files.error().message, "'wood.png' is a link that leads out");
  fs::remove(scene.root / "shot/wood.png");
  fs::create_directory_symlink(scene.folder / "private", scene.root / "shot/secrets");
  files = files_of_scene(scene.blend, scene.summary, {.root = scene.root, .all_files = true});
  ck_assert(!files && files.error().code == Errc::invalid);
  ck_assert_says(files.error().message, "secrets");
}
END_TEST

START_TEST(links_inside_and_loops_are_followed_once) {
  Scene scene;
  put(scene.root / "img/wood.png");
  fs::create_symlink(scene.root / "img/wood.png", scene.root / "shot/oak.png");
  fs::create_directory_symlink(scene.root, scene.root / "img/loop");
  ck_assert_text(paths_of(scene.whole()), "img/wood.png shot/oak.png shot/scene.blend");
}
END_TEST

START_TEST(a_whole_folder_leaves_backups_and_version_control_out) {
  Scene scene;
  for (auto const* name : {".git/config", "shot/scene.blend1", "shot/scene.blend12", "shot/scene.blend@", "notes~",
                           ".DS_Store", "img/.svn/entries", "kept.txt", "shot/other.blend"})
    put(scene.root / name);
  ck_assert_text(paths_of(scene.whole()), "kept.txt shot/other.blend shot/scene.blend");
}
END_TEST

START_TEST(the_root_must_hold_the_scene) {
  Scene scene;
  put(scene.folder / "film2/x");
  auto files = files_of_scene(scene.blend, scene.summary, {.root = scene.folder / "film2"});
  ck_assert(!files && files.error().code == Errc::invalid);
  ck_assert_says(files.error().message, "is not in the folder");
  ck_assert(files_of_scene(scene.blend, scene.summary, {.root = scene.folder / "absent"}).error().code ==
            Errc::not_found);
}
END_TEST

START_TEST(names_that_cannot_travel_are_refused_by_name) {
  Scene scene;
  put(scene.root / "a\nb");
  auto files = files_of_scene(scene.blend, scene.summary, {.root = scene.root, .all_files = true});
  ck_assert(!files && files.error().code == Errc::invalid);
  ck_assert(files.error().message.find('\n') == std::string::npos);
  fs::remove(scene.root / "a\nb");
  put(scene.root / "latin\xe4");
  files = files_of_scene(scene.blend, scene.summary, {.root = scene.root, .all_files = true});
  ck_assert(!files);
  ck_assert_says(files.error().message, "not UTF-8");
}
END_TEST

START_TEST(baked_physics_come_along) {
  Scene scene;
  put(scene.root / "shot/blendcache_scene/smoke_0001.bphys");
  ck_assert_text(paths_of(scene.beside()), "scene.blend");
  scene.summary.disk_cache = true;
  ck_assert_text(paths_of(scene.beside()), "blendcache_scene/smoke_0001.bphys scene.blend");
}
END_TEST

// Real scenes by other people; see $top_srcdir/../shared/scenes.
START_TEST(a_real_scene_with_a_linked_library_is_collected_with_its_textures) {
  auto const folder = source_folder() / "../shared/scenes/timing_linked";
  auto const blend = folder / "video/timing.blend";
  auto const summary = inspect_blend(blend);
  ck_assert(summary.has_value());
  auto const whole = files_of_scene(blend, *summary, {.root = folder});
  ck_assert(whole.has_value());
  ck_assert_text(paths_of(*whole), "img/diffuse.png m1d.blend video/timing.blend");
  ck_assert(whole->warnings.empty());
  auto const alone = files_of_scene(blend, *summary);
  ck_assert_says(warnings_of(*alone), "m1d.blend");
}
END_TEST

TestGroup const scene_files_tests{"scene_files",
                                  {a_scene_alone_is_one_file,
                                   what_lies_beside_or_below_comes_along,
                                   what_is_missing_is_named_and_the_rest_comes,
                                   what_lies_above_stays_and_the_folder_to_name_is_told,
                                   absolute_paths_that_lie_elsewhere_are_warned_of_and_never_read,
                                   a_series_comes_whole,
                                   the_number_of_a_series_may_stand_anywhere_and_gaps_are_named,
                                   a_folder_comes_whole_whatever_its_name,
                                   a_pattern_stands_for_the_names_that_fit,
                                   names_in_other_case_travel_as_the_scene_has_them,
                                   an_absolute_path_below_the_root_is_found_there,
                                   an_absolute_path_that_exists_elsewhere_is_no_other_file_of_that_name,
                                   a_root_sends_what_the_scene_needs_and_counts_the_rest,
                                   a_library_that_cannot_be_read_is_sent_and_warned_of,
                                   a_link_that_leads_outside_is_refused,
                                   links_inside_and_loops_are_followed_once,
                                   a_whole_folder_leaves_backups_and_version_control_out,
                                   the_root_must_hold_the_scene,
                                   names_that_cannot_travel_are_refused_by_name,
                                   baked_physics_come_along}};
TestGroup const real_scene_tests{
    "real scenes", {a_real_scene_with_a_linked_library_is_collected_with_its_textures}, {.reason_to_skip = [] {
      return std::filesystem::exists(source_folder() / "../shared/scenes") ? std::string()
                                                                           : "there is no shared/scenes";
    }}};

}  // namespace
}  // namespace distren::client

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "scene/blend/blend_file.h"
#include "tests/support/blend_writer.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

std::span<unsigned char const> bytes_of(std::string const& text) {
  return {reinterpret_cast<unsigned char const*>(text.data()), text.size()};
}

Result<BlendSummary> inspect(std::string const& text, BlendLimits const& limits = {}) {
  return inspect_blend(bytes_of(text), limits);
}

std::string error_of(std::string const& text, BlendLimits const& limits = {}) {
  auto summary = inspect(text, limits);
  ck_assert(!summary);
  ck_assert(summary.error().code == Errc::invalid);
  return summary.error().message;
}

// A scene with a camera, frames 3 to 40, 640 x 360 at 50 %, PNG, Cycles, and an external image.
std::string scene_file(BlendShape const& shape, bool with_dna = true) {
  BlendWriter writer(shape);
  auto const pad = [](std::string text, std::size_t size) { return BlendWriter::text(text, size); };
  writer.add_struct("ID", {{"int", "us"}, {"char", "name[66]"}, {"char", "pad[2]"}});
  writer.add_struct("ImageFormatData", {{"char", "imtype"}, {"char", "pad[3]"}});
  writer.add_struct("RenderData", {{"int", "sfra"},
                                   {"int", "efra"},
                                   {"int", "cfra"},
                                   {"int", "mode"},
                                   {"short", "xsch"},
                                   {"short", "ysch"},
                                   {"short", "size"},
                                   {"short", "pad"},
                                   {"char", "engine[32]"},
                                   {"ImageFormatData", "im_format"}});
  auto const object = writer.add_struct("Object", {{"ID", "id"}, {"short", "type"}, {"short", "pad"}});
  auto const scene = writer.add_struct("Scene", {{"ID", "id"}, {"Object", "*camera"}, {"RenderData", "r"}});
  auto const image = writer.add_struct(
      "Image",
      {{"ID", "id"}, {"char", "name[240]"}, {"short", "source"}, {"short", "pad"}, {"PackedFile", "*packedfile"}});
  auto id = [&](std::string const& name) { return writer.number(1, 4) + pad(name, 68); };
  writer.add_block("SC", 0x1000, scene,
                   id("SCStage") + writer.pointer(0x2000) + writer.number(3, 4) + writer.number(40, 4) +
                       writer.number(7, 4) + writer.number(1 << 9, 4) + writer.number(640, 2) + writer.number(360, 2) +
                       writer.number(50, 2) + writer.number(0, 2) + pad("CYCLES", 32) + writer.number(17, 1) +
                       pad("", 3));
  writer.add_block("OB", 0x2000, object, id("OBEye") + writer.number(11, 2) + writer.number(0, 2));
  writer.add_block("OB", 0x2100, object, id("OBCube") + writer.number(1, 2) + writer.number(0, 2));
  writer.add_block(
      "IM", 0x3000, image,
      id("IMwood") + pad("//..\\tex\\wood.png", 240) + writer.number(1, 2) + writer.number(0, 2) + writer.pointer(0));
  if (with_dna) writer.add_dna();
  return writer.finish();
}

void assert_is_the_scene(Result<BlendSummary> const& summary) {
  ck_assert_msg(summary.has_value(), "%s", summary ? "" : summary.error().message.c_str());
  ck_assert_uint_eq(summary->scenes.size(), 1);
  auto const& scene = summary->scenes[0];
  ck_assert_text(scene.name, "Stage");
  ck_assert_text(scene.camera.value_or("none"), "Eye");
  ck_assert_int_eq(scene.frame_start.value_or(-1), 3);
  ck_assert_int_eq(scene.frame_end.value_or(-1), 40);
  ck_assert_int_eq(scene.frame_current.value_or(-1), 7);
  ck_assert(!scene.frame_step);  // this DNA has no such field
  ck_assert_int_eq(scene.width.value_or(-1), 640);
  ck_assert_int_eq(scene.height.value_or(-1), 360);
  ck_assert_int_eq(scene.percentage.value_or(-1), 50);
  ck_assert(scene.border == true && scene.crop == false);
  ck_assert_text(scene.engine.value_or("none"), "CYCLES");
  ck_assert_text(scene.format.value_or("none"), "PNG");
  ck_assert_uint_eq(summary->cameras.size(), 1);
  ck_assert_text(summary->cameras[0], "Eye");
  auto const files = external_files(*summary);
  ck_assert_uint_eq(files.size(), 1);
  ck_assert_text(files[0].path, "../tex/wood.png");
}

std::string gzip(std::string const& text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd(std::string const& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  auto const size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3);
  ck_assert(ZSTD_isError(size) == 0);
  packed.resize(size);
  return packed;
}

START_TEST(a_plain_file_tells_its_scene) {
  assert_is_the_scene(inspect(scene_file({})));
}
END_TEST

START_TEST(old_32_bit_files_are_read) {
  assert_is_the_scene(inspect(scene_file({4, false, false, "BLENDER_v248"})));
}
END_TEST

START_TEST(files_of_big_endian_machines_are_read) {
  assert_is_the_scene(inspect(scene_file({4, true, false, "BLENDER_V249"})));
  assert_is_the_scene(inspect(scene_file({8, true, false, "BLENDER-V262"})));
}
END_TEST

START_TEST(files_of_blender_5_with_large_blocks_are_read) {
  auto const summary = inspect(scene_file({8, false, true, "BLENDER17-01v0500"}));
  assert_is_the_scene(summary);
  ck_assert_text(summary->version_text, "5.0");
}
END_TEST

START_TEST(a_format_newer_than_we_know_is_refused_by_its_number) {
  ck_assert_says(error_of("BLENDER17-02v0700" + std::string(64, '\0')), "format 2, saved by Blender 7.0");
}
END_TEST

START_TEST(gzip_and_zstd_packing_is_undone) {
  auto const plain = scene_file({});
  auto const gzipped = inspect(gzip(plain));
  assert_is_the_scene(gzipped);
  ck_assert(gzipped->packing == Packing::gzip);
  // Blender writes zstd as several frames and closes with a skippable one that holds their table.
  auto const half = plain.size() / 2;
  auto const framed = zstd(plain.substr(0, half)) + zstd(plain.substr(half)) +
                      std::string(
                          "\x5e\x2a\x4d\x18\x04\x00\x00\x00"
                          "seek",
                          12);
  auto const zstded = inspect(framed);
  assert_is_the_scene(zstded);
  ck_assert(zstded->packing == Packing::zstd);
}
END_TEST

START_TEST(versions_read_as_people_say_them) {
  ck_assert_text(blend_version_text(248), "2.48");
  ck_assert_text(blend_version_text(279), "2.79");
  ck_assert_text(blend_version_text(304), "3.4");
  ck_assert_text(blend_version_text(402), "4.2");
}
END_TEST

START_TEST(what_is_not_a_blend_is_named) {
  ck_assert_says(error_of(""), "it is empty");
  ck_assert_says(error_of("Dear Sir or Madam,\nthis is text.\n"), "looks like text");
  ck_assert_says(error_of("\x89PNG\r\n\x1a\n0000"), "a PNG image");
  ck_assert_says(error_of("PK\x03\x04 archive"), "a ZIP archive");
  ck_assert_says(error_of("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "git-LFS pointer");
  ck_assert_says(error_of(gzip("just text in a box\n")), "packed with gzip, and inside it looks like text");
  ck_assert_says(error_of("BLENDER?q279" + std::string(64, '\0')), "header is damaged");
}
END_TEST

START_TEST(every_truncation_is_noticed) {
  auto const plain = scene_file({});
  for (std::size_t size = 0; size + 20 < plain.size(); ++size) ck_assert(!inspect(plain.substr(0, size)));
  for (auto const& packed : {gzip(plain), zstd(plain)})
    for (std::size_t size = 0; size < packed.size() * 9 / 10; ++size) ck_assert(!inspect(packed.substr(0, size)));
  ck_assert_says(error_of(plain.substr(0, plain.size() / 2)), "cut short");
  ck_assert_says(error_of(gzip(plain).substr(0, 200)), "gzip packing ends in the middle");
}
END_TEST

START_TEST(a_missing_dna_block_hints_at_line_endings) {
  ck_assert_says(error_of(scene_file({}, false)), "healthy .blend header, but no DNA block: line endings");
}
END_TEST

START_TEST(blocks_that_make_no_sense_hint_at_line_endings) {
  auto text = scene_file({});
  text.insert(12, "\r");
  ck_assert_says(error_of(text), "line endings");
}
END_TEST

START_TEST(damaged_packing_is_called_damaged) {
  auto packed = gzip(scene_file({}));
  for (std::size_t i = 12; i < 60; ++i) packed[i] = static_cast<char>(~packed[i]);
  ck_assert_says(error_of(packed), "gzip packing of the file is damaged");
}
END_TEST

START_TEST(a_file_that_unpacks_without_end_is_refused) {
  auto const bomb = zstd(scene_file({}).substr(0, 12) + std::string(64 << 20, '\0'));
  BlendLimits limits;
  limits.bytes.output = 1 << 20;
  ck_assert_says(error_of("\x50\x2a\x4d\x18" + std::string(4, '\0') +
                              zstd("BLENDER-v279DATA"
                                   "\xff\xff\xff\x7f" +
                                   std::string(8 << 20, '\0')),
                          limits),
                 "unpacks to more than 1 MiB");
  limits.bytes = {};
  limits.bytes.ratio = 100;
  limits.bytes.ratio_allowance = 1 << 20;
  auto stream = ByteStream::of(bytes_of(bomb), limits.bytes);
  ck_assert(stream.has_value());
  auto skipped = stream->skip(64 << 20);
  ck_assert(!skipped);
  ck_assert_says(skipped.error().message, "100 times its size");
}
END_TEST

START_TEST(changed_bytes_never_crash_the_reader) {
  std::uint32_t state = 1;
  auto random = [&] { return state = state * 1664525 + 1013904223, state >> 8; };
  for (auto const& shape :
       {BlendShape{}, BlendShape{4, true, false, "BLENDER_V249"}, BlendShape{8, false, true, "BLENDER17-01v0500"}}) {
    auto const good = scene_file(shape);
    int refused = 0;
    for (int round = 0; round < 2000; ++round) {
      auto text = good;
      for (int change = 0; change < 3; ++change) text[random() % text.size()] = static_cast<char>(random());
      if (!inspect(text)) ++refused;
    }
    ck_assert_int_gt(refused, 0);
  }
}
END_TEST

START_TEST(lists_are_kept_to_their_limit) {
  BlendLimits limits;
  limits.entries = 0;
  auto const summary = inspect(scene_file({}), limits);
  ck_assert(summary.has_value());
  ck_assert(summary->cameras.empty() && summary->images.empty());
  ck_assert(summary->lists_cut);
}
END_TEST

START_TEST(paths_are_normalised_and_absolute_ones_flagged) {
  BlendSummary summary;
  auto image = [&](std::string path, bool packed = false, std::string source = "file") {
    summary.images.push_back({"i", std::move(path), std::move(source), packed, {}});
  };
  image("//tex\\a.png");
  image("//../img/./b.png");
  image("F:\\art\\c.png");
  image("\\\\server\\share\\d.png");
  image("/home/me/e.png");
  image("//packed.png", true);
  image("//made.png", false, "generated");
  image("//walk_0001.png", false, "sequence");
  summary.files.push_back({.kind = "library", .path = "//..\\lib\\lib.blend"});
  summary.files.push_back({.kind = "fluid cache", .path = "//cache7/", .extent = Extent::folder});
  auto const files = external_files(summary);
  std::string all;
  for (auto const& file : files)
    all += file.path + (file.absolute ? "!" : "") + (file.extent == Extent::series ? "*" : "") + " ";
  ck_assert_text(all,
                 "../img/b.png ../lib/lib.blend //server/share/d.png! /home/me/e.png! F:/art/c.png! cache7 "
                 "tex/a.png walk_0001.png* ");
}
END_TEST

START_TEST(what_no_blender_here_makes_is_read_too) {
  BlendWriter writer(BlendShape{});
  auto const pad = [](std::string text, std::size_t size) { return BlendWriter::text(text, size); };
  writer.add_struct("ID", {{"int", "us"}, {"char", "name[66]"}, {"char", "pad[2]"}});
  auto const object = writer.add_struct("Object", {{"ID", "id"}});
  auto const sea =
      writer.add_struct("OceanModifierData", {{"char", "cachepath[32]"}, {"char", "cached"}, {"char", "flag"}});
  auto const layer = writer.add_struct("CacheFileLayer", {{"char", "filepath[32]"}});
  auto const node = writer.add_struct("bNode", {{"char", "idname[64]"}, {"ID", "*id"}, {"void", "*storage"}});
  auto const socket = writer.add_struct("bNodeSocketValueString", {{"int", "subtype"}, {"char", "value[32]"}});
  writer.add_block("OB", 0x1000, object, writer.number(1, 4) + pad("OBSea", 68));
  writer.add_block("DATA", 0x1100, sea, pad("//", 32) + writer.number(1, 1) + writer.number(1, 1));
  writer.add_block("DATA", 0x1200, layer, pad("//layer.abc", 32));
  auto const string = [&](std::string const& type, std::string const& value) {
    writer.add_block("DATA", 0x2000, node, pad(type, 64) + writer.pointer(0) + writer.pointer(0));
    writer.add_block("DATA", 0x2100, socket, writer.number(0, 4) + pad(value, 32));
  };
  string("GeometryNodeImportOBJ", "//rock.obj");
  string("GeometryNodeInputString", "//no file");
  writer.add_dna();
  auto const summary = inspect(writer.finish());
  ck_assert(summary.has_value());
  std::string all;
  for (auto const& file : external_files(*summary))
    all += file.path + (file.extent == Extent::series ? "*" : "") + " " + file.kind + " of " + file.user + "\n";
  ck_assert_text(all,
                 "disp_0001.exr* ocean bake of object 'Sea'\nfoam_0001.exr* ocean bake of object 'Sea'\n"
                 "layer.abc cache of object 'Sea'\nrock.obj imported file of object 'Sea'\n");
}
END_TEST

// The folder of the scenes that Blender made for this run; empty where there is no Blender.
std::filesystem::path made_scenes() {
  char const* top = std::getenv("top_srcdir");
  if (top == nullptr || std::system("command -v blender >/dev/null 2>&1") != 0) return {};
  static char pattern[] = "/tmp/distren-scenes-XXXXXX";
  if (mkdtemp(pattern) == nullptr) return {};
  std::string const command = std::string("HOME=") + pattern + " blender --background --factory-startup " +
                              "--python-exit-code 3 --python '" + top + "/tests/support/scenes/make_scenes.py' -- " +
                              pattern + "/scenes >" + pattern + "/log 2>&1";
  ck_assert_msg(std::system(command.c_str()) == 0, "see %s/log", pattern);
  return pattern;
}

START_TEST(files_that_blender_saved_tell_what_blender_knows) {
  auto const folder = made_scenes();
  if (folder.empty()) return;  // without Blender the hand-made files above must do
  auto look = [&](std::string const& name) {
    auto summary = inspect_blend(folder / "scenes" / name);
    ck_assert_msg(summary.has_value(), "%s: %s", name.c_str(), summary ? "" : summary.error().message.c_str());
    return *summary;
  };
  for (char const* name : {"plain.blend", "gzip.blend", "zstd.blend"}) {
    auto const summary = look(name);
    ck_assert_uint_eq(summary.scenes.size(), 2);
    ck_assert_text(summary.active_scene.value_or("none"), "Scene");
    ck_assert_text(summary.scenes[0].camera.value_or("none"), "Camera");
    ck_assert_int_eq(summary.scenes[0].frame_end.value_or(-1), 12);
    ck_assert_int_eq(summary.scenes[1].frame_end.value_or(-1), 3);
    ck_assert_int_eq(summary.scenes[0].samples.value_or(-1), 1);
    ck_assert(summary.scenes[0].denoising == false);
    ck_assert_uint_eq(summary.cameras.size(), 4);
  }
  ck_assert_uint_eq(external_files(look("textured.blend")).size(), 1);
  ck_assert_text(external_files(look("missing_texture.blend")).at(0).path, "tex/gone.png");
  ck_assert_text(external_files(look("textured.blend")).at(0).user, "material 'Textured'");
  ck_assert(external_files(look("packed.blend")).empty());
  ck_assert_text(external_files(look("shots/linked.blend")).at(0).path, "../lib/lib.blend");
  ck_assert(!look("nocamera.blend").scenes[0].has_camera);
  ck_assert_text(look("movie.blend").scenes[0].format.value_or("none"), "FFMPEG");
  ck_assert(look("fileoutput.blend").scenes[0].file_output_nodes);
  ck_assert(!look("plain.blend").scenes[0].file_output_nodes);
  ck_assert_int_eq(look("driver.blend").scripted_drivers, 1);
  auto const rigid = look("rigidbody.blend");
  ck_assert(rigid.scenes[0].rigid_body_world && !rigid.scenes[0].rigid_body_baked);
  auto const unbaked = [&](std::string const& name) {
    auto const kinds = look("physics/" + name + ".blend").unbaked;
    ck_assert_uint_le(kinds.size(), 1);
    return kinds.empty() ? std::string("none") : kinds.front();
  };
  for (auto const& [name, kind] :
       {std::pair{"cloth", "cloth"}, std::pair{"cloth_baked", "none"}, std::pair{"cloth_off", "none"},
        std::pair{"soft", "soft bodies"}, std::pair{"particles", "particles"}, std::pair{"particles_still", "none"},
        std::pair{"hair", "none"}, std::pair{"hair_moving", "moving hair"}, std::pair{"fluid", "fluid"},
        std::pair{"fluid_baked", "none"}})
    ck_assert_text(unbaked(name), kind);
  auto const fluid_cache = external_files(look("physics/fluid_baked.blend"));
  ck_assert_uint_eq(fluid_cache.size(), 1);
  ck_assert_text(fluid_cache[0].path, "fluid");
  ck_assert(!fluid_cache[0].optional && fluid_cache[0].extent == Extent::folder);
  ck_assert(external_files(look("physics/fluid.blend")).at(0).optional);
  auto const marked = look("markers.blend");
  ck_assert(marked.scenes[0].camera_markers && !marked.scenes[0].has_camera);
  ck_assert((marked.scenes[0].view_layers == std::vector<std::string>{"Front", "Back"}));
  ck_assert(!look("plain.blend").scenes[0].camera_markers);
  auto const osl = look("osl.blend");
  ck_assert(osl.scenes[0].osl == true && osl.script_nodes == 1);
  ck_assert(look("plain.blend").script_nodes == 0 && !look("plain.blend").scenes[0].osl.value_or(false));
  auto const packed = look("packed.blend").images;
  auto const in_it = std::ranges::find(packed, true, &BlendImage::packed);
  ck_assert(in_it != packed.end() && in_it->pixels == 32 * 32 && in_it->packed_bytes > 100);
  for (auto const& [name, says] : {std::pair{"text.blend", "looks like text"}, std::pair{"image.blend", "PNG image"},
                                   std::pair{"empty.blend", "is empty"}, std::pair{"truncated.blend", "cut short"},
                                   std::pair{"truncated_gzip.blend", "cut short"}, std::pair{"lfs.blend", "git-LFS"},
                                   std::pair{"mangled.blend", "line endings"}}) {
    auto broken = inspect_blend(folder / "scenes" / name);
    ck_assert(!broken);
    ck_assert_says(broken.error().message, says);
  }
  std::filesystem::remove_all(folder);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_not_found) {
  auto const summary = inspect_blend(std::filesystem::path("/nowhere/at/all.blend"));
  ck_assert(!summary);
  ck_assert(summary.error().code == Errc::not_found);
}
END_TEST

TestGroup const basic_tests{
    "basic",
    {a_plain_file_tells_its_scene, old_32_bit_files_are_read, files_of_big_endian_machines_are_read,
     files_of_blender_5_with_large_blocks_are_read, gzip_and_zstd_packing_is_undone, versions_read_as_people_say_them,
     paths_are_normalised_and_absolute_ones_flagged, what_no_blender_here_makes_is_read_too}};
TestGroup const refused_tests{
    "refused",
    {what_is_not_a_blend_is_named, a_file_that_is_not_there_is_not_found,
     a_format_newer_than_we_know_is_refused_by_its_number, a_missing_dna_block_hints_at_line_endings,
     blocks_that_make_no_sense_hint_at_line_endings, damaged_packing_is_called_damaged, every_truncation_is_noticed,
     a_file_that_unpacks_without_end_is_refused, lists_are_kept_to_their_limit, changed_bytes_never_crash_the_reader},
    {.timeout_s = 120}};
TestGroup const real_tests{"real", {files_that_blender_saved_tell_what_blender_knows}, {.timeout_s = 120}};

}  // namespace

// What a .blend file says about itself, read without Blender: scenes, cameras, output, and the files it needs.
// Pure reading on the caller's thread; strangers' files are expected, memory stays small whatever the file's size.
// What a version of Blender does not store is nullopt. Text is as stored: not always UTF-8.
// Failure: Errc::not_found/denied the file cannot be opened; Errc::invalid it is not a .blend, cut short or damaged,
// each with a sentence for its owner.
// Our own: there is no library for .blend, and Blender itself must not open untrusted files on a server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "scene/blend/byte_stream.h"

namespace distren {

struct BlendScene {
  std::string name;
  std::vector<std::string> view_layers;  // those that render
  std::optional<std::string> camera;     // name of the active camera; nullopt: none
  bool has_camera = false;               // true without a name: the camera lies in a linked library
  std::optional<int> frame_start, frame_end, frame_step, frame_current;
  std::optional<std::string> engine;  // CYCLES, BLENDER_EEVEE, BLENDER_RENDER, ...
  std::optional<int> width, height;   // pixels at 100 %
  std::optional<int> percentage;
  std::optional<int> milli_fps;      // frames in 1,000 seconds
  std::optional<bool> border, crop;  // render region; crop makes the image as small as the region
  std::optional<bool> motion_blur;
  std::optional<std::string> format;  // PNG, JPEG, OPEN_EXR, FFMPEG, ...
  std::optional<std::string> output_path;
  std::optional<int> samples;     // of Cycles; nullopt: not stored, so Blender's default
  std::optional<bool> denoising;  // of Cycles, as above
  bool camera_markers = false;    // cameras change with the frame
  std::optional<bool> osl;        // Cycles with Open Shading Language
  bool uses_sequencer = false;
  bool file_output_nodes = false;  // the compositor writes files of its own
  bool denoise_nodes = false;      // the compositor denoises, which not every build can
  bool rigid_body_world = false;
  bool rigid_body_baked = false;
};

struct BlendImage {
  std::string name;
  std::string path;
  std::string source;  // file, sequence, movie, generated, viewer, tiled
  bool packed = false;
  std::optional<int> users;  // not stored by newer Blenders
  std::int64_t packed_bytes = 0;
  std::optional<std::int64_t> pixels{};  // of a packed PNG or JPEG
};

// A sound, font, movie clip, library, volume, cache or strip: anything else that names a file.
struct BlendFileUse {
  std::string kind;  // library, sound, font, movie clip, volume, cache, text, sequence strip
  std::string path;
  bool packed = false;
  bool many = false;  // the path stands for a series of files
};

struct BlendSummary {
  int version = 0;            // 279, 304, 500
  std::string version_text;   // "2.79", "3.4", "5.0"
  std::optional<int> needed;  // oldest Blender that the saving one thought able to open it, as version
  Packing packing = Packing::none;
  std::optional<std::string> active_scene;
  std::vector<BlendScene> scenes;
  std::vector<std::string> cameras;  // names of local camera objects, sorted
  std::vector<BlendImage> images;
  std::vector<BlendFileUse> files;
  int text_blocks = 0;
  int registered_texts = 0;  // would run when opened, were scripts allowed
  int drivers = 0;
  int scripted_drivers = 0;
  int freestyle_scripts = 0;
  int script_nodes = 0;              // shaders of their own in OSL
  std::vector<std::string> unbaked;  // kinds of simulation without a baked result, but for rigid bodies; sorted
  std::int64_t geometry_bytes = 0;   // meshes, curves, volumes, with what subdivision makes of them for a render
  bool disk_cache = false;           // baked physics lie in blendcache_NAME/ beside the .blend
  bool lists_cut = false;            // there were more entries than are kept
};

struct BlendLimits {
  ByteLimits bytes;
  std::size_t entries = 100'000;  // of each list
};

Result<BlendSummary> inspect_blend(std::filesystem::path const& file, BlendLimits const& limits = {});
Result<BlendSummary> inspect_blend(std::span<unsigned char const> data, BlendLimits const& limits = {});

// "2.79", "3.4", "5.0".
std::string blend_version_text(int version);

struct ExternalFile {
  std::string path;       // with '/', relative to the .blend's folder unless absolute; may begin with ../
  std::string stored;     // as the scene has it
  std::string kind;       // image, or as BlendFileUse::kind
  bool absolute = false;  // will not be found on another machine, even when shipped
  bool many = false;      // stands for a series: an image sequence, or tiles marked <UDIM>
};

// What must be shipped beside the .blend, sorted by path, each once; packed and generated things are left out.
std::vector<ExternalFile> external_files(BlendSummary const& summary);
// Those of external_files() that are not on this machine; blend is where the file lies.
std::vector<ExternalFile> missing_files(BlendSummary const& summary, std::filesystem::path const& blend);

}  // namespace distren

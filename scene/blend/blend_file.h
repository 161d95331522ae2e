// Inspects a .blend file without Blender: scenes, cameras, output, external files. Reads only, on the caller's thread;
// files are untrusted, memory stays small whatever the file's size. What a Blender version does not store is nullopt.
// Text is as stored: not always UTF-8. Errors: not_found/denied, the file cannot be opened; invalid, not a .blend,
// truncated or damaged; each with a sentence for its owner.
// Our own: there is no library for .blend, and Blender itself must not open untrusted files on a server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "scene/blend/blend_scene.h"
#include "scene/blend/byte_stream.h"

namespace distren {

struct NumberRange {
  int first = 0, last = 0;
};

struct BlendImage {
  std::string name;
  std::string path;
  std::string source;  // file, sequence, movie, generated, viewer, tiled
  bool packed = false;
  std::optional<int> users;  // not stored by newer Blenders
  std::int64_t packed_bytes = 0;
  std::optional<std::int64_t> pixels{};  // of a packed PNG or JPEG
  std::string user{};                    // "material 'Glass'": the first that shows it
  std::vector<NumberRange> numbers{};    // of a sequence or of tiles: those that are shown; empty: not known
};

// What a path stands for: itself; numbered files like it; all that is in the folder; all names in its folder that are
// like it, with a '*' for any text.
enum class Extent { file, series, folder, pattern };

// A sound, font, movie clip, library, volume, cache or strip: any other object with an external file.
struct BlendFileUse {
  std::string kind;  // library, sound, font, movie clip, volume, cache, IES light, sequence strip, ...
  std::string path;
  bool packed = false;
  Extent extent = Extent::file;
  std::string user{};     // "object 'Smoke'"
  bool optional = false;  // used when it is there, not missed when it is not
};

struct BlendSummary {
  int version = 0;           // 279, 304, 500
  std::string version_text;  // "2.79", "3.4", "5.0"
  int subversion = 0;
  std::optional<std::string> build;  // of the Blender that saved it: the beginning of its commit
  std::optional<int> needed;         // oldest Blender that can open it, as stored, as version
  Packing packing = Packing::none;
  std::optional<std::string> active_scene;
  std::vector<BlendScene> scenes;
  std::vector<BlendCollection> collections;  // those with cameras or links in them
  std::vector<std::string> cameras;          // names of local camera objects, sorted
  std::vector<BlendImage> images;
  std::vector<BlendFileUse> files;
  int text_blocks = 0;
  int registered_texts = 0;  // would run on opening if scripts were allowed
  int drivers = 0;
  int scripted_drivers = 0;          // those that need Python
  int script_nodes = 0;              // custom OSL shaders
  std::vector<std::string> unbaked;  // kinds of simulation without a baked result, except rigid bodies; sorted
  std::int64_t geometry_bytes = 0;   // meshes, curves, volumes, after subdivision for the render
  bool disk_cache = false;           // baked physics are in blendcache_NAME/ beside the .blend
  bool lists_cut = false;            // there were more entries than limits.entries
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
  std::string stored;     // as stored in the scene
  std::string kind;       // image, or as BlendFileUse::kind
  bool absolute = false;  // of the machine that saved it: found by its last parts (scene/blend/file_series.h)
  Extent extent = Extent::file;
  std::string user{};
  bool optional = false;
  std::vector<NumberRange> numbers{};  // of a series: those that must be there
};

// Files to upload beside the .blend, sorted by path, unique; without packed and generated ones.
std::vector<ExternalFile> external_files(BlendSummary const& summary);

}  // namespace distren

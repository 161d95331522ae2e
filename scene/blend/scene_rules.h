// The rules of what a frame of a scene needs and becomes, before any frame is rendered: which scene, camera, view layer
// and engine, which size, what tiles spoil. One table for the command line, the server and the pages; the driver in
// Blender (methods/blender/distren_options.py) keeps the same ones, which tests/e2e/scene_rules.py compares. Pure but
// for the libraries that the caller reads; any thread. Errors: invalid, a scene of which no frame could be rendered as
// asked for, with what there is instead.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"
#include "scene/blend/finding.h"

namespace distren {

// What the owner asks for; empty and 0: as the file has it.
struct SceneRequest {
  std::string scene, camera, view_layer, engine;
  std::int64_t width = 0, height = 0, percentage = 0;
  bool tiled = false;
  bool denoised_whole = false;  // after the tiles are stitched
};
// Of a render method's parameters; values of other types are ignored, the method's definition rejects them.
SceneRequest scene_request(nlohmann::json const& parameters);

// A library that the file at `referrer` names (empty: the file itself), or no summary where it cannot be read. The path
// is the reader's own, to be given as referrer for what this library names itself.
struct LinkedFile {
  std::string path;
  BlendSummary const* summary = nullptr;
};
using ReadLibrary = std::function<LinkedFile(std::string const& referrer, std::string const& stored)>;

// Pixels of a whole picture, before the region is cut out and views are put side by side.
struct Resolution {
  std::int64_t width = 0, height = 0;
  std::int64_t percentage = 100;

  [[nodiscard]] std::int64_t across() const { return width * percentage / 100; }  // as Blender rounds it
  [[nodiscard]] std::int64_t down() const { return height * percentage / 100; }
};

struct Picture {
  std::int64_t width = 0, height = 0;
};

struct SceneVerdict {
  BlendScene const* scene = nullptr;  // in the summary
  std::optional<Resolution> resolution;
  std::optional<Picture> picture;  // as Blender saves it; nullopt: not known beforehand
  std::vector<Finding> findings;
};

// The scene of this name, or the active one without a name.
Result<BlendScene const*> choose_scene(BlendSummary const& summary, std::string const& wanted);

Result<SceneVerdict> judge_scene(BlendSummary const& summary, SceneRequest const& request, ReadLibrary const& read);

// The size of what is saved of a scene, rounded as Blender does: the region in single precision, towards zero.
Picture saved_size(BlendScene const& scene, Resolution const& resolution);

// The oldest Blender that renders the file: the driver's, or what the file asks for itself.
constexpr int oldest_blender = 293;
int needed_blender(BlendSummary const& summary);

// "it has 'Side', 'Top' and 3 more", or "it has none".
std::string names_of(std::vector<std::string> const& names);

}  // namespace distren

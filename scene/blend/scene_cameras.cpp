#include "scene/blend/scene_cameras.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace distren {
namespace {

constexpr std::size_t max_followed_links = 2000;  // followed into libraries, for one scene

std::string shown(std::string const& name) {
  return fmt::format("'{}'", printable(name, 80));
}

BlendScene const* find_scene(BlendSummary const& summary, std::string const& name) {
  auto const found = std::ranges::find(summary.scenes, name, &BlendScene::name);
  return found == summary.scenes.end() ? nullptr : &*found;
}

bool has_camera(BlendScene const& scene) {
  return scene.has_camera || scene.camera || scene.camera_markers;
}

// Of a scene that is rendered through an active camera, or its markers': Blender takes no other one by itself.
Result<void> check_active(BlendScene const& scene, BlendScene const& chosen, SceneCameras const& cameras) {
  if (has_camera(scene)) return {};
  if (&scene != &chosen)
    return fail(Errc::invalid, fmt::format("the compositor of the scene {} uses the scene {}, which has no active "
                                           "camera; choose one there in Blender",
                                           shown(chosen.name), shown(scene.name)));
  auto const names = names_of(cameras.names);
  return fail(Errc::invalid,
              fmt::format("the scene {} has no active camera; {}", shown(scene.name),
                          cameras.names.empty() ? "add one in Blender" : "choose one of its own as camera: " + names));
}

}  // namespace

std::vector<BlendScene const*> rendered_scenes(BlendSummary const& summary, BlendScene const& scene) {
  std::set<BlendScene const*> found;
  auto composited = [&](BlendScene const& each) {
    if (!each.composites) return static_cast<void>(found.insert(&each));
    for (auto const& name : each.composited_scenes)
      if (auto const* other = find_scene(summary, name)) found.insert(other);
  };
  if (!scene.uses_sequencer) {
    composited(scene);
  } else {
    for (auto const& name : scene.strip_scenes)
      if (auto const* other = find_scene(summary, name)) composited(*other);
  }
  return {found.begin(), found.end()};
}

SceneCameras cameras_of(BlendSummary const& summary, BlendScene const& scene, ReadLibrary const& read) {
  struct Open {
    std::string referrer;
    BlendLink link;
  };
  SceneCameras out{scene.cameras, !summary.lists_cut};
  std::vector<Open> open;
  std::set<std::string> seen;
  auto follow = [&](std::string const& referrer, std::vector<BlendLink> const& links) {
    for (auto const& link : links) open.push_back({referrer, link});
  };
  follow("", scene.linked);
  for (std::size_t steps = 0; !open.empty(); ++steps) {
    auto const next = std::move(open.back());
    open.pop_back();
    if (!seen.insert(next.referrer + '\n' + next.link.library + '\n' + next.link.name).second) continue;
    auto const library = steps < max_followed_links ? read(next.referrer, next.link.library) : LinkedFile{};
    if (library.summary == nullptr) {
      out.complete = false;
      continue;
    }
    auto const& there = *library.summary;
    if (!next.link.collection) {
      if (std::ranges::binary_search(there.cameras, next.link.name)) out.names.push_back(next.link.name);
      continue;
    }
    auto const found = std::ranges::find(there.collections, next.link.name, &BlendCollection::name);
    if (found == there.collections.end()) {
      out.complete = out.complete && !there.lists_cut;
      continue;
    }
    out.names.insert(out.names.end(), found->cameras.begin(), found->cameras.end());
    follow(library.path, found->linked);
  }
  std::ranges::sort(out.names);
  out.names.erase(std::unique(out.names.begin(), out.names.end()), out.names.end());
  return out;
}

Result<void> check_cameras(BlendSummary const& summary, BlendScene const& scene, std::string const& wanted,
                           ReadLibrary const& read, std::vector<Finding>& findings) {
  auto const cameras = cameras_of(summary, scene, read);
  if (!wanted.empty() && !std::ranges::binary_search(cameras.names, wanted)) {
    if (cameras.complete)
      return fail(Errc::invalid, fmt::format("the camera {} is not in the scene {}; {}", shown(wanted),
                                             shown(scene.name), names_of(cameras.names)));
    findings.push_back({.code = "camera_not_in_file",
                        .message = fmt::format("camera {} is not in the file itself; unless a library has it, every "
                                               "frame will fail",
                                               shown(wanted)),
                        .subject = printable(wanted, 100)});
  }
  auto const rendered = rendered_scenes(summary, scene);
  for (auto const* each : rendered) {
    if (each == &scene && !wanted.empty()) continue;
    if (scene.uses_sequencer) {
      if (has_camera(*each)) continue;
      findings.push_back({.code = "strip_without_camera",
                          .message = fmt::format("a strip of the sequencer shows the scene {}, which has no active "
                                                 "camera; it stays empty",
                                                 shown(each->name)),
                          .subject = printable(each->name, 100)});
      continue;
    }
    if (auto good = check_active(*each, scene, cameras); !good) return good;
  }
  return {};
}

}  // namespace distren

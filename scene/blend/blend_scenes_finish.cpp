// What the scenes' pointers mean, once all blocks of the file were seen.
#include <algorithm>
#include <set>

#include "scene/blend/blend_scenes.h"

namespace distren {
namespace {

// Constants of Blender's DNA_*_types.h; tests/long/blend_constants.py holds them against files of real Blenders.
constexpr int strip_of_scene = 2, strip_of_sound = 4, strip_of_sound_too = 5;

constexpr std::size_t max_steps = 4'000'000;  // of walks through collections

// Cycles denoises by default since 3.0.25, and switches that off in older files that do not say so themselves.
bool denoises_unless_said(int saved_by, int subversion) {
  return saved_by > 300 || (saved_by == 300 && subversion > 25);
}

}  // namespace

// One search through nested collections, which are no tree: what was seen is not entered again.
struct BlendScenes::Walk {
  std::unordered_set<std::uint64_t> seen;
  std::vector<std::string> cameras;
  std::vector<BlendLink> linked;
};

void BlendScenes::gather(std::uint64_t root, Walk& walk) {
  std::vector<std::uint64_t> open{root};
  auto add_link = [&](std::uint64_t at, bool collection) {
    auto const link = linked_.find(at);
    if (link != linked_.end() && walk.seen.insert(at).second)
      walk.linked.push_back({link->second.library, link->second.name, collection});
  };
  while (!open.empty()) {
    auto const at = open.back();
    open.pop_back();
    auto const found = collections_.find(at);
    if (found == collections_.end()) {
      add_link(at, true);
      continue;
    }
    if (!walk.seen.insert(at).second) continue;
    for (auto const object : found->second.objects) {
      if (!room(steps_++, max_steps)) return;
      if (cameras_.contains(object)) walk.cameras.push_back(names_[object]);
      add_link(object, false);
    }
    for (auto const child : found->second.children) {
      if (!room(steps_++, max_steps)) return;
      open.push_back(child);
    }
  }
}

// Sorted, each once; what all lists together may hold is bounded, for nested collections repeat their names.
void BlendScenes::list(Walk& walk) {
  std::ranges::sort(walk.cameras);
  walk.cameras.erase(std::unique(walk.cameras.begin(), walk.cameras.end()), walk.cameras.end());
  if (!room(listed_ + walk.cameras.size() + walk.linked.size(), max_entries_ + 1)) {
    walk.cameras.clear();
    walk.linked.clear();
  }
  listed_ += walk.cameras.size() + walk.linked.size();
}

void BlendScenes::resolve_cameras(Scene& scene) {
  auto& out = scene.out;
  out.has_camera = scene.camera != 0;
  if (auto const camera = names_.find(scene.camera); camera != names_.end()) out.camera = camera->second;
  out.camera_markers = std::ranges::any_of(scene.markers, [&](auto camera) { return !hidden_.contains(camera); });
  Walk walk;
  if (scene.collection != 0) gather(scene.collection, walk);
  for (auto const base : scene.bases) {
    if (scene.collection != 0) break;  // since 2.80 they only repeat what is in collections
    if (cameras_.contains(base)) walk.cameras.push_back(names_[base]);
    if (auto const link = linked_.find(base); link != linked_.end())
      walk.linked.push_back({link->second.library, link->second.name, false});
  }
  list(walk);
  out.cameras = std::move(walk.cameras);
  out.linked = std::move(walk.linked);
}

void BlendScenes::resolve_layers(Scene& scene) const {
  bool lines = false;
  for (auto const& layer : scene.layers) {
    if (!layer.renders || !layer.freestyle) continue;
    lines = true;
    if (scene.out.freestyle && layer.runs_scripts) scene.out.freestyle_scripts += layer.scripts;
  }
  scene.out.freestyle = scene.out.freestyle && lines;
}

// Blender asks whether there is any strip but sounds; since 5.0 what is muted is none.
void BlendScenes::resolve_sequencer(Scene& scene, bool mutes) const {
  if (!scene.sequencer_on) return;
  std::unordered_set<int> silent;
  auto channel = scene.channels.find(scene.first_channel);
  for (std::size_t steps = 0; channel != scene.channels.end() && steps < scene.channels.size(); ++steps) {
    if (channel->second.muted) silent.insert(channel->second.index);
    channel = scene.channels.find(channel->second.next);
  }
  std::set<std::string> shown_scenes;
  auto at = scene.strips.find(scene.first_strip);
  for (std::size_t steps = 0; at != scene.strips.end() && steps < scene.strips.size(); ++steps) {
    auto const& strip = at->second;
    at = scene.strips.find(strip.next);
    bool const muted = strip.muted || silent.contains(strip.channel);
    if (strip.type == strip_of_sound || strip.type == strip_of_sound_too || (muted && mutes)) continue;
    scene.out.uses_sequencer = true;
    auto const shown = scene_at_.find(strip.scene);
    if (strip.type == strip_of_scene && strip.camera == 0 && !muted && shown != scene_at_.end())
      shown_scenes.insert(scenes_[shown->second].out.name);
  }
  scene.out.strip_scenes.assign(shown_scenes.begin(), shown_scenes.end());
}

void BlendScenes::resolve_compositor(Scene& scene) const {
  auto& out = scene.out;
  if (!out.composites) return;
  std::unordered_set<std::uint64_t> seen;
  std::vector<std::uint64_t> open{scene.tree};
  bool gives_picture = false;
  while (!open.empty()) {
    auto const at = open.back();
    open.pop_back();
    if (!seen.insert(at).second) continue;
    auto const tree = trees_.find(at);
    if (tree == trees_.end()) continue;
    for (auto const& node : tree->second) {
      auto const shown = scene_at_.find(node.id);
      if (node.kind == Node::render_layers)
        out.composited_scenes.push_back(shown == scene_at_.end() ? out.name : scenes_[shown->second].out.name);
      gives_picture = gives_picture || node.kind == Node::output;
      out.file_output_nodes = out.file_output_nodes || node.kind == Node::writes;
      out.denoise_nodes = out.denoise_nodes || node.kind == Node::denoises;
      if (node.wide) out.wide_nodes.push_back(node.idname);
      if (node.kind == Node::group) open.push_back(node.id);
    }
  }
  for (auto* names : {&out.composited_scenes, &out.wide_nodes}) {
    std::ranges::sort(*names);
    names->erase(std::unique(names->begin(), names->end()), names->end());
  }
  out.composites_without_output = !gives_picture;
}

std::optional<std::int64_t> BlendScenes::cycles_value(Scene const& scene, std::vector<std::uint64_t> const& roots,
                                                      std::string_view name) const {
  // The list's links are untrusted: the number of steps is bounded by the number of properties.
  auto find = [&](std::uint64_t at, std::string_view wanted) -> Property const* {
    for (std::size_t steps = 0; steps <= scene.property.size(); ++steps) {
      auto const found = scene.property.find(at);
      if (found == scene.property.end()) return nullptr;
      if (found->second.name == wanted) return &found->second;
      at = found->second.next;
    }
    return nullptr;
  };
  std::optional<std::int64_t> value;
  for (auto const root : roots) {
    auto const top = scene.property.find(root);
    if (top == scene.property.end()) continue;
    auto const* cycles = find(top->second.first, "cycles");
    if (cycles == nullptr) continue;
    if (auto const* found = find(cycles->first, name)) value = found->value;
  }
  return value;
}

void BlendScenes::resolve_cycles(Scene& scene, bool denoises_by_default) const {
  auto& out = scene.out;
  if (auto const samples = cycles_value(scene, scene.properties, "samples")) out.samples = static_cast<int>(*samples);
  if (auto const osl = cycles_value(scene, scene.properties, "shading_system")) out.osl = *osl != 0;
  bool const wanted = cycles_value(scene, scene.properties, "use_denoising").value_or(denoises_by_default) != 0;
  bool const somewhere =
      scene.layers.empty() || std::ranges::any_of(scene.layers, [&](Layer const& layer) {
        return layer.renders && cycles_value(scene, layer.properties, "use_denoising").value_or(1) != 0;
      });
  out.denoising = wanted && somewhere;
}

BlendScenes::Outcome BlendScenes::finish(int saved_by, int subversion) {
  Outcome outcome;
  for (auto& scene : scenes_) {
    resolve_cameras(scene);
    resolve_layers(scene);
    resolve_sequencer(scene, saved_by >= 500);
    resolve_compositor(scene);
    resolve_cycles(scene, denoises_unless_said(saved_by, subversion));
    if (scene.address == active_) outcome.active = scene.out.name;
  }
  for (auto const& [address, members] : collections_) {
    if (!members.local || outcome.collections.size() >= max_entries_) continue;
    Walk walk;
    gather(address, walk);
    list(walk);
    if (!walk.cameras.empty() || !walk.linked.empty())
      outcome.collections.push_back({members.name, std::move(walk.cameras), std::move(walk.linked)});
  }
  for (auto& scene : scenes_) outcome.scenes.push_back(std::move(scene.out));
  outcome.cameras = std::move(camera_names_);
  std::ranges::sort(outcome.cameras);
  outcome.complete = complete_;
  return outcome;
}

}  // namespace distren

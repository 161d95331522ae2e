// Collects the scenes of a .blend: cameras by collections, view layers, sequencer, compositor, Cycles' settings. Fed by
// BlendCollector with structs in file order; one thread. The dna must outlive it. Memory and time are bounded by
// max_entries and constants, whatever the file claims; complete() is false when a bound was met.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scene/blend/blend_blocks.h"
#include "scene/blend/blend_dna.h"
#include "scene/blend/blend_scene.h"

namespace distren {

class BlendScenes {
public:
  BlendScenes(BlendDna const& dna, std::size_t max_entries);

  // An ID block begins; the DATA blocks after it are its own.
  void begin(BlendBlock const& id);
  [[nodiscard]] bool wants(BlendBlock const& block) const;
  void take(Record const& record, BlendBlock const& block);

  // Of the ID block at hand: the scene, or nullptr where it is no scene.
  BlendScene* current();
  void set_active(std::uint64_t scene) { active_ = scene; }

  struct Outcome {
    std::vector<BlendScene> scenes;
    std::vector<BlendCollection> collections;  // of the file itself, those with cameras or links in them
    std::vector<std::string> cameras;          // of the file itself, sorted
    std::optional<std::string> active;
    bool complete = true;
  };
  // saved_by: 304 and its subversion, by which defaults of properties that are not stored are known.
  Outcome finish(int saved_by, int subversion);

private:
  // A property of a scene or view layer, where Cycles stores its settings: a value, or a group with a list of others.
  struct Property {
    std::string name;
    std::int64_t value = 0;
    std::uint64_t next = 0;
    std::uint64_t first = 0;
  };
  struct Strip {
    int type = 0, channel = 0;
    bool muted = false;
    std::uint64_t scene = 0, camera = 0, next = 0;
  };
  struct Channel {
    int index = 0;
    bool muted = false;
    std::uint64_t next = 0;
  };
  struct Layer {
    bool renders = true, freestyle = false, runs_scripts = false;
    std::vector<std::uint64_t> properties;
    int scripts = 0;
  };
  struct Scene {
    BlendScene out;
    std::uint64_t address = 0, camera = 0, collection = 0, tree = 0, first_strip = 0, first_channel = 0;
    std::vector<std::uint64_t> properties;
    std::vector<std::uint64_t> bases;    // objects, before 2.80
    std::vector<std::uint64_t> markers;  // cameras
    std::vector<Layer> layers;
    std::unordered_map<std::uint64_t, Strip> strips;
    std::unordered_map<std::uint64_t, Channel> channels;
    std::unordered_map<std::uint64_t, Property> property;
    bool sequencer_on = false;
  };
  struct Node {
    enum Kind { other, render_layers, output, group, writes, denoises } kind = other;
    std::string idname;
    std::uint64_t id = 0;  // the scene or the group
    bool wide = false;     // needs the whole picture
  };
  struct Members {
    std::vector<std::uint64_t> objects, children;
    std::string name;
    bool local = false;  // of the file itself and not of one scene alone
  };
  struct Linked {
    std::string library, name;
  };
  enum class Kind {
    scene,
    object,
    id,
    library,
    collection,
    collection_object,
    collection_child,
    base,
    marker,
    view_layer,
    module,
    editing,
    strip,
    channel,
    tree,
    node,
    property
  };
  struct Walk;

  void scene(Record const& record, BlendBlock const& block);
  void object(Record const& record, BlendBlock const& block);
  void placeholder(Record const& record, BlendBlock const& block);
  void collection(Record const& record, BlendBlock const& block);
  void view_layer(Record const& record);
  void strip(Record const& record, BlendBlock const& block);
  void node(Record const& record);
  void property(Record const& record, BlendBlock const& block);
  void member(std::vector<std::uint64_t> Members::*list, std::optional<std::uint64_t> address);

  void resolve_cameras(Scene& scene);
  void resolve_layers(Scene& scene) const;
  void resolve_sequencer(Scene& scene, bool mutes) const;
  void resolve_compositor(Scene& scene) const;
  void resolve_cycles(Scene& scene, bool denoises_by_default) const;
  [[nodiscard]] std::optional<std::int64_t> cycles_value(Scene const& scene, std::vector<std::uint64_t> const& roots,
                                                         std::string_view name) const;
  void list(Walk& walk);
  void gather(std::uint64_t root, Walk& walk);
  bool room(std::size_t used, std::size_t limit);

  std::size_t max_entries_;
  std::unordered_map<std::size_t, Kind> kinds_;  // by struct index
  std::vector<Scene> scenes_;
  std::unordered_map<std::uint64_t, std::size_t> scene_at_;
  std::unordered_map<std::uint64_t, Members> collections_;
  std::unordered_map<std::uint64_t, Linked> linked_;
  std::unordered_map<std::uint64_t, std::string> names_;  // of objects
  std::unordered_set<std::uint64_t> cameras_, hidden_;    // of these: cameras; not rendered
  std::unordered_map<std::uint64_t, std::vector<Node>> trees_;
  std::vector<std::string> camera_names_;
  std::string owner_, library_;
  std::uint64_t active_ = 0, collection_ = 0, tree_ = 0;
  std::size_t links_ = 0, nodes_ = 0, steps_ = 0, listed_ = 0;
  bool complete_ = true;
};

}  // namespace distren

// Collects a BlendSummary from the blocks of one file, in file order: an ID block (scene, object, image, ...) followed
// by the DATA blocks that belong to it. For blend_file.cpp alone; one thread. The dna must outlive the collector.
// Memory is bounded by entries and small records, whatever the file claims.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "scene/blend/blend_blocks.h"
#include "scene/blend/blend_dna.h"
#include "scene/blend/blend_file.h"
#include "scene/blend/blend_physics.h"
#include "scene/blend/blend_uses.h"

namespace distren {

class BlendCollector {
public:
  BlendCollector(BlendDna const& dna, std::size_t max_entries);

  // A block begins: true when its payload is of use and take() should be called with it.
  bool wants(BlendBlock const& block);
  void take(BlendBlock const& block, std::vector<unsigned char> const& payload);
  BlendSummary finish();

private:
  // A property of a scene, where Cycles stores its settings: a named value, or a group with a list of others.
  struct Property {
    std::string name;
    std::int64_t value = 0;
    std::uint64_t next = 0;
    std::uint64_t first = 0;
  };
  struct SceneLinks {
    std::uint64_t address = 0;
    std::uint64_t camera = 0;
    std::uint64_t properties = 0;
    std::uint64_t system_properties = 0;
    bool uses_nodes = false;
    bool sequencer_on = false;
    std::unordered_map<std::uint64_t, Property> property;
  };
  using Handler = void (BlendCollector::*)(Record const&, BlendBlock const&);

  void scene(Record const& record, BlendBlock const& block);
  void object(Record const& record, BlendBlock const& block);
  void linked(Record const& record, BlendBlock const& block);
  void image(Record const& record, BlendBlock const& block);
  void text(Record const& record, BlendBlock const& block);
  void globals(Record const& record, BlendBlock const& block);
  void node_tree(Record const& record, BlendBlock const& block);
  void node(Record const& record, BlendBlock const& block);
  void property(Record const& record, BlendBlock const& block);
  void driver(Record const& record, BlendBlock const& block);
  void freestyle(Record const& record, BlendBlock const& block);
  void rigid_body(Record const& record, BlendBlock const& block);
  void point_cache(Record const& record, BlendBlock const& block);
  void editing(Record const& record, BlendBlock const& block);
  void view_layer(Record const& record, BlendBlock const& block);
  void marker(Record const& record, BlendBlock const& block);
  void packed_file(Record const& record, BlendBlock const& block);
  void subdivision(Record const& record, BlendBlock const& block);
  void simulation_bake(Record const& record, BlendBlock const& block);
  [[nodiscard]] std::int64_t geometry() const;
  void resolve(BlendScene& scene, SceneLinks const& links) const;
  template <typename List, typename Entry>
  void add(List& list, Entry entry);

  BlendDna const& dna_;
  std::size_t max_entries_;
  std::unordered_map<std::size_t, Handler> handlers_;  // by struct index
  BlendSummary summary_;
  std::vector<SceneLinks> links_;
  std::unordered_map<std::uint64_t, std::string> object_names_;
  std::uint64_t active_scene_ = 0;
  std::string owner_;  // code of the ID block that the DATA blocks belong to
  bool owner_is_compositor_ = false;
  bool group_writes_files_ = false;
  bool group_denoises_ = false;
  BlendPhysics physics_;
  BlendUses uses_;
  bool simulation_nodes_ = false;
  bool simulation_packed_ = false;
  struct Subdivided {
    std::uint64_t data = 0;  // the mesh
    int levels = 0;
  };
  std::unordered_map<std::uint64_t, std::int64_t> geometry_bytes_;  // by mesh
  std::vector<Subdivided> subdivided_;
  std::uint64_t owner_address_ = 0, object_data_ = 0, packed_data_ = 0;
};

}  // namespace distren

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
#include "scene/blend/blend_drivers.h"
#include "scene/blend/blend_file.h"
#include "scene/blend/blend_physics.h"
#include "scene/blend/blend_scenes.h"
#include "scene/blend/blend_uses.h"

namespace distren {

class BlendCollector {
public:
  BlendCollector(BlendDna const& dna, std::size_t max_entries);

  // A block begins: true when its payload is of use and take() should be called with it.
  bool wants(BlendBlock const& block);
  void take(BlendBlock const& block, std::vector<unsigned char> const& payload);
  BlendSummary finish(int saved_by);  // its version, as 304

private:
  using Handler = void (BlendCollector::*)(Record const&, BlendBlock const&);

  void object(Record const& record, BlendBlock const& block);
  void image(Record const& record, BlendBlock const& block);
  void text(Record const& record, BlendBlock const& block);
  void globals(Record const& record, BlendBlock const& block);
  void node(Record const& record, BlendBlock const& block);
  void rigid_body(Record const& record, BlendBlock const& block);
  void point_cache(Record const& record, BlendBlock const& block);
  void packed_file(Record const& record, BlendBlock const& block);
  void subdivision(Record const& record, BlendBlock const& block);
  void simulation_bake(Record const& record, BlendBlock const& block);
  [[nodiscard]] std::int64_t geometry() const;
  template <typename List, typename Entry>
  void add(List& list, Entry entry);

  BlendDna const& dna_;
  std::size_t max_entries_;
  std::unordered_map<std::size_t, Handler> handlers_;  // by struct index
  BlendSummary summary_;
  std::string owner_;  // code of the ID block that the DATA blocks belong to
  BlendScenes scenes_;
  BlendDrivers drivers_;
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

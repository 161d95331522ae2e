// Collects every external file that a .blend names, from whatever kind of data names it: IDs, strips, modifiers,
// caches, nodes. Fed by BlendCollector with all blocks in file order; one thread. The dna must outlive it. Memory is
// bounded by max_entries of each kind. Names of outputs and of what only the viewport shows are none of its.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scene/blend/blend_blocks.h"
#include "scene/blend/blend_dna.h"
#include "scene/blend/blend_file.h"

namespace distren {

class BlendUses {
public:
  BlendUses(BlendDna const& dna, std::size_t max_entries);

  // Called for every block; true when take() or take_text() should see its payload.
  bool wants(BlendBlock const& block);
  void take(Record const& record, BlendBlock const& block);
  // True when the block is a text that an earlier struct points to: it is taken.
  bool take_text(BlendBlock const& block, std::vector<unsigned char> const& payload);

  [[nodiscard]] bool has_simulation_bake() const { return simulation_bake_; }
  // Adds the files, and to the images (those of all IM blocks, in order) who uses them and which numbers.
  void finish(BlendSummary& summary);

private:
  using Handler = void (BlendUses::*)(Record const&, BlendBlock const&);
  struct Use {
    BlendFileUse file;
    std::uint64_t id = 0;         // of the ID that names it; 0: named by the user itself
    bool only_when_used = false;  // of no consequence unless a node refers to the ID
  };
  struct ImageNote {
    std::uint64_t address = 0;
    std::string user;
    std::vector<NumberRange> tiles;
  };
  struct PendingText {
    std::string kind, user;
    std::uint64_t id = 0;
    Extent extent = Extent::file;
    bool only_when_used = false;
    bool optional = false;
  };

  void id_file(Record const& record, BlendBlock const& block);
  void image(Record const& record, BlendBlock const& block);
  void image_tile(Record const& record, BlendBlock const& block);
  void image_view(Record const& record, BlendBlock const& block);
  void image_user(Record const& record, BlendBlock const& block);
  void movie_clip(Record const& record, BlendBlock const& block);
  void text(Record const& record, BlendBlock const& block);
  void camera(Record const& record, BlendBlock const& block);
  void cache_layer(Record const& record, BlendBlock const& block);
  void mesh_cache(Record const& record, BlendBlock const& block);
  void cached_alembic(Record const& record, BlendBlock const& block);
  void multires(Record const& record, BlendBlock const& block);
  void ocean(Record const& record, BlendBlock const& block);
  void fluid(Record const& record, BlendBlock const& block);
  void point_cache(Record const& record, BlendBlock const& block);
  void nodes_modifier(Record const& record, BlendBlock const& block);
  void nodes_bake(Record const& record, BlendBlock const& block);
  void node(Record const& record, BlendBlock const& block);
  void ies(Record const& record, BlendBlock const& block);
  void script(Record const& record, BlendBlock const& block);
  void socket_text(Record const& record, BlendBlock const& block);
  void strip(Record const& record, BlendBlock const& block);
  void strip_folder(Record const& record, BlendBlock const& block);
  void strip_element(Record const& record, BlendBlock const& block);
  void add(BlendFileUse file, std::uint64_t id = 0, bool only_when_used = false);
  void expect_text(std::uint64_t address, PendingText pending);

  BlendDna const& dna_;
  std::size_t max_entries_;
  std::unordered_map<std::size_t, Handler> handlers_;  // by struct index
  std::string owner_;                                  // code of the ID block that the DATA blocks belong to
  std::string user_;                                   // "material 'Glass'", of that block
  std::string node_type_, strip_folder_;
  bool strip_is_sound_ = false;
  bool simulation_bake_ = false;
  bool cut_ = false;
  std::vector<Use> uses_;
  std::vector<ImageNote> images_;
  std::unordered_map<std::uint64_t, PendingText> texts_;                // by address
  std::unordered_map<std::uint64_t, std::string> referrers_;            // by the ID's address: its first user
  std::unordered_map<std::uint64_t, std::uint64_t> storage_;            // of a node: the ID that the node shows
  std::unordered_map<std::uint64_t, std::vector<NumberRange>> frames_;  // by the image's address
};

}  // namespace distren

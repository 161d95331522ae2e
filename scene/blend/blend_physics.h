// Finds the simulations of a .blend without a baked result: a grid renders frames independently, and a simulation that
// starts at frame 40 differs from one that started at frame 1. Fed by BlendCollector with structs in file order; one
// thread. The dna must outlive it. Memory is bounded by max_entries of each kind.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scene/blend/blend_blocks.h"
#include "scene/blend/blend_dna.h"

namespace distren {

class BlendPhysics {
public:
  BlendPhysics(BlendDna const& dna, std::size_t max_entries);

  [[nodiscard]] bool wants(std::uint64_t struct_index) const { return kinds_.contains(struct_index); }
  void take(Record const& record, BlendBlock const& block);
  void cache(std::uint64_t address, bool baked);

  // "cloth", "fluid", "particles", ...: sorted, unique. Rigid bodies belong to their scene.
  [[nodiscard]] std::vector<std::string> unbaked() const;

private:
  enum class Kind { cloth, soft_body, particles, particle_settings, paint, fluid, smoke, elbeem };
  struct Particles {
    std::uint64_t settings = 0;
    std::uint64_t cache = 0;
    bool hair_moves = false;
  };
  struct Settings {
    bool hair = false;
    bool moves = true;
  };
  void user(char const* what, std::optional<std::uint64_t> cache);

  std::size_t max_entries_;
  std::unordered_map<std::uint64_t, Kind> kinds_;   // by struct index
  std::unordered_map<std::uint64_t, bool> caches_;  // by address: baked
  std::vector<std::pair<char const*, std::uint64_t>> users_;
  std::vector<Particles> particles_;
  std::unordered_map<std::uint64_t, Settings> settings_;
  std::unordered_set<std::string> certain_;  // known to be unbaked without a point cache
};

}  // namespace distren

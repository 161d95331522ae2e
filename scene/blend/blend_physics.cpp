#include "scene/blend/blend_physics.h"

#include <algorithm>

namespace distren {
namespace {

// Constants of Blender's DNA_*_types.h.
constexpr int modifier_render = 1 << 1;
constexpr int hair_dynamics = 1 << 2;
constexpr int particles_hair = 2;
constexpr int physics_none = 0;
constexpr int paint_active = 1 << 0, paint_on_vertices = 1;
constexpr int fluid_baked_data = 1 << 1;
constexpr int elbeem_domain = 2;

// A modifier that is disabled for renders has no effect.
bool renders(Record const& record) {
  return (record.integer("modifier.mode").value_or(modifier_render) & modifier_render) != 0;
}

}  // namespace

BlendPhysics::BlendPhysics(BlendDna const& dna, std::size_t max_entries) : max_entries_(max_entries) {
  auto on = [&](std::string_view type, Kind kind) {
    if (auto const index = dna.struct_index(type)) kinds_[*index] = kind;
  };
  on("ClothModifierData", Kind::cloth);
  on("SoftBody_Shared", Kind::soft_body);
  if (!dna.struct_index("SoftBody_Shared")) on("SoftBody", Kind::soft_body);
  on("ParticleSystem", Kind::particles);
  on("ParticleSettings", Kind::particle_settings);
  on("DynamicPaintSurface", Kind::paint);
  on("FluidDomainSettings", Kind::fluid);
  on("SmokeDomainSettings", Kind::smoke);
  on("FluidsimSettings", Kind::elbeem);
}

void BlendPhysics::user(char const* what, std::optional<std::uint64_t> cache) {
  if (cache.value_or(0) != 0 && users_.size() < max_entries_) users_.emplace_back(what, *cache);
}

void BlendPhysics::take(Record const& record, BlendBlock const& block) {
  auto const kind = kinds_.find(block.struct_index);
  if (kind == kinds_.end()) return;
  switch (kind->second) {
    case Kind::cloth:
      if (renders(record)) user("cloth", record.pointer("point_cache"));
      break;
    case Kind::soft_body:
      user("soft bodies", record.pointer("pointcache"));
      break;
    case Kind::particles:
      if (particles_.size() < max_entries_)
        particles_.push_back({record.pointer("part").value_or(0), record.pointer("pointcache").value_or(0),
                              (record.integer("flag").value_or(0) & hair_dynamics) != 0});
      break;
    case Kind::particle_settings:
      if (settings_.size() < max_entries_)
        settings_[block.address] = {record.integer("type") == particles_hair,
                                    record.integer("phystype") != physics_none};
      break;
    case Kind::paint:
      if ((record.integer("flags").value_or(0) & paint_active) != 0 && record.integer("format") == paint_on_vertices)
        user("dynamic paint", record.pointer("pointcache"));
      break;
    case Kind::fluid:
      if ((record.integer("cache_flag").value_or(0) & fluid_baked_data) == 0) certain_.insert("fluid");
      break;
    case Kind::smoke:
      certain_.insert("fluid");  // newer Blenders ignore such a cache
      break;
    case Kind::elbeem:
      if (record.integer("type") == elbeem_domain) certain_.insert("fluid");
      break;
  }
}

void BlendPhysics::cache(std::uint64_t address, bool baked) {
  if (caches_.size() < max_entries_) caches_[address] = baked;
}

std::vector<std::string> BlendPhysics::unbaked() const {
  auto const is_unbaked = [&](std::uint64_t cache) {
    auto const found = caches_.find(cache);
    return found != caches_.end() && !found->second;
  };
  auto found = certain_;
  for (auto const& [what, cache] : users_)
    if (is_unbaked(cache)) found.insert(what);
  for (auto const& system : particles_) {
    auto const settings = settings_.find(system.settings);
    auto const known = settings == settings_.end() ? Settings{} : settings->second;
    if (!is_unbaked(system.cache)) continue;
    if (known.hair && system.hair_moves) found.insert("moving hair");
    if (!known.hair && known.moves) found.insert("particles");
  }
  std::vector<std::string> sorted(found.begin(), found.end());
  std::ranges::sort(sorted);
  return sorted;
}

}  // namespace distren

#include "scene/blend/blend_collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scene/blend/blend_memory.h"

namespace distren {
namespace {

// Constants of Blender's DNA_*_types.h; stored in every file, they never change their meaning.
constexpr int cache_baked = 1 << 0, cache_disk = 1 << 6, cache_external = 1 << 9;
constexpr int text_registered = 1 << 4;
constexpr int max_subdivisions = 6;  // more is a user's error and would make the estimate useless

struct NumberName {
  int number;
  char const* name;
};
constexpr std::array sources{NumberName{1, "file"},      NumberName{2, "sequence"}, NumberName{3, "movie"},
                             NumberName{4, "generated"}, NumberName{5, "viewer"},   NumberName{6, "tiled"}};

template <std::size_t size>
std::optional<std::string> named(std::array<NumberName, size> const& table, std::optional<std::int64_t> number) {
  auto const* found = number ? std::ranges::find(table, *number, &NumberName::number) : table.end();
  return found == table.end() ? std::nullopt : std::optional<std::string>(found->name);
}

constexpr std::int64_t max_geometry_bytes = std::int64_t{1} << 44;  // an untrusted value is capped to this

// Meshes, curves, hair, point clouds, volumes, lattices, metaballs.
bool geometry_owner(std::string_view code) {
  constexpr std::array<std::string_view, 7> codes{"ME", "CU", "CV", "HA", "PT", "LT", "MB"};
  return std::ranges::find(codes, code) != codes.end();
}

template <typename Number>
std::optional<int> to_int(std::optional<Number> number) {
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

// ID names begin with a type code of two letters: "SCScene".
std::string id_name(Record const& record) {
  auto name = record.text("id.name").value_or("");
  return name.size() > 2 ? name.substr(2) : std::string();
}

template <typename T>
std::optional<T> either(std::optional<T> first, std::optional<T> second) {
  return first ? first : second;
}

bool is_packed(Record const& record) {
  return record.pointer("packedfile").value_or(0) != 0 || record.pointer("newpackedfile").value_or(0) != 0 ||
         record.pointer("packedfiles.first").value_or(0) != 0;
}

}  // namespace

BlendCollector::BlendCollector(BlendDna const& dna, std::size_t max_entries)
    : dna_(dna),
      max_entries_(max_entries),
      scenes_(dna, max_entries),
      drivers_(dna),
      physics_(dna, max_entries),
      uses_(dna, max_entries) {
  auto on = [&](std::string_view type, Handler taker) {
    if (auto const index = dna_.struct_index(type)) handlers_[*index] = taker;
  };
  on("Object", &BlendCollector::object);
  on("Image", &BlendCollector::image);
  on("Text", &BlendCollector::text);
  on("FileGlobal", &BlendCollector::globals);
  on("bNode", &BlendCollector::node);
  on("RigidBodyWorld", &BlendCollector::rigid_body);
  on("PointCache", &BlendCollector::point_cache);
  on("PackedFile", &BlendCollector::packed_file);
  on("SubsurfModifierData", &BlendCollector::subdivision);
  on("MultiresModifierData", &BlendCollector::subdivision);
  on("NodesModifierBake", &BlendCollector::simulation_bake);
}

bool BlendCollector::wants(BlendBlock const& block) {
  if (block.code != "DATA") {
    owner_ = block.code;
    owner_address_ = block.address;
    object_data_ = packed_data_ = 0;
    scenes_.begin(block);
  } else if (geometry_owner(owner_) &&
             (geometry_bytes_.contains(owner_address_) || geometry_bytes_.size() < max_entries_)) {
    auto& bytes = geometry_bytes_[owner_address_];
    bytes += static_cast<std::int64_t>(std::min<std::uint64_t>(block.length, max_geometry_bytes));
    bytes = std::min(bytes, max_geometry_bytes);
  }
  bool const of_uses = uses_.wants(block);
  if (packed_data_ != 0 && block.address == packed_data_) return true;
  if (of_uses || physics_.wants(block.struct_index) || drivers_.wants(block.struct_index) || scenes_.wants(block))
    return true;
  return handlers_.contains(static_cast<std::size_t>(block.struct_index));
}

void BlendCollector::take(BlendBlock const& block, std::vector<unsigned char> const& payload) {
  if (packed_data_ != 0 && block.address == packed_data_) {
    if (!summary_.images.empty()) summary_.images.back().pixels = image_pixels(payload);
    packed_data_ = 0;
    return;
  }
  if (uses_.take_text(block, payload)) return;
  auto const index = static_cast<std::size_t>(block.struct_index);
  auto const taker = handlers_.find(index);
  bool const of_physics = physics_.wants(index), of_drivers = drivers_.wants(index), of_scenes = scenes_.wants(block);
  auto const size = dna_.struct_size(index);
  if (size == 0) return;
  std::span<unsigned char const> rest(payload);
  for (std::uint64_t i = 0; i < block.count && rest.size() >= size; ++i) {
    Record const record(dna_, index, rest.first(size));
    uses_.take(record, block);
    if (of_physics) physics_.take(record, block);
    if (of_drivers) drivers_.take(record);
    if (of_scenes) scenes_.take(record, block);
    if (taker != handlers_.end()) (this->*taker->second)(record, block);
    rest = rest.subspan(size);
  }
}

template <typename List, typename Entry>
void BlendCollector::add(List& list, Entry entry) {
  if (list.size() < max_entries_)
    list.push_back(std::move(entry));
  else
    summary_.lists_cut = true;
}

void BlendCollector::object(Record const& record, BlendBlock const& block) {
  if (block.code == "OB") object_data_ = record.pointer("data").value_or(0);
}

void BlendCollector::image(Record const& record, BlendBlock const& block) {
  if (block.code != "IM") return;
  BlendImage image;
  image.name = id_name(record);
  image.path = either(record.text("name"), record.text("filepath")).value_or("");
  image.source = named(sources, record.integer("source")).value_or("file");
  image.packed = is_packed(record);
  if (auto const users = to_int(record.integer("id.us")); users && *users > 0) image.users = users;
  add(summary_.images, std::move(image));
}

void BlendCollector::text(Record const& record, BlendBlock const&) {
  ++summary_.text_blocks;
  if ((record.integer("flags").value_or(0) & text_registered) != 0) ++summary_.registered_texts;
}

void BlendCollector::globals(Record const& record, BlendBlock const&) {
  scenes_.set_active(record.pointer("curscene").value_or(0));
  summary_.subversion = to_int(record.integer("subversion")).value_or(0);
  summary_.build = record.text("build_hash");
  if (auto needed = to_int(record.integer("minversion")); needed && *needed > 0) summary_.needed = needed;
}

void BlendCollector::node(Record const& record, BlendBlock const&) {
  if (auto const name = record.text("idname"); name == "ShaderNodeScript") {
    ++summary_.script_nodes;
  } else if (name == "GeometryNodeSimulationOutput") {
    simulation_nodes_ = true;
  }
}

void BlendCollector::rigid_body(Record const&, BlendBlock const&) {
  if (auto* scene = scenes_.current()) scene->rigid_body_world = true;
}

void BlendCollector::point_cache(Record const& record, BlendBlock const& block) {
  auto const flags = record.integer("flag").value_or(0);
  bool const baked = (flags & cache_baked) != 0;
  physics_.cache(block.address, baked);
  // A scene itself has only the cache of its rigid bodies.
  if (auto* scene = scenes_.current(); scene != nullptr && baked) scene->rigid_body_baked = true;
  if ((flags & cache_external) == 0 && (flags & cache_disk) != 0 && baked) summary_.disk_cache = true;
}

void BlendCollector::packed_file(Record const& record, BlendBlock const&) {
  if (owner_ != "IM" || summary_.images.empty()) return;
  summary_.images.back().packed_bytes += std::max<std::int64_t>(0, record.integer("size").value_or(0));
  packed_data_ = record.pointer("data").value_or(0);
}

void BlendCollector::subdivision(Record const& record, BlendBlock const&) {
  auto const levels = either(record.integer("renderLevels"), record.integer("renderlvl")).value_or(0);
  if (owner_ == "OB" && object_data_ != 0 && levels > 0 && subdivided_.size() < max_entries_)
    subdivided_.push_back({object_data_, static_cast<int>(std::min<std::int64_t>(levels, max_subdivisions))});
}

void BlendCollector::simulation_bake(Record const& record, BlendBlock const&) {
  if (record.pointer("packed").value_or(0) != 0) simulation_packed_ = true;
}

std::int64_t BlendCollector::geometry() const {
  std::int64_t sum = 0;
  for (auto const& [address, bytes] : geometry_bytes_) sum = std::min(sum + bytes, max_geometry_bytes);
  for (auto const& [data, levels] : subdivided_) {
    auto const found = geometry_bytes_.find(data);
    if (found == geometry_bytes_.end()) continue;
    auto const factor = std::int64_t{1} << (2 * levels);  // each level splits a face into four
    sum = std::min(sum + std::min(found->second, max_geometry_bytes / factor) * factor, max_geometry_bytes);
  }
  return sum;
}

BlendSummary BlendCollector::finish(int saved_by) {
  auto scenes = scenes_.finish(saved_by, summary_.subversion);
  summary_.scenes = std::move(scenes.scenes);
  summary_.collections = std::move(scenes.collections);
  summary_.cameras = std::move(scenes.cameras);
  summary_.active_scene = std::move(scenes.active);
  summary_.lists_cut = summary_.lists_cut || !scenes.complete;
  summary_.drivers = drivers_.all();
  summary_.scripted_drivers = drivers_.scripted();
  summary_.unbaked = physics_.unbaked();
  uses_.finish(summary_);
  if (simulation_nodes_ && !simulation_packed_ && !uses_.has_simulation_bake())
    summary_.unbaked.emplace_back("simulation nodes");
  summary_.geometry_bytes = geometry();
  return std::move(summary_);
}

}  // namespace distren

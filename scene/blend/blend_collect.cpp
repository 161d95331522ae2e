#include "scene/blend/blend_collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "scene/blend/blend_memory.h"

namespace distren {
namespace {

// Constants of Blender's DNA_*_types.h; stored in every file, they never change their meaning.
constexpr int object_camera = 11;
constexpr int mode_crop = 1 << 7, mode_border = 1 << 9, mode_motion_blur = 1 << 14;
constexpr int scemode_sequencer = 1 << 0;
constexpr int node_muted = 1 << 9;
constexpr int tree_compositor = 1;
constexpr int node_output_file = 223;  // before nodes stored the names of their types
constexpr int cache_baked = 1 << 0, cache_disk = 1 << 6, cache_external = 1 << 9;
constexpr int driver_scripted = 1;
constexpr int text_registered = 1 << 4;
constexpr int view_layer_renders = 1 << 0;
constexpr int max_subdivisions = 6;  // more is a user's error and would make the estimate useless
constexpr std::size_t max_scene_properties = 20'000;

struct NumberName {
  int number;
  char const* name;
};
constexpr std::array formats{NumberName{0, "TARGA"},        NumberName{1, "IRIS"},
                             NumberName{4, "JPEG"},         NumberName{5, "MOVIE"},
                             NumberName{7, "IRIS"},         NumberName{14, "TARGA_RAW"},
                             NumberName{15, "AVI_RAW"},     NumberName{16, "AVI_JPEG"},
                             NumberName{17, "PNG"},         NumberName{18, "AVI_CODEC"},
                             NumberName{19, "QUICKTIME"},   NumberName{20, "BMP"},
                             NumberName{21, "HDR"},         NumberName{22, "TIFF"},
                             NumberName{23, "OPEN_EXR"},    NumberName{24, "FFMPEG"},
                             NumberName{25, "FRAMESERVER"}, NumberName{26, "CINEON"},
                             NumberName{27, "DPX"},         NumberName{28, "OPEN_EXR_MULTILAYER"},
                             NumberName{29, "DDS"},         NumberName{30, "JPEG2000"},
                             NumberName{31, "H264"},        NumberName{32, "XVID"},
                             NumberName{33, "THEORA"},      NumberName{34, "PSD"},
                             NumberName{35, "WEBP"},        NumberName{36, "AVIF"}};
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

std::optional<bool> bit(std::optional<std::int64_t> flags, int mask) {
  return flags ? std::optional((*flags & mask) != 0) : std::nullopt;
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

std::optional<std::string> pixel_aspect(double x, double y) {
  constexpr double least = 0.001, most = 200;  // Blender's own limits
  if (!(x >= least && x <= most && y >= least && y <= most)) return std::nullopt;
  auto const width = std::lround(x * 1000), height = std::lround(y * 1000);
  auto const common = std::gcd(width, height);
  return width == height ? std::nullopt : std::optional(fmt::format("{}/{}", width / common, height / common));
}

bool is_packed(Record const& record) {
  return record.pointer("packedfile").value_or(0) != 0 || record.pointer("newpackedfile").value_or(0) != 0 ||
         record.pointer("packedfiles.first").value_or(0) != 0;
}

}  // namespace

BlendCollector::BlendCollector(BlendDna const& dna, std::size_t max_entries)
    : dna_(dna), max_entries_(max_entries), physics_(dna, max_entries), uses_(dna, max_entries) {
  auto on = [&](std::string_view type, Handler taker) {
    if (auto const index = dna_.struct_index(type)) handlers_[*index] = taker;
  };
  on("Scene", &BlendCollector::scene);
  on("Object", &BlendCollector::object);
  on("ID", &BlendCollector::linked);
  on("Image", &BlendCollector::image);
  on("Text", &BlendCollector::text);
  on("FileGlobal", &BlendCollector::globals);
  on("bNodeTree", &BlendCollector::node_tree);
  on("bNode", &BlendCollector::node);
  on("IDProperty", &BlendCollector::property);
  on("ChannelDriver", &BlendCollector::driver);
  on("FreestyleModuleConfig", &BlendCollector::freestyle);
  on("RigidBodyWorld", &BlendCollector::rigid_body);
  on("PointCache", &BlendCollector::point_cache);
  on("Editing", &BlendCollector::editing);
  on("ViewLayer", &BlendCollector::view_layer);
  on("SceneRenderLayer", &BlendCollector::view_layer);
  on("TimeMarker", &BlendCollector::marker);
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
    owner_is_compositor_ = block.code == "SC";
  } else if (geometry_owner(owner_) &&
             (geometry_bytes_.contains(owner_address_) || geometry_bytes_.size() < max_entries_)) {
    auto& bytes = geometry_bytes_[owner_address_];
    bytes += static_cast<std::int64_t>(std::min<std::uint64_t>(block.length, max_geometry_bytes));
    bytes = std::min(bytes, max_geometry_bytes);
  }
  bool const of_uses = uses_.wants(block);
  if (packed_data_ != 0 && block.address == packed_data_) return true;
  if (of_uses || physics_.wants(block.struct_index)) return true;
  auto const taker = handlers_.find(static_cast<std::size_t>(block.struct_index));
  if (taker == handlers_.end()) return false;
  // Index 0 also marks blocks without a struct; properties matter on scenes alone.
  if (taker->second == &BlendCollector::property) return owner_ == "SC";
  if (taker->second == &BlendCollector::linked) return block.code == "ID";
  return true;
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
  bool const of_physics = physics_.wants(index);
  auto const size = dna_.struct_size(index);
  if (size == 0) return;
  std::span<unsigned char const> rest(payload);
  for (std::uint64_t i = 0; i < block.count && rest.size() >= size; ++i) {
    Record const record(dna_, index, rest.first(size));
    uses_.take(record, block);
    if (of_physics) physics_.take(record, block);
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

void BlendCollector::scene(Record const& record, BlendBlock const& block) {
  if (block.code != "SC" || summary_.scenes.size() >= max_entries_) return;
  BlendScene scene;
  scene.name = id_name(record);
  scene.frame_start = to_int(record.integer("r.sfra"));
  scene.frame_end = to_int(record.integer("r.efra"));
  scene.frame_step = to_int(record.integer("r.frame_step"));
  scene.frame_current = to_int(record.integer("r.cfra"));
  scene.engine = record.text("r.engine");
  if (scene.engine && scene.engine->empty()) scene.engine.reset();
  scene.width = to_int(record.integer("r.xsch"));
  scene.height = to_int(record.integer("r.ysch"));
  scene.percentage = to_int(record.integer("r.size"));
  // A base other than 1 expresses rates like 29.97, 30 over 1.001.
  double const rate =
      static_cast<double>(record.integer("r.frs_sec").value_or(0)) / record.real("r.frs_sec_base").value_or(1);
  if (rate >= 0.1 && rate <= 1000) scene.milli_fps = static_cast<int>(std::lround(rate * 1000));
  scene.pixel_aspect = pixel_aspect(record.real("r.xasp").value_or(1), record.real("r.yasp").value_or(1));
  auto const mode = record.integer("r.mode");
  scene.border = bit(mode, mode_border);
  scene.crop = bit(mode, mode_crop);
  scene.motion_blur = bit(mode, mode_motion_blur);
  scene.format = named(formats, either(record.integer("r.im_format.imtype"), record.integer("r.imtype")));
  scene.output_path = record.text("r.pic");
  // Scenes have an empty sequencer by default; only strips count.
  scene.uses_sequencer = false;

  SceneLinks links;
  links.address = block.address;
  links.camera = record.pointer("camera").value_or(0);
  links.properties = record.pointer("id.properties").value_or(0);
  links.system_properties = record.pointer("id.system_properties").value_or(0);
  bool const has_tree =
      record.pointer("nodetree").value_or(0) != 0 || record.pointer("compositing_node_group").value_or(0) != 0;
  links.sequencer_on = (record.integer("r.scemode").value_or(0) & scemode_sequencer) != 0;
  links.uses_nodes = has_tree && record.integer("use_nodes").value_or(1) != 0;
  summary_.scenes.push_back(std::move(scene));
  links_.push_back(std::move(links));
}

void BlendCollector::object(Record const& record, BlendBlock const& block) {
  if (block.code != "OB") return;
  auto name = id_name(record);
  object_data_ = record.pointer("data").value_or(0);
  bool const camera = record.integer("type") == object_camera;
  // An object of another type may serve as a camera, so names are kept, those of cameras first.
  if (camera || object_names_.size() < max_entries_) object_names_[block.address] = name;
  if (camera) add(summary_.cameras, std::move(name));
}

void BlendCollector::linked(Record const& record, BlendBlock const& block) {
  auto const name = record.text("name").value_or("");
  if (name.starts_with("OB") && object_names_.size() < max_entries_) object_names_[block.address] = name.substr(2);
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
  active_scene_ = record.pointer("curscene").value_or(0);
  if (auto needed = to_int(record.integer("minversion")); needed && *needed > 0) summary_.needed = needed;
}

void BlendCollector::node_tree(Record const& record, BlendBlock const& block) {
  if (block.code == "NT") owner_is_compositor_ = record.integer("type") == tree_compositor;
}

void BlendCollector::node(Record const& record, BlendBlock const&) {
  if (auto const name = record.text("idname"); name == "ShaderNodeScript") {
    ++summary_.script_nodes;
  } else if (name == "GeometryNodeSimulationOutput") {
    simulation_nodes_ = true;
  }
  if (!owner_is_compositor_ || (record.integer("flag").value_or(0) & node_muted) != 0) return;
  auto const kind = record.text("idname");
  bool const writes =
      kind && !kind->empty() ? *kind == "CompositorNodeOutputFile" : record.integer("type") == node_output_file;
  bool const denoises = kind == "CompositorNodeDenoise";
  if (owner_ == "SC" && !summary_.scenes.empty()) {
    auto& scene = summary_.scenes.back();
    scene.file_output_nodes = scene.file_output_nodes || writes;
    scene.denoise_nodes = scene.denoise_nodes || denoises;
  } else {
    group_writes_files_ = group_writes_files_ || writes;
    group_denoises_ = group_denoises_ || denoises;
  }
}

void BlendCollector::property(Record const& record, BlendBlock const& block) {
  if (links_.empty() || links_.back().property.size() >= max_scene_properties) return;
  Property property;
  property.name = record.text("name").value_or("");
  property.value = record.integer("data.val").value_or(0);
  property.next = record.pointer("next").value_or(0);
  property.first = record.pointer("data.group.first").value_or(0);
  links_.back().property[block.address] = std::move(property);
}

void BlendCollector::driver(Record const& record, BlendBlock const&) {
  ++summary_.drivers;
  if (record.integer("type") == driver_scripted) ++summary_.scripted_drivers;
}

void BlendCollector::freestyle(Record const& record, BlendBlock const&) {
  if (record.pointer("script").value_or(0) != 0) ++summary_.freestyle_scripts;
}

void BlendCollector::rigid_body(Record const&, BlendBlock const&) {
  if (owner_ == "SC" && !summary_.scenes.empty()) summary_.scenes.back().rigid_body_world = true;
}

void BlendCollector::point_cache(Record const& record, BlendBlock const& block) {
  auto const flags = record.integer("flag").value_or(0);
  bool const baked = (flags & cache_baked) != 0;
  physics_.cache(block.address, baked);
  // A scene itself has only the cache of its rigid bodies.
  if (owner_ == "SC" && baked && !summary_.scenes.empty()) summary_.scenes.back().rigid_body_baked = true;
  if ((flags & cache_external) == 0 && (flags & cache_disk) != 0 && baked) summary_.disk_cache = true;
}

void BlendCollector::editing(Record const& record, BlendBlock const&) {
  if (owner_ == "SC" && !links_.empty() && links_.back().sequencer_on)
    summary_.scenes.back().uses_sequencer = record.pointer("seqbase.first").value_or(0) != 0;
}

void BlendCollector::view_layer(Record const& record, BlendBlock const&) {
  if (owner_ != "SC" || summary_.scenes.empty()) return;
  if (record.type() == "ViewLayer" && (record.integer("flag").value_or(1) & view_layer_renders) == 0) return;
  add(summary_.scenes.back().view_layers, record.text("name").value_or(""));
}

void BlendCollector::marker(Record const& record, BlendBlock const&) {
  if (owner_ == "SC" && !summary_.scenes.empty() && record.pointer("camera").value_or(0) != 0)
    summary_.scenes.back().camera_markers = true;
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

void BlendCollector::resolve(BlendScene& scene, SceneLinks const& links) const {
  scene.has_camera = links.camera != 0;
  if (auto const camera = object_names_.find(links.camera); camera != object_names_.end())
    scene.camera = camera->second;
  if (links.uses_nodes) {
    scene.file_output_nodes = scene.file_output_nodes || group_writes_files_;
    scene.denoise_nodes = scene.denoise_nodes || group_denoises_;
  } else {
    scene.file_output_nodes = scene.denoise_nodes = false;
  }
  // The list's links are untrusted: the number of steps is bounded by the number of properties.
  auto find = [&](std::uint64_t at, std::string_view name) -> Property const* {
    for (std::size_t steps = 0; steps <= links.property.size(); ++steps) {
      auto const found = links.property.find(at);
      if (found == links.property.end()) return nullptr;
      if (found->second.name == name) return &found->second;
      at = found->second.next;
    }
    return nullptr;
  };
  for (auto const root : {links.properties, links.system_properties}) {
    auto const top = links.property.find(root);
    if (top == links.property.end()) continue;
    auto const* cycles = find(top->second.first, "cycles");
    if (cycles == nullptr) continue;
    if (auto const* samples = find(cycles->first, "samples")) scene.samples = static_cast<int>(samples->value);
    if (auto const* denoising = find(cycles->first, "use_denoising")) scene.denoising = denoising->value != 0;
    if (auto const* osl = find(cycles->first, "shading_system")) scene.osl = osl->value != 0;
  }
}

BlendSummary BlendCollector::finish() {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    resolve(summary_.scenes[i], links_[i]);
    if (links_[i].address == active_scene_) summary_.active_scene = summary_.scenes[i].name;
  }
  std::ranges::sort(summary_.cameras);
  summary_.unbaked = physics_.unbaked();
  uses_.finish(summary_);
  if (simulation_nodes_ && !simulation_packed_ && !uses_.has_simulation_bake())
    summary_.unbaked.emplace_back("simulation nodes");
  summary_.geometry_bytes = geometry();
  return std::move(summary_);
}

}  // namespace distren

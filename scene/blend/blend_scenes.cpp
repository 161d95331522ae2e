#include "scene/blend/blend_scenes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace distren {
namespace {

// Constants of Blender's DNA_*_types.h; tests/long/blend_constants.py holds them against files of real Blenders.
constexpr int object_camera = 11;
constexpr int hidden_in_renders = 1 << 2;
constexpr int mode_border = 1 << 9, mode_crop = 1 << 11, mode_motion_blur = 1 << 14, mode_freestyle = 1 << 25;
constexpr int scemode_sequencer = 1 << 0, scemode_compositor = 1 << 6, scemode_views = 1 << 21;
constexpr int layer_renders = 1 << 0, layer_freestyle = 1 << 2;
constexpr int freestyle_script_mode = 1;
constexpr int views_in_one_file = 1;  // of the picture; else each has a file
constexpr int every_view = 1;         // of the scene: any number of views, which never share a file
constexpr int side_by_side = 3, top_bottom = 4, squeezed = 1 << 2;
constexpr int strip_muted = 1 << 5, channel_muted = 1 << 1;
constexpr int tree_compositor = 1;
constexpr int node_muted = 1 << 9;
constexpr int node_render_layers = 221, node_composite = 222, node_output_file = 223;

constexpr std::size_t max_properties = 20'000;      // of one scene
constexpr std::size_t max_scene_links = 1'000'000;  // objects in collections; a film's largest scenes have 100,000
constexpr std::size_t max_nodes = 100'000;

struct FormatName {
  int number;
  char const* name;
};
constexpr std::array formats{FormatName{0, "TARGA"},        FormatName{1, "IRIS"},
                             FormatName{4, "JPEG"},         FormatName{5, "MOVIE"},
                             FormatName{7, "IRIS"},         FormatName{14, "TARGA_RAW"},
                             FormatName{15, "AVI_RAW"},     FormatName{16, "AVI_JPEG"},
                             FormatName{17, "PNG"},         FormatName{18, "AVI_CODEC"},
                             FormatName{19, "QUICKTIME"},   FormatName{20, "BMP"},
                             FormatName{21, "HDR"},         FormatName{22, "TIFF"},
                             FormatName{23, "OPEN_EXR"},    FormatName{24, "FFMPEG"},
                             FormatName{25, "FRAMESERVER"}, FormatName{26, "CINEON"},
                             FormatName{27, "DPX"},         FormatName{28, "OPEN_EXR_MULTILAYER"},
                             FormatName{29, "DDS"},         FormatName{30, "JPEG2000"},
                             FormatName{31, "H264"},        FormatName{32, "XVID"},
                             FormatName{33, "THEORA"},      FormatName{34, "PSD"},
                             FormatName{35, "WEBP"},        FormatName{37, "AVIF"}};

std::optional<std::string> format_named(std::optional<std::int64_t> number) {
  auto const* found = number ? std::ranges::find(formats, *number, &FormatName::number) : formats.end();
  return found == formats.end() ? std::nullopt : std::optional<std::string>(found->name);
}

// Each pixel that these make depends on the same pixel of what they get, so a part of the picture is theirs, too.
bool works_by_pixels(std::string_view idname) {
  constexpr std::array<std::string_view, 59> names{
      "AlphaOver",    "BrightContrast", "ChannelMatte", "ChromaMatte",      "ColorBalance",  "ColorCorrection",
      "ColorMatte",   "ColorSpill",     "CombHSVA",     "CombRGBA",         "CombYCCA",      "CombYUVA",
      "CombineColor", "CombineXYZ",     "Composite",    "Cryptomatte",      "CryptomatteV2", "ConvertColorSpace",
      "CurveRGB",     "CurveVec",       "DiffMatte",    "DistanceMatte",    "Exposure",      "Gamma",
      "Group",        "HueCorrect",     "HueSat",       "IDMask",           "Invert",        "LumaMatte",
      "MapRange",     "MapValue",       "Math",         "MixRGB",           "Normal",        "OutputFile",
      "Posterize",    "PremulKey",      "RGB",          "RGBToBW",          "RLayers",       "SceneTime",
      "SepHSVA",      "SepRGBA",        "SepYCCA",      "SepYUVA",          "SeparateColor", "SeparateXYZ",
      "SetAlpha",     "SplitViewer",    "Switch",       "SwitchView",       "Time",          "ValToRGB",
      "Value",        "Viewer",         "Zcombine",     "ConvertToDisplay", "IndexMask"};
  constexpr std::string_view prefix = "CompositorNode";
  if (idname.starts_with(prefix)) return std::ranges::find(names, idname.substr(prefix.size())) != names.end();
  if (idname.starts_with("ShaderNode")) return !idname.starts_with("ShaderNodeTex");
  return true;  // frames, reroutes, inputs and outputs of groups, mathematics
}

template <typename Number>
std::optional<int> as_int(std::optional<Number> number) {
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::optional<bool> flag_of(std::optional<std::int64_t> flags, int mask) {
  return flags ? std::optional((*flags & mask) != 0) : std::nullopt;
}

bool has(std::optional<std::int64_t> flags, int mask) {
  return (flags.value_or(0) & mask) != 0;
}

// ID names begin with a type code of two letters: "SCScene".
std::string name_of_id(Record const& record) {
  auto name = record.text("id.name").value_or("");
  return name.size() > 2 ? name.substr(2) : std::string();
}

template <typename T>
std::optional<T> first_of(std::optional<T> first, std::optional<T> second) {
  return first ? first : second;
}

std::optional<std::string> stereo_of(Record const& record) {
  if (!has(record.integer("r.scemode"), scemode_views)) return std::nullopt;
  auto const layout = [&](char const* name) { return record.integer(std::string("r.im_format.") + name).value_or(0); };
  if (record.integer("r.views_format") == every_view || layout("views_format") != views_in_one_file) return "FILES";
  auto const mode = layout("stereo3d_format.display_mode");
  bool const smaller = (layout("stereo3d_format.flag") & squeezed) != 0;
  if (mode == side_by_side && !smaller) return "SIDE_BY_SIDE";
  if (mode == top_bottom && !smaller) return "TOP_BOTTOM";
  return "SAME_SIZE";
}

double fraction(std::optional<double> value, double otherwise) {
  return value && std::isfinite(*value) ? std::clamp(*value, 0.0, 1.0) : otherwise;
}

std::optional<std::string> pixel_aspect(double x, double y) {
  constexpr double least = 0.001, most = 200;  // Blender's own limits
  if (!(x >= least && x <= most && y >= least && y <= most)) return std::nullopt;
  auto const width = std::lround(x * 1000), height = std::lround(y * 1000);
  auto const common = std::gcd(width, height);
  return width == height ? std::nullopt : std::optional(fmt::format("{}/{}", width / common, height / common));
}

}  // namespace

BlendScenes::BlendScenes(BlendDna const& dna, std::size_t max_entries) : max_entries_(max_entries) {
  auto on = [&](std::string_view type, Kind kind) {
    if (auto const index = dna.struct_index(type)) kinds_[*index] = kind;
  };
  on("Scene", Kind::scene);
  on("Object", Kind::object);
  on("ID", Kind::id);
  on("Library", Kind::library);
  on("Collection", Kind::collection);
  on("CollectionObject", Kind::collection_object);
  on("CollectionChild", Kind::collection_child);
  on("Base", Kind::base);
  on("TimeMarker", Kind::marker);
  on("ViewLayer", Kind::view_layer);
  on("SceneRenderLayer", Kind::view_layer);
  on("FreestyleModuleConfig", Kind::module);
  on("Editing", Kind::editing);
  on("Sequence", Kind::strip);
  on("SeqTimelineChannel", Kind::channel);
  on("bNodeTree", Kind::tree);
  on("bNode", Kind::node);
  on("IDProperty", Kind::property);
}

void BlendScenes::begin(BlendBlock const& id) {
  owner_ = id.code;
  collection_ = tree_ = 0;
}

bool BlendScenes::wants(BlendBlock const& block) const {
  auto const found = kinds_.find(static_cast<std::size_t>(block.struct_index));
  if (found == kinds_.end()) return false;
  bool const of_scene = owner_ == "SC";
  switch (found->second) {
    case Kind::id:
      return block.code == "ID";  // index 0 also marks blocks without a struct
    case Kind::scene:
      return block.code == "SC";
    case Kind::object:
      return block.code == "OB";
    case Kind::library:
    case Kind::collection:
    case Kind::collection_object:
    case Kind::collection_child:
    case Kind::tree:
      return true;
    case Kind::node:
      return tree_ != 0;
    default:
      return of_scene;
  }
}

bool BlendScenes::room(std::size_t used, std::size_t limit) {
  if (used < limit) return true;
  complete_ = false;
  return false;
}

BlendScene* BlendScenes::current() {
  return owner_ == "SC" && !scenes_.empty() ? &scenes_.back().out : nullptr;
}

void BlendScenes::take(Record const& record, BlendBlock const& block) {
  auto const kind = kinds_.at(static_cast<std::size_t>(block.struct_index));
  if (kind == Kind::scene) return scene(record, block);
  if (kind == Kind::object) return object(record, block);
  if (kind == Kind::id) return placeholder(record, block);
  if (kind == Kind::collection) return collection(record, block);
  if (kind == Kind::collection_object) return member(&Members::objects, record.pointer("ob"));
  if (kind == Kind::collection_child) return member(&Members::children, record.pointer("collection"));
  if (kind == Kind::node) return node(record);
  if (kind == Kind::library) {
    // Where both exist, the older name holds the path as chosen and the other one the resolved path.
    library_ = first_of(record.text("name"), record.text("filepath")).value_or("");
    return;
  }
  if (kind == Kind::tree) {
    tree_ = record.integer("type") == tree_compositor ? block.address : 0;
    return;
  }
  if (owner_ != "SC" || scenes_.empty()) return;
  auto& scene = scenes_.back();
  if (kind == Kind::view_layer) return view_layer(record);
  if (kind == Kind::strip) return strip(record, block);
  if (kind == Kind::property) return property(record, block);
  if (kind == Kind::base && room(links_, max_scene_links)) {
    ++links_;
    scene.bases.push_back(record.pointer("object").value_or(0));
  } else if (kind == Kind::marker && record.pointer("camera").value_or(0) != 0 && room(links_, max_scene_links)) {
    ++links_;
    scene.markers.push_back(*record.pointer("camera"));
  } else if (kind == Kind::module && record.pointer("script").value_or(0) != 0 && !scene.layers.empty()) {
    ++scene.layers.back().scripts;
  } else if (kind == Kind::editing) {
    scene.first_strip = record.pointer("seqbase.first").value_or(0);
    scene.first_channel = record.pointer("channels.first").value_or(0);
  } else if (kind == Kind::channel && room(links_, max_scene_links)) {
    ++links_;
    scene.channels[block.address] = {static_cast<int>(record.integer("index").value_or(0)),
                                     has(record.integer("flag"), channel_muted), record.pointer("next").value_or(0)};
  }
}

void BlendScenes::scene(Record const& record, BlendBlock const& block) {
  if (!room(scenes_.size(), max_entries_)) return;
  Scene scene;
  auto& out = scene.out;
  out.name = name_of_id(record);
  out.frame_start = as_int(record.integer("r.sfra"));
  out.frame_end = as_int(record.integer("r.efra"));
  out.frame_step = as_int(record.integer("r.frame_step"));
  out.frame_current = as_int(record.integer("r.cfra"));
  out.engine = record.text("r.engine");
  if (out.engine && out.engine->empty()) out.engine.reset();
  out.width = as_int(record.integer("r.xsch"));
  out.height = as_int(record.integer("r.ysch"));
  out.percentage = as_int(record.integer("r.size"));
  // A base other than 1 expresses rates like 29.97, 30 over 1.001.
  double const rate =
      static_cast<double>(record.integer("r.frs_sec").value_or(0)) / record.real("r.frs_sec_base").value_or(1);
  if (rate >= 0.1 && rate <= 1000) out.milli_fps = static_cast<int>(std::lround(rate * 1000));
  out.pixel_aspect = pixel_aspect(record.real("r.xasp").value_or(1), record.real("r.yasp").value_or(1));
  auto const mode = record.integer("r.mode");
  out.border = flag_of(mode, mode_border);
  out.crop = flag_of(mode, mode_crop);
  out.left = fraction(record.real("r.border.xmin"), 0);
  out.right = fraction(record.real("r.border.xmax"), 1);
  out.bottom = fraction(record.real("r.border.ymin"), 0);
  out.top = fraction(record.real("r.border.ymax"), 1);
  out.motion_blur = flag_of(mode, mode_motion_blur);
  out.freestyle = has(mode, mode_freestyle);
  out.format = format_named(first_of(record.integer("r.im_format.imtype"), record.integer("r.imtype")));
  out.output_path = record.text("r.pic");
  out.stereo = stereo_of(record);
  out.view_transform = record.text("view_settings.view_transform");
  out.look = record.text("view_settings.look");
  out.display = record.text("display_settings.display_device");

  auto const scemode = record.integer("r.scemode");
  scene.address = block.address;
  scene.camera = record.pointer("camera").value_or(0);
  scene.collection = record.pointer("master_collection").value_or(0);
  for (auto const* each : {"id.properties", "id.system_properties"})
    scene.properties.push_back(record.pointer(each).value_or(0));
  // Since 5.0 the compositor is a node group of the file, and use_nodes is always on.
  auto const group = record.pointer("compositing_node_group");
  bool const nodes = group.value_or(0) != 0 || (!group && record.integer("use_nodes").value_or(1) != 0);
  if (nodes) scene.tree = group ? *group : record.pointer("nodetree").value_or(0);
  out.composites = scene.tree != 0 && has(scemode, scemode_compositor);
  scene.sequencer_on = has(scemode, scemode_sequencer);
  scene_at_[block.address] = scenes_.size();
  scenes_.push_back(std::move(scene));
}

void BlendScenes::object(Record const& record, BlendBlock const& block) {
  auto name = name_of_id(record);
  bool const camera = record.integer("type") == object_camera;
  if (has(first_of(record.integer("restrictflag"), record.integer("visibility_flag")), hidden_in_renders) &&
      hidden_.size() < max_entries_)
    hidden_.insert(block.address);
  // An object of another type may serve as a camera, so names are kept, those of cameras first.
  if (camera || names_.size() < max_entries_) names_[block.address] = name;
  if (!camera || !room(camera_names_.size(), max_entries_)) return;
  cameras_.insert(block.address);
  camera_names_.push_back(std::move(name));
}

void BlendScenes::placeholder(Record const& record, BlendBlock const& block) {
  auto const name = record.text("name").value_or("");
  bool const object = name.starts_with("OB");
  if (!object && !name.starts_with("GR")) return;
  if (!room(linked_.size(), max_entries_)) return;
  if (object) names_[block.address] = name.substr(2);
  linked_[block.address] = {library_, name.substr(2)};
}

void BlendScenes::collection(Record const& record, BlendBlock const& block) {
  if (!room(collections_.size(), max_scene_links)) return;
  collection_ = block.address;
  auto& members = collections_[block.address];
  members.name = name_of_id(record);
  members.local = block.code != "DATA";
}

void BlendScenes::member(std::vector<std::uint64_t> Members::*list, std::optional<std::uint64_t> address) {
  if (collection_ == 0 || address.value_or(0) == 0 || !room(links_, max_scene_links)) return;
  ++links_;
  (collections_[collection_].*list).push_back(*address);
}

void BlendScenes::view_layer(Record const& record) {
  auto& scene = scenes_.back();
  if (!room(scene.layers.size(), max_entries_)) return;
  auto const flags = record.integer("flag");
  Layer layer;
  if (record.type() == "ViewLayer") {
    layer.renders = (flags.value_or(layer_renders) & layer_renders) != 0;
    layer.freestyle = has(flags, layer_freestyle);
  }
  for (auto const* each : {"id_properties", "system_properties"})
    layer.properties.push_back(record.pointer(each).value_or(0));
  // Modules stay in the file when the mode is the parameter editor's, which runs none of them.
  layer.runs_scripts = record.integer("freestyle_config.mode") == freestyle_script_mode;
  scene.layers.push_back(std::move(layer));
  (scene.layers.back().renders ? scene.out.view_layers : scene.out.disabled_view_layers)
      .push_back(record.text("name").value_or(""));
}

void BlendScenes::strip(Record const& record, BlendBlock const& block) {
  auto& scene = scenes_.back();
  if (!room(links_, max_scene_links)) return;
  ++links_;
  scene.strips[block.address] = {.type = static_cast<int>(record.integer("type").value_or(0)),
                                 .channel = static_cast<int>(record.integer("machine").value_or(0)),
                                 .muted = has(record.integer("flag"), strip_muted),
                                 .scene = record.pointer("scene").value_or(0),
                                 .camera = record.pointer("scene_camera").value_or(0),
                                 .next = record.pointer("next").value_or(0)};
}

void BlendScenes::node(Record const& record) {
  if (tree_ == 0 || has(record.integer("flag"), node_muted) || !room(nodes_, max_nodes)) return;
  ++nodes_;
  Node node{Node::other, record.text("idname").value_or(""), record.pointer("id").value_or(0)};
  auto const type = record.integer("type");
  auto const is = [&](std::string_view idname, int number) {  // older Blenders store the number alone
    return node.idname.empty() ? type == number : node.idname == idname;
  };
  node.wide = !works_by_pixels(node.idname);
  if (is("CompositorNodeRLayers", node_render_layers)) node.kind = Node::render_layers;
  if (is("CompositorNodeComposite", node_composite) || node.idname == "NodeGroupOutput") node.kind = Node::output;
  if (is("CompositorNodeOutputFile", node_output_file)) node.kind = Node::writes;
  if (node.idname == "CompositorNodeDenoise") node.kind = Node::denoises;
  if (node.idname == "CompositorNodeGroup") node.kind = Node::group;
  trees_[tree_].push_back(std::move(node));
}

void BlendScenes::property(Record const& record, BlendBlock const& block) {
  auto& scene = scenes_.back();
  if (scene.property.size() >= max_properties) return;
  Property property;
  property.name = record.text("name").value_or("");
  property.value = record.integer("data.val").value_or(0);
  property.next = record.pointer("next").value_or(0);
  property.first = record.pointer("data.group.first").value_or(0);
  scene.property[block.address] = std::move(property);
}

}  // namespace distren

#include "scene/blend/blend_uses.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>

namespace distren {
namespace {

// Constants of Blender's DNA_*_types.h; stored in every file, they never change their meaning.
constexpr int clip_sequence = 1;
constexpr int clip_uses_proxy = 1 << 0, clip_proxy_elsewhere = 1 << 1;
constexpr int text_external = 1 << 3;  // the .blend holds its name, not its lines
constexpr int point_cache_external = 1 << 9;
constexpr int fluid_baked = 1 << 1;
constexpr int ocean_foam = 1 << 0, ocean_normals = 1 << 1, ocean_spray = 1 << 2, ocean_spray_inverse = 1 << 3;
constexpr int node_file_external = 1;  // of IES and script nodes; 0: a text of the .blend
constexpr int strip_sound_ram = 4, strip_sound_hd = 5;
constexpr int library_archive = 1 << 0;  // data of the library that was packed into this file
constexpr std::size_t max_ranges = 1000;
constexpr std::size_t longest_path = 4096;
constexpr int highest_frame = 1048574;

struct CodeName {
  std::string_view code, name;
};
constexpr std::array code_names{CodeName{"AR", "armature"},   CodeName{"CA", "camera"},    CodeName{"CF", "cache file"},
                                CodeName{"CU", "curve"},      CodeName{"CV", "hair"},      CodeName{"GR", "collection"},
                                CodeName{"IM", "image"},      CodeName{"LA", "light"},     CodeName{"LI", "library"},
                                CodeName{"LS", "line style"}, CodeName{"MA", "material"},  CodeName{"MC", "movie clip"},
                                CodeName{"ME", "mesh"},       CodeName{"MS", "mask"},      CodeName{"NT", "node group"},
                                CodeName{"OB", "object"},     CodeName{"PA", "particles"}, CodeName{"SC", "scene"},
                                CodeName{"SK", "speaker"},    CodeName{"SO", "sound"},     CodeName{"TE", "texture"},
                                CodeName{"TX", "text"},       CodeName{"VF", "font"},      CodeName{"VO", "volume"},
                                CodeName{"WO", "world"}};

// IDs whose path field names a file; the older name of the field comes first. Where both exist, the older one holds the
// path as chosen, the other the resolved path.
struct IdFile {
  std::string_view type, kind, older_field, field;
};
constexpr std::array id_files{IdFile{"Library", "library", "name", "filepath"},
                              IdFile{"bSound", "sound", "name", "filepath"},
                              IdFile{"VFont", "font", "name", "filepath"}, IdFile{"CacheFile", "cache", "", "filepath"},
                              IdFile{"Volume", "volume", "", "filepath"}};

std::string first_text(Record const& record, std::initializer_list<std::string_view> fields) {
  for (auto const field : fields)
    if (auto text = field.empty() ? std::nullopt : record.text(field); text && !text->empty()) return *std::move(text);
  return {};
}

bool packed_in(Record const& record) {
  return record.pointer("packedfile").value_or(0) != 0 || record.pointer("newpackedfile").value_or(0) != 0;
}

bool ends_in_slash(std::string const& path) {
  return path.ends_with('/') || path.ends_with('\\');
}

std::string join(std::string const& folder, std::string const& name) {
  return folder + (ends_in_slash(folder) ? "" : "/") + name;
}

std::string clip_proxies(Record const& record, std::string const& clip) {
  auto const flags = record.integer("flag").value_or(0);
  if ((flags & clip_uses_proxy) == 0) return {};
  if ((flags & clip_proxy_elsewhere) != 0) return record.text("proxy.dir").value_or("");
  auto const slash = clip.find_last_of("/\\");
  auto const begin = slash == std::string::npos ? 0 : slash + 1;
  return clip.substr(0, begin) + "BL_proxy/" + clip.substr(begin);
}

}  // namespace

BlendUses::BlendUses(BlendDna const& dna, std::size_t max_entries) : dna_(dna), max_entries_(max_entries) {
  auto on = [&](std::string_view type, Handler taker) {
    if (auto const index = dna_.struct_index(type)) handlers_[*index] = taker;
  };
  for (auto const& each : id_files) on(each.type, &BlendUses::id_file);
  on("Image", &BlendUses::image);
  on("ImageTile", &BlendUses::image_tile);
  on("ImageView", &BlendUses::image_view);
  on("ImageUser", &BlendUses::image_user);
  on("NodeTexImage", &BlendUses::image_user);
  on("NodeTexEnvironment", &BlendUses::image_user);
  on("MovieClip", &BlendUses::movie_clip);
  on("Text", &BlendUses::text);
  on("Camera", &BlendUses::camera);
  on("CacheFileLayer", &BlendUses::cache_layer);
  on("MeshCacheModifierData", &BlendUses::mesh_cache);
  on("MeshSeqCacheModifierData", &BlendUses::cached_alembic);
  on("CustomDataExternal", &BlendUses::multires);
  on("OceanModifierData", &BlendUses::ocean);
  on("FluidDomainSettings", &BlendUses::fluid);
  on("PointCache", &BlendUses::point_cache);
  on("NodesModifierData", &BlendUses::nodes_modifier);
  on("NodesModifierBake", &BlendUses::nodes_bake);
  on("bNode", &BlendUses::node);
  on("NodeShaderTexIES", &BlendUses::ies);
  on("NodeShaderScript", &BlendUses::script);
  on("bNodeSocketValueString", &BlendUses::socket_text);
  on("StripElem", &BlendUses::strip_element);
  on("StripData", &BlendUses::strip_folder);
  // What was Sequence and Strip is about to become Strip and StripData.
  on("Strip", dna_.struct_index("StripData") ? &BlendUses::strip : &BlendUses::strip_folder);
  on("Sequence", &BlendUses::strip);
}

bool BlendUses::wants(BlendBlock const& block) {
  auto const index = static_cast<std::size_t>(block.struct_index);
  if (block.code == "DATA") return handlers_.contains(index) || texts_.contains(block.address);
  owner_ = block.code;
  user_.clear();
  return dna_.field(index, "id") != nullptr;
}

bool BlendUses::take_text(BlendBlock const& block, std::vector<unsigned char> const& payload) {
  auto const found = block.code == "DATA" ? texts_.find(block.address) : texts_.end();
  if (found == texts_.end()) return false;
  auto const pending = std::move(found->second);
  texts_.erase(found);
  auto const* begin = reinterpret_cast<char const*>(payload.data());
  std::string path(begin, strnlen(begin, std::min(payload.size(), longest_path)));
  if (pending.kind == "simulation bake" && !path.empty()) simulation_bake_ = true;
  add({.kind = pending.kind,
       .path = std::move(path),
       .extent = pending.extent,
       .user = pending.user,
       .optional = pending.optional},
      pending.id, pending.only_when_used);
  return true;
}

void BlendUses::take(Record const& record, BlendBlock const& block) {
  if (block.code != "DATA") {
    auto const name = record.text("id.name").value_or("");
    auto const* known = std::ranges::find(code_names, owner_, &CodeName::code);
    if (name.size() > 2)
      user_ = fmt::format("{} '{}'", known == code_names.end() ? "data" : known->name, name.substr(2));
  }
  auto const taker = handlers_.find(static_cast<std::size_t>(block.struct_index));
  if (taker != handlers_.end()) (this->*taker->second)(record, block);
}

void BlendUses::add(BlendFileUse file, std::uint64_t id, bool only_when_used) {
  if (file.path.empty()) return;
  if (uses_.size() >= max_entries_) {
    cut_ = true;
    return;
  }
  if (file.user.empty()) file.user = user_;
  uses_.push_back({std::move(file), id, only_when_used});
}

void BlendUses::expect_text(std::uint64_t address, PendingText pending) {
  if (address != 0 && texts_.size() < max_entries_) texts_[address] = std::move(pending);
}

void BlendUses::id_file(Record const& record, BlendBlock const& block) {
  auto const* known = std::ranges::find(id_files, record.type(), &IdFile::type);
  if (known == id_files.end()) return;
  auto path = first_text(record, {known->older_field, known->field});
  bool const archive = record.type() == "Library" && (record.integer("flag").value_or(0) & library_archive) != 0;
  bool const series = record.integer("is_sequence").value_or(0) != 0;
  if (path != "<builtin>")
    add({.kind = std::string(known->kind),
         .path = std::move(path),
         .packed = archive || packed_in(record),
         .extent = series ? Extent::series : Extent::file},
        block.address);
}

void BlendUses::image(Record const&, BlendBlock const& block) {
  if (images_.size() < max_entries_) images_.push_back({block.address, user_, {}});
}

void BlendUses::image_tile(Record const& record, BlendBlock const&) {
  if (owner_ != "IM" || images_.empty() || images_.back().tiles.size() >= max_ranges) return;
  auto const number = static_cast<int>(record.integer("tile_number").value_or(0));
  if (number >= 1001 && number <= 9999) images_.back().tiles.push_back({number, number});
}

// The images of several views are named apart from their image, which names the first.
void BlendUses::image_view(Record const& record, BlendBlock const&) {
  if (owner_ == "IM") add({.kind = "image", .path = record.text("filepath").value_or(""), .optional = true});
}

// Numbers of a sequence: the frames of the scene begin at its first image, moved by the offset.
void BlendUses::image_user(Record const& record, BlendBlock const& block) {
  auto const image = storage_.find(block.address);
  if (image == storage_.end()) return;
  bool const alone = record.type() == "ImageUser";
  auto const offset = record.integer(alone ? "offset" : "iuser.offset").value_or(0);
  auto const frames = record.integer(alone ? "frames" : "iuser.frames").value_or(0);
  auto const first = std::clamp<std::int64_t>(offset + 1, 0, highest_frame);
  auto const last = std::clamp<std::int64_t>(offset + frames, 0, highest_frame);
  auto& ranges = frames_[image->second];
  if (frames > 0 && last >= first && ranges.size() < max_ranges)
    ranges.push_back({static_cast<int>(first), static_cast<int>(last)});
}

void BlendUses::movie_clip(Record const& record, BlendBlock const& block) {
  auto path = first_text(record, {"name", "filepath"});
  auto proxies = clip_proxies(record, path);
  add({.kind = "movie clip",
       .path = std::move(path),
       .extent = record.integer("source") == clip_sequence ? Extent::series : Extent::file},
      block.address);
  add({.kind = "proxy", .path = std::move(proxies), .extent = Extent::folder, .optional = true});
}

void BlendUses::text(Record const& record, BlendBlock const& block) {
  bool const in_file = (record.integer("flags").value_or(0) & text_external) == 0;
  auto const address = record.pointer("filepath").value_or(record.pointer("name").value_or(0));
  expect_text(address,
              {.kind = "text", .user = user_, .id = block.address, .only_when_used = true, .optional = in_file});
}

void BlendUses::camera(Record const& record, BlendBlock const&) {
  add({.kind = "script", .path = record.text("custom_filepath").value_or(""), .optional = true});
}

void BlendUses::cache_layer(Record const& record, BlendBlock const&) {
  add({.kind = "cache", .path = record.text("filepath").value_or("")});
}

void BlendUses::mesh_cache(Record const& record, BlendBlock const&) {
  add({.kind = "cache", .path = record.text("filepath").value_or("")});
}

void BlendUses::cached_alembic(Record const& record, BlendBlock const&) {
  if (referrers_.size() < max_entries_) referrers_.emplace(record.pointer("cache_file").value_or(0), user_);
}

void BlendUses::multires(Record const& record, BlendBlock const&) {
  add({.kind = "multires data", .path = record.text("filename").value_or("")});
}

// Its folder is often that of the .blend, so its files are named one kind at a time.
void BlendUses::ocean(Record const& record, BlendBlock const&) {
  auto const folder = record.text("cachepath").value_or("");
  if (record.integer("cached").value_or(0) == 0 || folder.empty()) return;
  auto const flags = record.integer("flag").value_or(0);
  auto const baked = [&](char const* what, bool made, bool optional) {
    if (made)
      add({.kind = "ocean bake",
           .path = join(folder, std::string(what) + "_0001.exr"),
           .extent = Extent::series,
           .optional = optional});
  };
  baked("disp", true, false);
  baked("foam", (flags & ocean_foam) != 0, false);
  baked("normal", (flags & ocean_normals) != 0, true);
  baked("spray", (flags & ocean_spray) != 0, true);
  baked("spray_inverse", (flags & ocean_spray_inverse) != 0, true);
}

// A baked fluid is always stored in a folder, never in the file. One that is played back may be there without a bake.
void BlendUses::fluid(Record const& record, BlendBlock const&) {
  bool const baked = (record.integer("cache_flag").value_or(0) & fluid_baked) != 0;
  auto const folder = record.text("cache_directory").value_or("");
  auto const cache = [&](std::string path, bool optional) {
    add({.kind = "fluid cache", .path = std::move(path), .extent = Extent::folder, .optional = optional});
  };
  if (folder.find_first_not_of("/\\.") != std::string::npos) return cache(folder, !baked);
  if (folder.empty()) return;
  cache(join(folder, "data"), !baked);  // beside the .blend itself: the folders that the solver makes
  for (auto const* part : {"config", "noise", "mesh", "particles", "guiding"}) cache(join(folder, part), true);
}

void BlendUses::point_cache(Record const& record, BlendBlock const&) {
  auto const folder = record.text("path").value_or("");
  if ((record.integer("flag").value_or(0) & point_cache_external) == 0 || folder.empty()) return;
  auto const name = record.text("name").value_or("");
  if (name.empty())
    add({.kind = "point cache", .path = folder, .extent = Extent::folder});
  else
    add({.kind = "point cache", .path = join(folder, name + "_*"), .extent = Extent::pattern});
}

void BlendUses::nodes_modifier(Record const& record, BlendBlock const&) {
  auto const address =
      record.pointer("bake_directory").value_or(record.pointer("simulation_bake_directory").value_or(0));
  expect_text(address, {.kind = "simulation bake", .user = user_, .extent = Extent::folder});
}

void BlendUses::nodes_bake(Record const& record, BlendBlock const&) {
  if (record.pointer("packed").value_or(0) != 0) return;
  expect_text(record.pointer("directory").value_or(0),
              {.kind = "simulation bake", .user = user_, .extent = Extent::folder});
}

void BlendUses::node(Record const& record, BlendBlock const&) {
  node_type_ = record.text("idname").value_or("");
  auto const id = record.pointer("id").value_or(0);
  auto const storage = record.pointer("storage").value_or(0);
  if (id == 0) return;
  if (referrers_.size() < max_entries_) referrers_.emplace(id, user_);
  if (storage != 0 && storage_.size() < max_entries_) storage_[storage] = id;
}

void BlendUses::ies(Record const& record, BlendBlock const&) {
  if (record.integer("mode") == node_file_external)
    add({.kind = "IES light", .path = record.text("filepath").value_or("")});
}

// Scripts of Open Shading Language are sent, though nothing of them runs unless the slave's volunteer trusts the owner.
void BlendUses::script(Record const& record, BlendBlock const&) {
  if (record.integer("mode") == node_file_external)
    add({.kind = "script", .path = record.text("filepath").value_or("")});
}

void BlendUses::socket_text(Record const& record, BlendBlock const&) {
  if (node_type_.starts_with("GeometryNodeImport"))
    add({.kind = "imported file", .path = record.text("value").value_or("")});
}

void BlendUses::strip(Record const& record, BlendBlock const&) {
  auto const type = record.integer("type").value_or(0);
  strip_is_sound_ = type == strip_sound_ram || type == strip_sound_hd;
  strip_folder_.clear();
}

void BlendUses::strip_folder(Record const& record, BlendBlock const&) {
  strip_folder_ = first_text(record, {"dirpath", "dir"});
}

void BlendUses::strip_element(Record const& record, BlendBlock const&) {
  auto const name = first_text(record, {"filename", "name"});
  if (strip_folder_.empty() || name.empty()) return;
  add({.kind = strip_is_sound_ ? "sound" : "sequence strip", .path = join(strip_folder_, name)});
}

void BlendUses::finish(BlendSummary& summary) {
  auto const user_of = [this](std::uint64_t id, std::string const& own) {
    auto const found = id == 0 ? referrers_.end() : referrers_.find(id);
    return found == referrers_.end() ? own : found->second;
  };
  for (std::size_t i = 0; i < std::min(images_.size(), summary.images.size()); ++i) {
    auto& image = summary.images[i];
    image.user = user_of(images_[i].address, images_[i].user);
    if (image.source == "tiled") image.numbers = std::move(images_[i].tiles);
    if (auto const found = frames_.find(images_[i].address); image.source == "sequence" && found != frames_.end())
      image.numbers = std::move(found->second);
  }
  for (auto& use : uses_) {
    if (use.only_when_used && !referrers_.contains(use.id)) use.file.optional = true;
    use.file.user = user_of(use.id, use.file.user);
    summary.files.push_back(std::move(use.file));
  }
  summary.lists_cut = summary.lists_cut || cut_;
}

}  // namespace distren

#include "scene/scene_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

namespace distren {
namespace {

using nlohmann::json;

constexpr std::array extents{"file", "series", "folder", "pattern"};  // in the order of Extent

// The members of each struct are listed here once, for both directions. Self is const for writing.
template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, BlendScene> {
  visit("name", self.name);
  visit("view_layers", self.view_layers);
  visit("disabled_view_layers", self.disabled_view_layers);
  visit("camera", self.camera);
  visit("has_camera", self.has_camera);
  visit("cameras", self.cameras);
  visit("linked", self.linked);
  visit("frame_start", self.frame_start);
  visit("frame_end", self.frame_end);
  visit("frame_step", self.frame_step);
  visit("frame_current", self.frame_current);
  visit("engine", self.engine);
  visit("width", self.width);
  visit("height", self.height);
  visit("percentage", self.percentage);
  visit("milli_fps", self.milli_fps);
  visit("pixel_aspect", self.pixel_aspect);
  visit("border", self.border);
  visit("crop", self.crop);
  visit("left", self.left);
  visit("right", self.right);
  visit("bottom", self.bottom);
  visit("top", self.top);
  visit("motion_blur", self.motion_blur);
  visit("format", self.format);
  visit("output_path", self.output_path);
  visit("samples", self.samples);
  visit("denoising", self.denoising);
  visit("camera_markers", self.camera_markers);
  visit("osl", self.osl);
  visit("uses_sequencer", self.uses_sequencer);
  visit("strip_scenes", self.strip_scenes);
  visit("composites", self.composites);
  visit("composites_without_output", self.composites_without_output);
  visit("composited_scenes", self.composited_scenes);
  visit("wide_nodes", self.wide_nodes);
  visit("file_output_nodes", self.file_output_nodes);
  visit("denoise_nodes", self.denoise_nodes);
  visit("stereo", self.stereo);
  visit("freestyle", self.freestyle);
  visit("freestyle_scripts", self.freestyle_scripts);
  visit("view_transform", self.view_transform);
  visit("look", self.look);
  visit("display", self.display);
  visit("rigid_body_world", self.rigid_body_world);
  visit("rigid_body_baked", self.rigid_body_baked);
}

template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, BlendLink> {
  visit("library", self.library);
  visit("name", self.name);
  visit("collection", self.collection);
}

template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, BlendCollection> {
  visit("name", self.name);
  visit("cameras", self.cameras);
  visit("linked", self.linked);
}

template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, BlendImage> {
  visit("name", self.name);
  visit("path", self.path);
  visit("source", self.source);
  visit("packed", self.packed);
  visit("users", self.users);
  visit("packed_bytes", self.packed_bytes);
  visit("pixels", self.pixels);
  visit("user", self.user);
  visit("numbers", self.numbers);
}

template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, NumberRange> {
  visit("first", self.first);
  visit("last", self.last);
}

template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, BlendFileUse> {
  visit("kind", self.kind);
  visit("path", self.path);
  visit("packed", self.packed);
  visit("extent", self.extent);
  visit("user", self.user);
  visit("optional", self.optional);
}

template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, BlendSummary> {
  visit("version", self.version);
  visit("version_text", self.version_text);
  visit("subversion", self.subversion);
  visit("build", self.build);
  visit("needed", self.needed);
  visit("active_scene", self.active_scene);
  visit("scenes", self.scenes);
  visit("collections", self.collections);
  visit("cameras", self.cameras);
  visit("images", self.images);
  visit("files", self.files);
  visit("text_blocks", self.text_blocks);
  visit("registered_texts", self.registered_texts);
  visit("drivers", self.drivers);
  visit("scripted_drivers", self.scripted_drivers);
  visit("script_nodes", self.script_nodes);
  visit("unbaked", self.unbaked);
  visit("geometry_bytes", self.geometry_bytes);
  visit("disk_cache", self.disk_cache);
  visit("lists_cut", self.lists_cut);
}

template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, PovrayReference> {
  visit("path", self.path);
  visit("kind", self.kind);
  visit("certain", self.certain);
  visit("computed", self.computed);
}

template <typename Self, typename Visit>
void members_of(Self& self, Visit&& visit) requires std::is_same_v<std::remove_const_t<Self>, PovraySummary> {
  visit("version", self.version);
  visit("needs", self.references);
  visit("uses_clock", self.uses_clock);
  visit("writes_files", self.writes_files);
  visit("unclosed", self.unclosed);
  visit("cut", self.cut);
}

struct Writer {
  static json value(bool flag) { return flag; }
  static json value(Extent extent) { return extents.at(static_cast<std::size_t>(extent)); }
  static json value(int number) { return number; }
  static json value(std::int64_t number) { return number; }
  static json value(double number) { return number; }
  static json value(std::string const& text) { return text; }
  template <typename T>
  static json value(std::vector<T> const& list) {
    auto out = json::array();
    for (auto const& each : list) out.push_back(value(each));
    return out;
  }
  template <typename T>
  static json value(T const& object) requires requires {
    members_of(object, [](char const*, auto const&) {});
  }
  {
    auto out = json::object();
    members_of(object, Overloaded{out});
    return out;
  }
  struct Overloaded {
    json& out;
    template <typename T>
    void operator()(char const* name, std::optional<T> const& member) const {
      if (member) out[name] = value(*member);
    }
    template <typename T>
    void operator()(char const* name, T const& member) const {
      out[name] = value(member);
    }
  };
};

class Reader {
public:
  template <typename T>
  void object(json const& from, T& to) {
    if (!from.is_object()) return wrong();
    members_of(to, [&](char const* name, auto& member) {
      if (!good()) return;
      member_ = name;
      if (auto const found = from.find(name); found != from.end()) read(*found, member);
    });
  }
  [[nodiscard]] bool good() const { return problem_.empty(); }
  [[nodiscard]] std::string const& problem() const { return problem_; }

private:
  void wrong() { problem_ = member_.empty() ? "it is no object" : fmt::format("'{}' is of another kind", member_); }
  void read(json const& from, bool& to) { from.is_boolean() ? static_cast<void>(to = from.get<bool>()) : wrong(); }
  void read(json const& from, std::string& to) {
    from.is_string() ? static_cast<void>(to = from.get<std::string>()) : wrong();
  }
  void read(json const& from, Extent& to) {
    auto const* const found = std::ranges::find(extents, from.is_string() ? from.get<std::string>() : "");
    found == extents.end() ? wrong() : static_cast<void>(to = static_cast<Extent>(found - extents.begin()));
  }
  void read(json const& from, double& to) { from.is_number() ? static_cast<void>(to = from.get<double>()) : wrong(); }
  void read(json const& from, std::int64_t& to) {
    from.is_number_integer() ? static_cast<void>(to = from.get<std::int64_t>()) : wrong();
  }
  void read(json const& from, int& to) {
    std::int64_t wide = 0;
    read(from, wide);
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) return wrong();
    to = static_cast<int>(wide);
  }
  template <typename T>
  void read(json const& from, std::optional<T>& to) {
    read(from, to.emplace());
  }
  template <typename T>
  void read(json const& from, std::vector<T>& to) {
    if (!from.is_array()) return wrong();
    for (auto const& each : from) {
      if (!good()) return;
      read(each, to.emplace_back());
    }
  }
  template <typename T>
  void read(json const& from, T& to) requires requires {
    members_of(to, [](char const*, auto&) {});
  }
  { object(from, to); }

  std::string member_;
  std::string problem_;
};

template <typename Summary>
Result<Summary> read_back(json const& from) {
  Summary summary;
  Reader reader;
  reader.object(from, summary);
  if (!reader.good()) return fail(Errc::invalid, "the description of the scene makes no sense: " + reader.problem());
  return summary;
}

}  // namespace

json to_json(BlendSummary const& summary) {
  return Writer::value(summary);
}

Result<BlendSummary> blend_from_json(json const& json) {
  return read_back<BlendSummary>(json);
}

json to_json(PovraySummary const& summary) {
  return Writer::value(summary);
}

Result<PovraySummary> povray_from_json(json const& json) {
  return read_back<PovraySummary>(json);
}

}  // namespace distren

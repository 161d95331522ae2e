#include "client/scene_report.h"

#include <fmt/format.h>

#include "client/table.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

constexpr std::size_t max_names = 12;

std::string joined(Json const& names) {
  std::string out;
  std::size_t count = 0;
  for (auto const& name : names) {
    if (!name.is_string()) continue;
    if (++count <= max_names) out += (count == 1 ? "" : ", ") + printable(name.get<std::string>(), 80);
  }
  return count > max_names ? fmt::format("{} and {} more", out, count - max_names) : out;
}

std::string frames_of(Json const& scene) {
  if (!scene.contains("frame_start") || scene["frame_start"].is_null()) return {};
  auto const step = number_of(scene, "frame_step");
  return fmt::format("frames {}-{}{}", number_of(scene, "frame_start"), number_of(scene, "frame_end"),
                     step > 1 ? fmt::format("x{}", step) : "");
}

std::string size_of(Json const& scene) {
  if (number_of(scene, "width") < 1) return {};
  auto const percentage = number_of(scene, "percentage");
  return fmt::format("{}x{}{}", number_of(scene, "width"), number_of(scene, "height"),
                     percentage == 100 || percentage == 0 ? "" : fmt::format(" at {} %", percentage));
}

std::string rate_of(Json const& scene) {
  auto const fps = fraction_of(scene, "fps");
  return fps > 0 ? fmt::format("{:g} frames per second", fps) : "";
}

std::string in_words(Json const& scene) {
  std::vector<std::string> parts{frames_of(scene), size_of(scene), rate_of(scene), text_of(scene, "engine"),
                                 text_of(scene, "format")};
  if (auto const samples = number_of(scene, "samples"); samples > 0)
    parts.push_back(fmt::format("{} {}", samples, samples == 1 ? "sample" : "samples"));
  if (flag_of(scene, "denoising")) parts.emplace_back("denoised");
  auto const camera = text_of(scene, "camera");
  parts.push_back(camera.empty() ? "no camera" : "camera " + camera);
  if (auto const& layers = list_of(scene, "view_layers"); layers.size() > 1)
    parts.push_back("view layers " + joined(layers));
  std::string out;
  for (auto const& part : parts)
    if (!part.empty()) out += (out.empty() ? "" : ", ") + printable(part, 400);
  return out;
}

}  // namespace

std::string scene_report(Json const& answer, std::string const& file) {
  std::string out;
  auto const line = [&out](std::string const& title, std::string const& value) {
    if (!value.empty()) out += fmt::format("{:<10} {}\n", title, value);
  };
  auto const& scene = object_of(answer, "scene");
  auto const& renderer = object_of(answer, "renderer");
  auto const version = text_of(renderer, "min_version");
  line("file", printable(file, 300));
  line("saved by", scene.empty() ? "" : "Blender " + text_of(scene, "blender_version"));
  line("requires", version.empty() ? "" : (scene.empty() ? "" : "Blender ") + version + " or later");
  if (list_of(answer, "problems").empty()) line("renderer", job_renderer(renderer));
  for (auto const& each : list_of(scene, "scenes")) {
    auto const name = text_of(each, "name");
    line(name == text_of(scene, "active_scene") ? "scene *" : "scene", fmt::format("{}: {}", name, in_words(each)));
  }
  line("cameras", joined(list_of(scene, "cameras")));
  auto const& output = object_of(answer, "output");
  auto const format = text_of(output, "format");
  auto const width = number_of(output, "width");
  auto const frames = number_of(answer, "frame_count");
  line("output", fmt::format("{} {}{}{}", frames, frames == 1 ? "frame" : "frames",
                             width > 0 ? fmt::format(" of {}x{}", width, number_of(output, "height")) : "",
                             format.empty() ? "" : ", " + format));
  if (auto const memory = number_of(answer, "memory_mib"); memory > 0)
    line("memory", fmt::format("about {} per frame, estimated", human_size(memory << 20)));
  Table table({{"EXTERNAL FILE"}, {"KIND"}, {"STATE"}});
  for (auto const& need : list_of(answer, "external_files"))
    table.add({text_of(need, "path"), text_of(need, "kind"), text_of(need, "state")});
  if (!table.empty()) out += "\n" + table.text();
  return out;
}

}  // namespace distren::client

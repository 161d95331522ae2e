#include <algorithm>
#include <cctype>
#include <map>

#include "scene/blend/blend_file.h"
#include "scene/blend/file_series.h"

namespace distren {
namespace {

bool is_drive(std::string_view path) {
  return path.size() >= 2 && std::isalpha(static_cast<unsigned char>(path[0])) != 0 && path[1] == ':';
}

std::string tidy(std::string_view relative) {
  auto normal = std::filesystem::path(relative).lexically_normal().generic_string();
  while (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal == "." ? std::string() : normal;
}

// "//" means: relative to the folder of the .blend. Windows writes backslashes, and \\SERVER\... for a share.
ExternalFile external(BlendFileUse const& use) {
  ExternalFile file{.path = {}, .stored = use.path, .kind = use.kind, .extent = use.extent, .user = use.user};
  file.optional = use.optional;
  bool const from_blend = use.path.starts_with("//");
  bool const share = use.path.starts_with("\\\\");
  std::string path = use.path;
  std::ranges::replace(path, '\\', '/');
  if (from_blend) path.erase(0, path.find_first_not_of('/'));
  file.absolute = share || is_drive(path) || (!from_blend && path.starts_with('/'));
  file.path = file.absolute ? path : tidy(path);
  bool const tiles = path.find("<UDIM>") != std::string::npos || path.find("<UVTILE>") != std::string::npos;
  if (tiles && file.extent == Extent::file) file.extent = Extent::series;
  return file;
}

bool wanted(BlendImage const& image) {
  bool const on_disk =
      image.source == "file" || image.source == "sequence" || image.source == "movie" || image.source == "tiled";
  return on_disk && !image.packed && !image.path.empty();
}

ExternalFile external(BlendImage const& image) {
  bool const series = image.source == "sequence" || image.source == "tiled";
  auto file = external(BlendFileUse{
      .kind = "image", .path = image.path, .extent = series ? Extent::series : Extent::file, .user = image.user});
  file.numbers = image.numbers;
  return file;
}

}  // namespace

std::vector<ExternalFile> external_files(BlendSummary const& summary) {
  std::map<std::string, ExternalFile> found;
  auto add = [&](ExternalFile file) {
    if (file.path.empty()) return;
    auto const [place, is_new] = found.try_emplace(file.path, file);
    if (is_new) return;
    auto& known = place->second;
    known.optional = known.optional && file.optional;
    if (known.extent == Extent::file) known.extent = file.extent;
    known.numbers.insert(known.numbers.end(), file.numbers.begin(), file.numbers.end());
  };
  for (auto const& image : summary.images)
    if (wanted(image)) add(external(image));
  for (auto const& use : summary.files)
    if (!use.packed && !use.path.empty()) add(external(use));
  std::vector<ExternalFile> result;
  result.reserve(found.size());
  for (auto& [path, file] : found) result.push_back(std::move(file));
  return result;
}

}  // namespace distren

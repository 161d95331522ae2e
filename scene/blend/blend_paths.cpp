#include <algorithm>
#include <cctype>
#include <map>

#include "scene/blend/blend_file.h"

namespace distren {
namespace {

bool is_drive(std::string_view path) {
  return path.size() >= 2 && std::isalpha(static_cast<unsigned char>(path[0])) != 0 && path[1] == ':';
}

std::string tidy(std::string_view relative) {
  auto const normal = std::filesystem::path(relative).lexically_normal().generic_string();
  return normal == "." ? std::string() : normal;
}

// "//" means: relative to the folder of the .blend. Windows writes backslashes, and \\SERVER\... for a share.
ExternalFile external(std::string const& stored, std::string kind, bool many) {
  ExternalFile file{"", stored, std::move(kind), false, many};
  bool const from_blend = stored.starts_with("//");
  bool const share = stored.starts_with("\\\\");
  std::string path = stored;
  std::ranges::replace(path, '\\', '/');
  if (from_blend) path.erase(0, path.find_first_not_of('/'));
  file.absolute = share || is_drive(path) || (!from_blend && path.starts_with('/'));
  file.path = file.absolute ? path : tidy(path);
  file.many = many || path.find("<UDIM>") != std::string::npos || path.find("<UVTILE>") != std::string::npos;
  return file;
}

// A series exists when its folder has any file with the same prefix and suffix.
bool series_exists(std::filesystem::path const& pattern) {
  std::error_code code;
  std::string stem = pattern.stem().string();
  auto const mark = stem.find('<');
  if (mark != std::string::npos) stem.resize(mark);
  while (!stem.empty() && std::isdigit(static_cast<unsigned char>(stem.back())) != 0) stem.pop_back();
  auto const suffix = pattern.extension();
  std::filesystem::directory_iterator entries(pattern.parent_path(), code);
  for (; !code && entries != std::filesystem::directory_iterator(); entries.increment(code)) {
    auto const& path = entries->path();
    if (path.extension() == suffix && path.stem().string().starts_with(stem)) return true;
  }
  return false;
}

bool wanted(BlendImage const& image) {
  bool const on_disk =
      image.source == "file" || image.source == "sequence" || image.source == "movie" || image.source == "tiled";
  return on_disk && !image.packed && !image.path.empty();
}

}  // namespace

std::vector<ExternalFile> external_files(BlendSummary const& summary) {
  std::map<std::string, ExternalFile> found;
  auto add = [&](ExternalFile file) {
    if (!file.path.empty()) found.try_emplace(file.path, std::move(file));
  };
  for (auto const& image : summary.images)
    if (wanted(image)) add(external(image.path, "image", image.source == "sequence" || image.source == "tiled"));
  for (auto const& use : summary.files)
    if (!use.packed && !use.path.empty() && use.path != "<builtin>") add(external(use.path, use.kind, use.many));
  std::vector<ExternalFile> result;
  result.reserve(found.size());
  for (auto& [path, file] : found) result.push_back(std::move(file));
  return result;
}

std::vector<ExternalFile> missing_files(BlendSummary const& summary, std::filesystem::path const& blend) {
  std::vector<ExternalFile> result;
  for (auto& file : external_files(summary)) {
    auto const path = file.absolute ? std::filesystem::path(file.path) : blend.parent_path() / file.path;
    std::error_code code;
    if (!std::filesystem::exists(path, code) && !(file.many && series_exists(path))) result.push_back(std::move(file));
  }
  return result;
}

}  // namespace distren

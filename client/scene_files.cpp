#include "client/scene_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "common/base/files.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_files = 100000;
constexpr int deepest_library = 16;

bool is_utf8(std::string const& text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  } catch (nlohmann::json::type_error const&) {
    return false;
  }
}

// "wood_001" and similar: the part before the frame number, and whether there is one.
std::string series_stem(std::string stem, bool& has_number) {
  auto const end = stem.size();
  while (!stem.empty() && std::isdigit(static_cast<unsigned char>(stem.back())) != 0) stem.pop_back();
  has_number = stem.size() < end;
  return stem;
}

bool counts(std::string_view text, bool tiles) {
  return !text.empty() && std::ranges::all_of(text, [tiles](unsigned char c) {
    return std::isdigit(c) != 0 || (tiles && (c == 'u' || c == 'v' || c == '_'));
  });
}

// The files that a path with <UDIM> or <UVTILE>, or the first image of a sequence, stands for.
std::vector<fs::path> files_of_series(fs::path const& pattern) {
  std::vector<fs::path> out;
  auto const name = pattern.filename().string();
  std::string before;
  std::string after;
  auto const mark = name.find('<');
  bool const tiles = mark != std::string::npos && name.find('>', mark) != std::string::npos;
  bool numbered = true;
  if (tiles) {
    before = name.substr(0, mark);
    after = name.substr(name.find('>', mark) + 1);
  } else {
    before = series_stem(pattern.stem().string(), numbered);
    after = pattern.extension().string();
  }
  std::error_code code;
  if (!numbered) return fs::is_regular_file(pattern, code) ? std::vector{pattern} : out;
  fs::directory_iterator entries(pattern.parent_path(), code);
  for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
    auto const entry = entries->path().filename().string();
    if (entry.size() > before.size() + after.size() && entry.starts_with(before) && entry.ends_with(after) &&
        counts(std::string_view(entry).substr(before.size(), entry.size() - before.size() - after.size()), tiles))
      out.push_back(entries->path());
  }
  return out;
}

// The folder that contains both.
fs::path common_folder(fs::path const& a, fs::path const& b) {
  fs::path out;
  auto right = b.begin();
  for (auto left = a.begin(); left != a.end() && right != b.end() && *left == *right; ++left, ++right) out /= *left;
  return out;
}

class Collector {
public:
  explicit Collector(fs::path root) : root_(std::move(root)) {}

  Result<void> add(fs::path const& file);
  Result<void> add_folder(fs::path const& folder, std::vector<fs::path>& above);
  Result<void> add_references(fs::path const& blend, BlendSummary const& summary, bool whole_folder, int depth);
  Result<SceneFiles> finish(fs::path const& blend);

private:
  Result<void> add_reference(ExternalFile const& reference, fs::path const& blend, bool whole_folder, int depth);
  Result<void> follow_library(fs::path const& library, bool whole_folder, int depth);
  [[nodiscard]] bool inside(fs::path const& file) const;
  void warn(std::string sentence) {
    if (std::ranges::find(warnings_, sentence) == warnings_.end()) warnings_.push_back(std::move(sentence));
  }

  fs::path root_;  // canonical
  std::map<std::string, SourceFile> files_;
  std::set<fs::path> libraries_;
  std::vector<std::string> warnings_;
};

bool Collector::inside(fs::path const& file) const {
  auto const relative = file.lexically_relative(root_);
  return !relative.empty() && *relative.begin() != "..";
}

Result<void> Collector::add(fs::path const& file) {
  auto const relative = file.lexically_relative(root_).generic_string();
  if (files_.contains(relative)) return {};
  if (auto good = check_relative_path(relative); !good) return good.error();
  if (!is_utf8(relative))
    return fail(Errc::invalid, fmt::format("the file name '{}' is not UTF-8; rename the file", printable(relative)));
  struct stat status {};
  if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    warn(fmt::format("'{}' is not a regular file and is left out", printable(relative)));
    return {};
  }
  std::error_code code;
  auto const real = fs::canonical(file, code);
  if (code || !inside(real))
    return fail(Errc::invalid, fmt::format("'{}' is a link that leads out of '{}'; put a copy in its place",
                                           printable(relative), root_.string()));
  if (files_.size() >= max_files)
    return fail(Errc::invalid, fmt::format("'{}' holds more than {} files; choose a smaller folder with --root",
                                           root_.string(), grouped(max_files)));
  files_[relative] = SourceFile{relative, file, status.st_size};
  return {};
}

bool is_left_out(std::string const& name, bool folder) {
  if (folder) return name == ".git" || name == ".svn" || name == ".hg" || name == "__MACOSX" || name == "__pycache__";
  if (name.ends_with('~') || name.ends_with(".blend@") || name == ".DS_Store" || name == "Thumbs.db") return true;
  auto const mark = name.rfind(".blend");
  return mark != std::string::npos && counts(std::string_view(name).substr(mark + 6), false);
}

Result<void> Collector::add_folder(fs::path const& folder, std::vector<fs::path>& above) {
  std::error_code code;
  auto const real = fs::canonical(folder, code);
  if (code || !(real == root_ || inside(real)))
    return fail(Errc::invalid, fmt::format("the folder '{}' is a link that leads out of '{}'; put a copy in its place",
                                           folder.string(), root_.string()));
  if (std::ranges::find(above, real) != above.end()) return {};  // a link to a folder that contains it
  above.push_back(real);
  fs::directory_iterator entries(folder, code);
  for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
    std::error_code ignored;
    bool const is_folder = entries->is_directory(ignored);
    if (is_left_out(entries->path().filename().string(), is_folder)) continue;
    auto added = is_folder ? add_folder(entries->path(), above) : add(entries->path());
    if (!added) return added;
  }
  above.pop_back();
  if (code) return fail(Errc::invalid, fmt::format("cannot read the folder '{}': {}", folder.string(), code.message()));
  return {};
}

Result<void> Collector::follow_library(fs::path const& library, bool whole_folder, int depth) {
  std::error_code code;
  if (depth >= deepest_library || !libraries_.insert(fs::weakly_canonical(library, code)).second) return {};
  auto summary = inspect_blend(library);
  if (!summary) {
    warn(fmt::format("the linked library '{}' cannot be read: {}",
                     printable(library.lexically_relative(root_).string()), summary.error().message));
    return {};
  }
  return add_references(library, *summary, whole_folder, depth + 1);
}

Result<void> Collector::add_reference(ExternalFile const& reference, fs::path const& blend, bool whole_folder,
                                      int depth) {
  auto const shown = printable(reference.stored, 300);  // as Blender shows it
  auto const owner = printable(blend.filename().string(), 100);
  bool const audible = reference.kind == "sound";  // a missing sound changes no image
  if (reference.absolute) {
    if (audible) return {};
    warn(
        fmt::format("the {} '{}' of {} has an absolute path, which no other machine has; in Blender choose File > "
                    "External Data > Make All Paths Relative, or pack it",
                    reference.kind, shown, owner));
    return {};
  }
  auto const file = (blend.parent_path() / reference.path).lexically_normal();
  std::error_code code;
  auto const found = reference.many                    ? files_of_series(file)
                     : fs::is_regular_file(file, code) ? std::vector{file}
                                                       : std::vector<fs::path>{};
  if (found.empty()) {
    if (fs::is_directory(file, code) && inside(file) && !whole_folder) {
      std::vector<fs::path> above;
      return add_folder(file, above);
    }
    if (!fs::exists(file, code) && !audible)
      warn(fmt::format("the {} '{}' of {} is missing; it will not render correctly", reference.kind, shown, owner));
    return {};
  }
  if (!inside(file)) {
    if (audible) return {};
    warn(fmt::format("the {} '{}' of {} lies outside {} and is not sent; submit with --root '{}', which holds both",
                     reference.kind, shown, owner, whole_folder ? "the --root folder" : "the scene's folder",
                     printable(common_folder(root_, file.parent_path()).string(), 300)));
    return {};
  }
  for (auto const& each : found)
    if (auto added = add(each); !added) return added;
  return reference.kind == "library" ? follow_library(file, whole_folder, depth) : Result<void>();
}

Result<void> Collector::add_references(fs::path const& blend, BlendSummary const& summary, bool whole_folder,
                                       int depth) {
  for (auto const& reference : external_files(summary))
    if (auto added = add_reference(reference, blend, whole_folder, depth); !added) return added;
  auto const cache = blend.parent_path() / ("blendcache_" + blend.stem().string());
  std::error_code code;
  if (summary.disk_cache && !whole_folder && fs::is_directory(cache, code)) {
    std::vector<fs::path> above;
    return add_folder(cache, above);
  }
  return {};
}

Result<SceneFiles> Collector::finish(fs::path const& blend) {
  SceneFiles out;
  out.source = blend.lexically_relative(root_).generic_string();
  out.warnings = std::move(warnings_);
  for (auto& [path, file] : files_) out.files.push_back(std::move(file));
  return out;
}

Result<fs::path> real_path(fs::path const& path, char const* what) {
  std::error_code code;
  auto real = fs::canonical(path, code);
  if (code)
    return fail(Errc::not_found, fmt::format("cannot find the {} '{}': {}", what, path.string(), code.message()));
  return real;
}

}  // namespace

Result<SceneFiles> files_of_scene(fs::path const& blend, BlendSummary const& summary) {
  auto scene = real_path(blend, "scene");
  if (!scene) return scene.error();
  Collector collector(scene->parent_path());
  if (auto added = collector.add(*scene); !added) return added.error();
  if (auto added = collector.add_references(*scene, summary, false, 0); !added) return added.error();
  return collector.finish(*scene);
}

Result<SceneFiles> files_of_folder(fs::path const& blend, BlendSummary const& summary, fs::path const& root) {
  auto scene = real_path(blend, "scene");
  if (!scene) return scene.error();
  auto folder = real_path(root, "folder");
  if (!folder) return folder.error();
  auto const relative = scene->lexically_relative(*folder);
  if (relative.empty() || *relative.begin() == "..")
    return fail(Errc::invalid,
                fmt::format("the scene '{}' is not in the folder '{}'; --root names the folder that holds "
                            "it and all it needs",
                            blend.string(), root.string()));
  Collector collector(*folder);
  std::vector<fs::path> above;
  if (auto added = collector.add_folder(*folder, above); !added) return added.error();
  if (auto added = collector.add(*scene); !added) return added.error();  // whatever its name
  if (auto added = collector.add_references(*scene, summary, true, 0); !added) return added.error();
  return collector.finish(*scene);
}

}  // namespace distren::client

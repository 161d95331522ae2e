#include "client/scene_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "client/scene_folder.h"
#include "common/base/files.h"
#include "common/base/text.h"
#include "scene/blend/file_series.h"

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

// The folder that contains both.
fs::path common_folder(fs::path const& a, fs::path const& b) {
  fs::path out;
  auto right = b.begin();
  for (auto left = a.begin(); left != a.end() && right != b.end() && *left == *right; ++left, ++right) out /= *left;
  return out;
}

// A file here, and the place below the root where the scene looks for it.
struct Found {
  fs::path file, place;
};

class Collector {
public:
  Collector(fs::path root, Reach const& reach) : root_(std::move(root)), reach_(reach) {}

  Result<void> add(Found const& found);
  Result<void> add_all();
  Result<void> add_references(fs::path const& blend, BlendSummary const& summary, int depth);
  Result<SceneFiles> finish(fs::path const& blend);

private:
  Result<void> add_reference(ExternalFile const& reference, fs::path const& blend, int depth);
  Result<void> add_folder(fs::path const& folder, fs::path const& place);
  Result<void> follow_library(Found const& library, int depth);
  [[nodiscard]] fs::path place_of(ExternalFile const& reference, fs::path const& blend) const;
  [[nodiscard]] bool is_here(ExternalFile const& reference, fs::path const& place) const;
  [[nodiscard]] std::vector<Found> files_at(ExternalFile const& reference, fs::path const& place) const;
  [[nodiscard]] std::string rest() const;
  void warn(std::string sentence) {
    if (std::ranges::find(warnings_, sentence) == warnings_.end()) warnings_.push_back(std::move(sentence));
  }
  void warn_of(ExternalFile const& reference, fs::path const& blend, std::string const& what);

  fs::path root_;  // canonical
  Reach const& reach_;
  std::map<std::string, SourceFile> files_;
  std::set<fs::path> libraries_;
  std::vector<std::string> warnings_;
};

Result<void> Collector::add(Found const& found) {
  auto const relative = found.place.lexically_relative(root_).generic_string();
  if (files_.contains(relative)) return {};
  if (auto good = check_relative_path(relative); !good) return good.error();
  if (!is_utf8(relative))
    return fail(Errc::invalid, fmt::format("the file name '{}' is not UTF-8; rename the file", printable(relative)));
  struct stat status {};
  if (stat(found.file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    warn(fmt::format("'{}' is not a regular file and is left out", printable(relative)));
    return {};
  }
  std::error_code code;
  auto const real = fs::canonical(found.file, code);
  if (code || !lies_below(root_, real))
    return fail(Errc::invalid, fmt::format("'{}' is a link that leads out of '{}'; put a copy in its place",
                                           printable(relative), root_.string()));
  if (files_.size() >= max_files)
    return fail(Errc::invalid, fmt::format("'{}' holds more than {} files; choose a smaller folder with --root",
                                           root_.string(), grouped(max_files)));
  files_[relative] = SourceFile{relative, found.file, status.st_size};
  return {};
}

Result<void> Collector::add_folder(fs::path const& folder, fs::path const& place) {
  return each_file_in(root_, folder, [&](fs::path const& file, fs::path const& below) {
    return add({file, place / below});
  });
}

Result<void> Collector::add_all() {
  return add_folder(root_, root_);
}

Result<void> Collector::follow_library(Found const& library, int depth) {
  std::error_code code;
  if (depth >= deepest_library || !libraries_.insert(fs::weakly_canonical(library.file, code)).second) return {};
  auto summary = inspect_blend(library.file);
  if (!summary) {
    warn(fmt::format("the linked library '{}' cannot be read: {}",
                     printable(library.place.lexically_relative(root_).string()), summary.error().message));
    return {};
  }
  return add_references(library.place, *summary, depth + 1);
}

std::vector<Found> Collector::files_at(ExternalFile const& reference, fs::path const& place) const {
  std::error_code code;
  FileSeries const series(place.filename().string(), reference.extent);
  if (!series.many()) {
    auto const file = find_alike(root_, place);
    return fs::is_regular_file(file, code) ? std::vector{Found{file, place}} : std::vector<Found>();
  }
  std::map<std::string, fs::path> found;  // by the name in the scene
  fs::directory_iterator entries(find_alike(root_, place.parent_path()), code);
  for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
    auto const name = entries->path().filename().string();
    auto const called = series.like(name);
    std::error_code ignored;
    if (called.empty() || !entries->is_regular_file(ignored)) continue;
    if (name == called || !found.contains(called)) found[called] = entries->path();
  }
  std::vector<Found> out;
  for (auto const& [name, file] : found) out.push_back({file, place.parent_path() / name});
  return out;
}

bool Collector::is_here(ExternalFile const& reference, fs::path const& place) const {
  std::error_code code;
  return reference.extent == Extent::folder ? fs::is_directory(find_alike(root_, place), code)
                                            : !files_at(reference, place).empty();
}

// Where the scene's reference lies, if it may be sent; relative ones may lie outside. Empty: an absolute path that no
// other machine would find.
fs::path Collector::place_of(ExternalFile const& reference, fs::path const& blend) const {
  if (!reference.absolute) return (blend.parent_path() / reference.path).lexically_normal();
  if (!reach_.maps_absolute) return {};
  auto const candidates = paths_below(reference.path);
  fs::path const stored = fs::path(reference.path).lexically_normal();
  if (stored.is_absolute() && is_here(reference, stored)) {
    // It is this file and no other: the renderer finds it when its last parts are its place below the root.
    std::error_code code;
    auto const real = fs::canonical(stored.parent_path(), code) / stored.filename();
    auto const relative = lies_below(root_, real) ? real.lexically_relative(root_).generic_string() : std::string();
    return std::ranges::find(candidates, relative) != candidates.end() ? real : fs::path();
  }
  for (auto const& folder : {root_, blend.parent_path()})
    for (auto const& candidate : candidates)
      if (is_here(reference, folder / candidate)) return folder / candidate;
  return {};
}

void Collector::warn_of(ExternalFile const& reference, fs::path const& blend, std::string const& what) {
  if (reference.kind == "sound" || reference.optional) return;  // missing ones change no image
  warn(fmt::format("the {} '{}' of {} {}{}", reference.kind, printable(reference.stored, 300),
                   printable(blend.filename().string(), 100), what,
                   reference.user.empty() ? "" : fmt::format(" (used by {})", printable(reference.user, 100))));
}

Result<void> Collector::add_reference(ExternalFile const& reference, fs::path const& blend, int depth) {
  auto const place = place_of(reference, blend);
  if (place.empty()) {
    warn_of(reference, blend,
            "has an absolute path, which no other machine has; in Blender choose File > External Data > Make All Paths "
            "Relative, or pack it");
    return {};
  }
  if (!is_here(reference, place)) {
    warn_of(reference, blend, "is missing; it will not render correctly");
    return {};
  }
  if (!lies_below(root_, place)) {
    warn_of(reference, blend,
            fmt::format("lies outside {} and is not sent; submit with --root '{}', which holds both",
                        reach_.root.empty() ? "the scene's folder" : "the --root folder",
                        printable(common_folder(root_, place.parent_path()).string(), 300)));
    return {};
  }
  if (reference.extent == Extent::folder) return add_folder(find_alike(root_, place), place);
  auto const found = files_at(reference, place);
  std::set<std::string> names;
  for (auto const& each : found) {
    if (auto added = add(each); !added) return added;
    names.insert(each.place.filename().string());
  }
  auto const lacking = missing_numbers(reference, [&](std::string const& name) { return names.contains(name); });
  if (!lacking.empty()) warn_of(reference, blend, fmt::format("lacks the numbers {}", lacking));
  return reference.kind == "library" ? follow_library(found.front(), depth) : Result<void>();
}

Result<void> Collector::add_references(fs::path const& blend, BlendSummary const& summary, int depth) {
  for (auto const& reference : external_files(summary))
    if (auto added = add_reference(reference, blend, depth); !added) return added;
  if (!summary.disk_cache) return {};
  auto const cache = blend.parent_path() / ("blendcache_" + blend.stem().string());
  std::error_code code;
  auto const folder = find_alike(root_, cache);
  return fs::is_directory(folder, code) ? add_folder(folder, cache) : Result<void>();
}

// Counted without being sent.
std::string Collector::rest() const {
  if (reach_.root.empty() || reach_.all_files) return {};
  std::set<fs::path> sent;
  for (auto const& [path, file] : files_) sent.insert(file.file);
  std::size_t count = 0;
  std::int64_t bytes = 0;
  auto const walked = each_file_in(root_, root_, [&](fs::path const& file, fs::path const&) -> Result<void> {
    std::error_code code;
    auto const size = fs::file_size(file, code);
    if (code || sent.contains(file)) return {};
    bytes += static_cast<std::int64_t>(size);
    return ++count > max_files ? Result<void>(fail(Errc::invalid, "too many")) : Result<void>();
  });
  if (count == 0) return {};
  return fmt::format("'{}' holds {}{} more {} ({}), which the scene does not name; --all-files sends them, too",
                     printable(root_.string(), 300), walked ? "" : "more than ", grouped(std::min(count, max_files)),
                     count == 1 ? "file" : "files", human_size(bytes));
}

Result<SceneFiles> Collector::finish(fs::path const& blend) {
  SceneFiles out;
  out.source = blend.lexically_relative(root_).generic_string();
  out.rest = rest();
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

Result<SceneFiles> files_of_scene(fs::path const& blend, BlendSummary const& summary, Reach const& reach) {
  auto scene = real_path(blend, "scene");
  if (!scene) return scene.error();
  auto folder = reach.root.empty() ? Result<fs::path>(scene->parent_path()) : real_path(reach.root, "folder");
  if (!folder) return folder.error();
  if (!lies_below(*folder, *scene))
    return fail(Errc::invalid,
                fmt::format("the scene '{}' is not in the folder '{}'; --root names the folder that holds "
                            "it and all it needs",
                            blend.string(), reach.root.string()));
  Collector collector(*folder, reach);
  if (reach.all_files)
    if (auto added = collector.add_all(); !added) return added.error();
  if (auto added = collector.add({*scene, *scene}); !added) return added.error();  // whatever its name
  if (auto added = collector.add_references(*scene, summary, 0); !added) return added.error();
  return collector.finish(*scene);
}

}  // namespace distren::client

#include "client/povray_files.h"

#include <set>

#include "scene/povray_text.h"

namespace distren::client {

Result<BlendSummary> povray_references(std::filesystem::path const& scene) {
  constexpr std::size_t max_texts = 1000;
  BlendSummary out;
  std::set<std::string> known;
  std::vector<std::filesystem::path> texts{scene};
  for (std::size_t i = 0; i < texts.size() && i < max_texts; ++i) {
    auto const summary = inspect_povray(texts[i]);
    if (!summary && i == 0) return summary.error();
    if (!summary) continue;
    for (auto const& reference : summary->references) {
      if (!known.insert(reference.path).second) continue;
      out.files.push_back({.kind = reference.kind == "include" ? "included file" : reference.kind,
                           .path = reference.path,
                           .extent = reference.computed ? Extent::pattern : Extent::file});
      if (reference.kind == "include") texts.push_back(scene.parent_path() / reference.path);
    }
  }
  return out;
}

}  // namespace distren::client

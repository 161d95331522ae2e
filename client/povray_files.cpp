#include "client/povray_files.h"

#include <set>

#include "scene/povray_text.h"

namespace distren::client {

Result<BlendSummary> povray_references(std::filesystem::path const& scene) {
  constexpr std::size_t most_texts = 1000;
  BlendSummary out;
  std::set<std::string> known;
  std::vector<std::filesystem::path> texts{scene};
  for (std::size_t i = 0; i < texts.size() && i < most_texts; ++i) {
    auto const summary = inspect_povray(texts[i]);
    if (!summary && i == 0) return summary.error();
    if (!summary) continue;
    for (auto const& need : summary->needs) {
      if (!known.insert(need.path).second) continue;
      out.files.push_back({need.kind == "include" ? "included file" : need.kind, need.path, false, false});
      if (need.kind == "include") texts.push_back(scene.parent_path() / need.path);
    }
  }
  return out;
}

}  // namespace distren::client

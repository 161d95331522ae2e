#include "server/submit/renderer_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/render/render_method.h"
#include "server/store/renderers.h"

namespace distren {

namespace {

constexpr std::size_t most_named = 12;

struct Newer {
  bool operator()(std::string const& a, std::string const& b) const { return compare_versions(a, b) < 0; }
};

// "3.4.1, 4.3.2 and 5.2.2"
std::string listed(std::vector<RendererOffer> const& offers) {
  std::set<std::string, Newer> versions;
  for (auto const& each : offers) versions.insert(each.version);
  std::vector<std::string> names(versions.begin(), versions.end());
  if (names.size() > most_named) names.erase(names.begin(), names.end() - most_named);
  if (names.size() == 1) return names.front();
  std::string const last = names.back();
  names.pop_back();
  return fmt::format("{} and {}", fmt::join(names, ", "), last);
}

Error missing(std::string message) {
  return fail(Errc::invalid, std::move(message), "no_renderer");
}

Error none_fits(RendererNeed const& need, std::string_view build, std::vector<RendererOffer> const& offers) {
  auto const& [version, pinned, wanted, saved, engine] = need.renderer;
  auto const here = listed(offers);
  if (!wanted.empty()) {
    auto const there = std::ranges::any_of(
        offers, [begins = std::string_view(wanted)](auto const& each) { return version_begins(each.version, begins); });
    if (there && build.empty())
      return missing(fmt::format("renderer: {} {} cannot render this file, which needs {} or newer; this grid has {}",
                                 need.method, wanted, need.min_version, here));
    return missing(
        fmt::format("renderer: this grid has no {}; it has {}", renderer_text(need.method, wanted, build), here));
  }
  auto sentence = fmt::format("{} was saved by {} {}, and this grid has {}, none of which is as new", "the main file",
                              need.method, saved, here);
  RendererNeed older = need;
  older.renderer.saved.clear();
  if (auto const* const opens = choose_renderer(older, offers))
    return missing(fmt::format("{}; {} can open it and may render it differently: choose that version to have it so",
                               sentence, opens->version));
  return missing(
      fmt::format("{}; ask its administrator for a newer one, or save the file with an older one", sentence));
}

}  // namespace

Result<store::JobRenderer> match_renderer(RendererNeed const& need, std::string_view build,
                                          std::vector<RendererOffer> const& offers) {
  store::JobRenderer renderer = need.renderer;
  if (offers.empty() && build.empty()) return renderer;
  if (renderer.wanted.empty() && renderer.saved.empty()) return renderer;
  auto some = offers;
  if (!build.empty()) std::erase_if(some, [build](auto const& each) { return each.build != build; });
  auto const* const chosen = choose_renderer(need, some);
  if (chosen == nullptr && offers.empty())
    return missing(fmt::format("renderer: this grid has no {}", renderer_text(need.method, renderer.wanted, build)));
  if (chosen == nullptr) return none_fits(need, build, offers);
  renderer.version = chosen->version;
  renderer.build = chosen->build;
  return renderer;
}

Result<void> match_renderers(Database& database, std::span<JobRequest> variations) {
  if (variations.empty()) return {};
  auto const offers = store::list_renderer_offers(database, variations.front().job.method);
  if (!offers) return offers.error();
  for (auto& one : variations) {
    auto& job = one.job;
    auto matched = match_renderer({.method = job.method, .min_version = job.version, .renderer = job.renderer},
                                  one.wanted_build, *offers);
    if (!matched) return matched.error();
    job.renderer = std::move(*matched);
  }
  return {};
}

}  // namespace distren

#include "server/dispatch/renderer_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "common/base/digest.h"
#include "common/render/render_method.h"

namespace distren {

namespace {

// Lines of Blender with long-term support. Only files of Blender say what saved them.
constexpr std::array<std::string_view, 6> long_term{"2.93", "3.3", "3.6", "4.2", "4.5", "5.2"};

constexpr std::size_t shown_digits = 12;

// "4.3" of 4.3.2: its major and minor number.
std::string_view line_of(std::string_view version) {
  auto const dot = version.find('.');
  return dot == std::string_view::npos ? version : version.substr(0, version.find('.', dot + 1));
}

bool same_line(std::string_view a, std::string_view b) {
  return compare_versions(line_of(a), line_of(b)) == 0;
}

// The better of two of one line.
bool better(RendererOffer const& a, RendererOffer const& b) {
  if (a.at_hand != b.at_hand) return a.at_hand;
  if (a.build.empty() != b.build.empty()) return b.build.empty();  // a slave alone says what it has
  if (auto const newer = compare_versions(a.version, b.version); newer != 0) return newer > 0;
  return a.archive > b.archive;
}

template <typename Good>
RendererOffer const* best(std::span<RendererOffer const> offers, Good const& good) {
  RendererOffer const* found = nullptr;
  for (RendererOffer const& each : offers)
    if (good(each) && (found == nullptr || better(each, *found))) found = &each;
  return found;
}

// Of an engine that Blender 4.2 to 4.5 calls otherwise than all others do.
std::string_view engine_name(std::string_view engine) {
  constexpr std::string_view next = "_NEXT";
  return engine.ends_with(next) ? engine.substr(0, engine.size() - next.size()) : engine;
}

}  // namespace

RendererNeed need_of(store::RunnableJob const& job) {
  return {.method = job.method, .min_version = job.version, .renderer = job.renderer};
}

bool version_begins(std::string_view version, std::string_view beginning) {
  if (!version.starts_with(beginning)) return false;
  return version.size() == beginning.size() || version[beginning.size()] == '.';
}

RendererOffer const* choose_renderer(RendererNeed const& need, std::span<RendererOffer const> offers) {
  auto const opens = [&need](RendererOffer const& each) {
    return compare_versions(each.version, need.min_version) >= 0;
  };
  auto const& [version, build, wanted, saved, engine] = need.renderer;
  if (!wanted.empty()) {
    std::string_view const beginning = wanted;  // clang 14 captures no structured binding
    return best(offers, [&, beginning](RendererOffer const& each) {
      return opens(each) && version_begins(each.version, beginning);
    });
  }
  if (saved.empty()) return best(offers, opens);
  std::string_view const of_file = saved;
  if (auto const* same = best(
          offers, [&, of_file](RendererOffer const& each) { return opens(each) && same_line(each.version, of_file); }))
    return same;
  std::string_view nearest;
  bool nearest_lasts = false;
  for (RendererOffer const& each : offers) {
    std::string_view const line = line_of(each.version);
    if (!opens(each) || compare_versions(line, line_of(of_file)) < 0) continue;
    bool const lasts =
        std::ranges::any_of(long_term, [line](std::string_view one) { return compare_versions(one, line) == 0; });
    bool const nearer = nearest.empty() || (lasts == nearest_lasts && compare_versions(line, nearest) < 0);
    if (!nearer && !(lasts && !nearest_lasts)) continue;
    nearest = line;
    nearest_lasts = lasts;
  }
  if (nearest.empty()) return nullptr;
  return best(offers, [&](RendererOffer const& each) { return opens(each) && same_line(each.version, nearest); });
}

bool has_engine(store::Method const& method, std::string_view engine) {
  return engine.empty() || method.engines.empty() ||
         std::ranges::any_of(method.engines, [name = engine_name(engine)](std::string const& each) {
           return engine_name(each) == name;
         });
}

store::Method const* suitable(std::vector<store::Method> const& methods, RendererNeed const& need) {
  auto const fits = [&need](store::Method const& each) {
    return each.name == need.method && has_engine(each, need.renderer.engine);
  };
  if (need.renderer.chosen()) {
    auto const found = std::ranges::find_if(methods, [&](store::Method const& each) {
      return each.version == need.renderer.version && each.build == need.renderer.build && fits(each);
    });
    return found == methods.end() ? nullptr : &*found;
  }
  std::vector<RendererOffer> offers;
  for (store::Method const& each : methods)
    if (fits(each)) offers.push_back({.version = each.version, .build = each.build, .at_hand = each.fetched});
  RendererOffer const* const chosen = choose_renderer(need, offers);
  if (chosen == nullptr) return nullptr;
  return &*std::ranges::find_if(methods, [&](store::Method const& each) {
    return each.version == chosen->version && each.build == chosen->build && fits(each);
  });
}

std::int64_t renderer_mark(store::JobRenderer const& renderer) {
  if (!renderer.chosen()) return 0;
  auto const digest = to_hex(sha256(renderer.version + ' ' + renderer.build)).substr(0, 8);
  return 1 + static_cast<std::int64_t>(std::stoul(digest, nullptr, 16));
}

std::string renderer_text(std::string_view method, std::string_view version, std::string_view build) {
  if (build.empty()) return fmt::format("{} {}", method, version);
  return fmt::format("{} {} (build {})", method, version, build.substr(0, shown_digits));
}

std::string need_text(RendererNeed const& need) {
  auto const& renderer = need.renderer;
  if (renderer.chosen()) return renderer_text(need.method, renderer.version, renderer.build);
  if (!renderer.wanted.empty()) return renderer_text(need.method, renderer.wanted, {});
  auto const& least = renderer.saved.empty() ? need.min_version : renderer.saved;
  if (least.empty() || least == "0") return need.method;
  return fmt::format("{} {} or newer", need.method, least);
}

}  // namespace distren

// Which version and build renders a job, of those that there are: the one that its owner wants; else the one that saved
// its file, of the same major and minor number; else the nearest newer one with long-term support; else the nearest
// newer one. Of one line what is at hand counts, of that a build that the grid delivers before a program that a
// volunteer installed, and then the newest. Values and free functions; any thread. Failure: none fits, nullptr.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/store/journal.h"
#include "server/store/renderers.h"
#include "server/store/slaves.h"

namespace distren {

// What a slave must have to render a job. Jobs with equal needs fit the same slaves.
struct RendererNeed {
  std::string method{};
  std::string min_version{};  // what the file itself needs
  store::JobRenderer renderer{};
  auto operator<=>(RendererNeed const&) const = default;
};
RendererNeed need_of(store::RunnableJob const& job);

using store::RendererOffer;

// For a need that nothing is pinned of. nullptr: none of them.
RendererOffer const* choose_renderer(RendererNeed const& need, std::span<RendererOffer const> offers);
// "4.3" is the beginning of 4.3 and 4.3.2, not of 4.30.
bool version_begins(std::string_view version, std::string_view beginning);
// The engine is one that is known to work there, or what works there is not known.
bool has_engine(store::Method const& method, std::string_view engine);
// The first of them that will do; nullptr: none does.
store::Method const* suitable(std::vector<store::Method> const& methods, RendererNeed const& need);

// A number that stands for a version and build; 0: nothing is chosen.
std::int64_t renderer_mark(store::JobRenderer const& renderer);

// For people: "blender 4.3.2", of a delivered one "blender 4.3.2 (build 0123456789ab)".
std::string renderer_text(std::string_view method, std::string_view version, std::string_view build);
// What it needs: that, or "blender 4.2 or newer".
std::string need_text(RendererNeed const& need);

}  // namespace distren

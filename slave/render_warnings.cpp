#include "slave/render_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace distren {

namespace {

constexpr std::size_t longest_warning = 500;  // bytes
// The last place is for the sum of the others.
constexpr std::size_t kinds_kept = protocol::limits::max_warnings - 1;

void count_one(int& number) {
  number = std::min(number + 1, static_cast<int>(protocol::limits::counts.max));
}

}  // namespace

void RenderWarnings::begin_frame() {
  first_frame_ = false;
  beyond_ = 0;
  std::erase_if(kinds_, [](Kind const& kind) { return !kind.lasting; });
  for (auto& kind : kinds_) kind.warning.count = 0;
}

void RenderWarnings::add(std::string code, std::string message) {
  code = printable(code, protocol::limits::codes.max_bytes);
  message = printable(message, longest_warning);
  auto const same = std::ranges::find_if(
      kinds_, [&](Kind const& kind) { return kind.warning.code == code && kind.warning.message == message; });
  if (same != kinds_.end()) return count_one(same->warning.count);
  if (kinds_.size() == kinds_kept) return count_one(beyond_);
  kinds_.push_back({{.code = std::move(code), .message = std::move(message), .count = 1}, first_frame_});
}

std::vector<protocol::RenderWarning> RenderWarnings::list() const {
  std::vector<protocol::RenderWarning> out;
  for (auto const& kind : kinds_) {
    out.push_back(kind.warning);
    out.back().count = std::max(out.back().count, 1);  // said by its program for all frames
  }
  if (beyond_ > 0)
    out.push_back(
        {.code = "more_warnings",
         .message = fmt::format("the renderer warned of more than {} things; its log has the others", kinds_kept),
         .count = beyond_});
  return out;
}

}  // namespace distren

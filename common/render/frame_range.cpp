#include "common/render/frame_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/base/text.h"

namespace distren {
namespace {

struct Span {
  int first = 0;
  int last = 0;
  int step = 1;

  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>((last - first) / step) + 1; }
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string quote(std::string_view text) {
  return "'" + printable(text, 60) + "'";
}

Error not_frames(std::string_view part, std::string_view why) {
  return fail(Errc::invalid,
              fmt::format("{} is no frame range: {}; write frames like 1-10,20,30-40x2", quote(part), why));
}

Error too_many(std::string_view part, std::size_t count) {
  return fail(Errc::invalid,
              fmt::format("{} asks for {} frames, and a job may have at most {}; split it into several jobs",
                          quote(part), grouped(count), grouped(max_frames)));
}

Result<int> parse_number(std::string_view text, std::string_view part) {
  text = trimmed(text);
  if (text.empty()) return not_frames(part, "a number is missing");
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
    return not_frames(part, fmt::format("{} is not a number", quote(text)));
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value > max_frame_number)
    return not_frames(part, fmt::format("{} is past {}, the last frame that Blender knows", quote(text),
                                        grouped(static_cast<std::size_t>(max_frame_number))));
  return value;
}

Result<Span> parse_span(std::string_view part) {
  if (part.empty())
    return fail(Errc::invalid, "there is an empty place between commas; write frames like 1-10,20,30-40x2");
  if (part.front() == '-') return not_frames(part, "frames below 0 cannot be rendered");
  auto numbers = part;
  Span span;
  auto const cross = part.find_first_of("xX");
  if (cross != part.npos) {
    numbers = trimmed(part.substr(0, cross));
    auto step = parse_number(part.substr(cross + 1), part);
    if (!step) return step.error();
    if (*step == 0) return not_frames(part, "a step of 0 never ends");
    span.step = *step;
  }
  auto const dash = numbers.find('-');
  auto first = parse_number(numbers.substr(0, dash), part);
  if (!first) return first.error();
  span.first = span.last = *first;
  if (dash == numbers.npos) {
    if (cross != part.npos) return not_frames(part, "a step needs a range before it");
    return span;
  }
  if (trimmed(numbers.substr(dash + 1)).starts_with('-')) return not_frames(part, "frames below 0 cannot be rendered");
  auto last = parse_number(numbers.substr(dash + 1), part);
  if (!last) return last.error();
  if (*last < span.first)
    return fail(Errc::invalid, fmt::format("{} runs backwards; did you mean {}-{}{}?", quote(part), *last, span.first,
                                           cross != part.npos ? fmt::format("x{}", span.step) : ""));
  span.last = *last;
  return span;
}

}  // namespace

Result<std::vector<int>> parse_frames(std::string_view text) {
  if (trimmed(text).empty()) return fail(Errc::invalid, "no frames are named; write frames like 1-10,20,30-40x2");
  std::vector<Span> spans;
  std::size_t with_overlaps = 0;
  int end = 0;
  for (auto rest = text;;) {
    auto const comma = rest.find(',');
    auto const part = trimmed(rest.substr(0, comma));
    auto span = parse_span(part);
    if (!span) return span.error();
    if (span->count() > max_frames) return too_many(part, span->count());
    with_overlaps += span->count();
    // Overlaps are few in honest text; this bounds the work for the other kind.
    if (with_overlaps > 10 * max_frames) return too_many(text, with_overlaps);
    end = std::max(end, span->last + 1);
    spans.push_back(*span);
    if (comma == rest.npos) break;
    rest.remove_prefix(comma + 1);
  }

  std::vector<bool> wanted(static_cast<std::size_t>(end));
  std::size_t count = 0;
  for (auto const& span : spans)
    for (int frame = span.first; frame <= span.last; frame += span.step) {
      if (!wanted[static_cast<std::size_t>(frame)]) ++count;
      wanted[static_cast<std::size_t>(frame)] = true;
    }
  if (count > max_frames) return too_many(text, count);
  std::vector<int> frames;
  frames.reserve(count);
  for (int frame = 0; frame < end; ++frame)
    if (wanted[static_cast<std::size_t>(frame)]) frames.push_back(frame);
  return frames;
}

std::string format_frames(std::span<int const> frames) {
  std::string out;
  for (std::size_t i = 0; i < frames.size();) {
    std::size_t run = 1;
    int const step = i + 1 < frames.size() ? frames[i + 1] - frames[i] : 1;
    while (i + run < frames.size() && frames[i + run] - frames[i + run - 1] == step) ++run;
    if (run == 2 && step > 1) run = 1;
    if (!out.empty()) out += ',';
    out += fmt::to_string(frames[i]);
    if (run > 1) out += fmt::format("-{}", frames[i + run - 1]);
    if (run > 1 && step > 1) out += fmt::format("x{}", step);
    i += run;
  }
  return out;
}

}  // namespace distren

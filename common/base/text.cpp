#include "common/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace distren {

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const c = static_cast<unsigned char>(text[i]);
    // Besides ASCII's control characters, those of Latin-1, which UTF-8 writes as C2 80 to C2 9F.
    bool const latin_control = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (latin_control) ++i;
    out += c < 0x20 || c == 0x7F || latin_control ? ' ' : static_cast<char>(c);
  }
  return out.size() <= limit ? out : whole_characters(out, limit) + "...";
}

std::string whole_characters(std::string_view text, std::size_t limit) {
  if (text.size() > limit) {
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80) --limit;
    text = text.substr(0, limit);
  }
  return std::string(text);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string grouped(std::uint64_t number) {
  auto text = fmt::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string human_size(std::int64_t bytes) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(std::max<std::int64_t>(bytes, 0));
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  int const decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, decimals, units[unit]);
}

std::string human_time(std::int64_t milliseconds) {
  auto const ms = std::max<std::int64_t>(milliseconds, 0);
  auto const s = ms / 1000;
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
  return fmt::format("{} d {:02} h", s / 86400, s / 3600 % 24);
}

std::string iso_time(std::int64_t unix_ms) {
  auto const ms = (unix_ms % 1000 + 1000) % 1000;
  std::time_t const seconds = (unix_ms - ms) / 1000;
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return {};
  char text[64];
  std::string const date(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts));
  return fmt::format("{}.{:03}Z", date, ms);
}

}  // namespace distren

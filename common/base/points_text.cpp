#include "common/base/points_text.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "common/base/text.h"

namespace distren {

namespace {

std::optional<std::int64_t> digits(std::string_view text) {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const plain = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!plain || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string points_text(std::int64_t millipoints) {
  auto const size =
      millipoints < 0 ? -static_cast<std::uint64_t>(millipoints) : static_cast<std::uint64_t>(millipoints);
  auto text = fmt::format("{}{}.{:03}", millipoints < 0 ? "-" : "", size / 1000, size % 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

Result<std::int64_t> parse_points(std::string_view text) {
  auto const dot = text.find('.');
  auto const whole = digits(text.substr(0, dot));
  std::string behind(dot == std::string_view::npos ? "0" : text.substr(dot + 1));
  bool const short_enough = behind.size() <= 3;
  behind.resize(3, '0');
  auto const thousandths = short_enough ? digits(behind) : std::nullopt;
  bool const empty = dot != std::string_view::npos && dot + 1 == text.size();
  if (whole && thousandths && !empty && *whole <= max_millipoints / 1000) {
    auto const millipoints = *whole * 1000 + *thousandths;
    if (millipoints >= 1 && millipoints <= max_millipoints) return millipoints;
  }
  return fail(Errc::invalid, fmt::format("'{}' cannot be points; say {}", printable(text, 40), points_rule));
}

}  // namespace distren

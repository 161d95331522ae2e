#include "common/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
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

namespace {

// Reads a text from its front; after the first thing that is not there nothing else is.
class TimeReader {
public:
  explicit TimeReader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool finished() const { return good_ && rest_.empty(); }
  bool skip(std::string_view any_of) {
    bool const there = !rest_.empty() && any_of.find(rest_.front()) != std::string_view::npos;
    if (there) rest_.remove_prefix(1);
    return there;
  }
  void expect(std::string_view any_of) { good_ = good_ && skip(any_of); }
  int number(std::size_t digits, int most) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      good_ = good_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
      if (!good_) return 0;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    good_ = good_ && value <= most;
    return value;
  }
  // Milliseconds of a fraction of one to nine digits.
  int fraction() {
    int value = 0;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), ++count)
      if (count < 3) value = value * 10 + (rest_.front() - '0');
    good_ = good_ && count >= 1 && count <= 9;
    for (; count < 3; ++count) value *= 10;
    return value;
  }

private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
  using namespace std::chrono;
  TimeReader reader(text);
  int const year_number = reader.number(4, 9999);
  reader.expect("-");
  int const month_number = reader.number(2, 12);
  reader.expect("-");
  int const day_number = reader.number(2, 31);
  reader.expect("Tt");
  int const hour = reader.number(2, 23);
  reader.expect(":");
  int const minute = reader.number(2, 59);
  reader.expect(":");
  int const second = reader.number(2, 59);
  int const ms = reader.skip(".") ? reader.fraction() : 0;
  int offset = 0;
  if (!reader.skip("Zz")) {
    int const sign = reader.skip("-") ? -1 : 1;
    if (sign > 0) reader.expect("+");
    int const offset_hours = reader.number(2, 23);
    reader.expect(":");
    offset = sign * (offset_hours * 60 + reader.number(2, 59));
  }
  year_month_day const date{year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number))};
  if (!reader.finished() || !date.ok()) return std::nullopt;
  auto const days = static_cast<std::int64_t>(sys_days(date).time_since_epoch().count());
  return (((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000 + ms;
}

}  // namespace distren

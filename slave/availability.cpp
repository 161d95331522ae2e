#include "slave/availability.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

#include "common/base/text.h"

namespace distren {

namespace {

constexpr std::array<std::string_view, 7> day_names = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr int day_minutes = 24 * 60;
constexpr int cooler = 5;           // degrees below the limit before it resumes
constexpr int fuller = 5;           // percent above the limit before it resumes
constexpr int calmer_percent = 70;  // of the limit of other programs' load

std::optional<int> day_of(std::string_view word) {
  auto const found = std::ranges::find(day_names, word);
  if (found == day_names.end()) return std::nullopt;
  return static_cast<int>(found - day_names.begin());
}

// "mon-fri", "sat,sun", "daily": the days as a mask; 0 if invalid.
unsigned days_of(std::string_view text) {
  if (text == "daily") return 0x7F;
  unsigned days = 0;
  while (!text.empty()) {
    auto const comma = text.find(',');
    auto const part = text.substr(0, comma);
    auto const dash = part.find('-');
    auto const first = day_of(part.substr(0, dash));
    auto const last = dash == std::string_view::npos ? first : day_of(part.substr(dash + 1));
    if (!first || !last) return 0;
    for (int day = *first;; day = (day + 1) % 7) {  // sat-mon wraps around the end of the week
      days |= 1U << day;
      if (day == *last) break;
    }
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return 0;
  }
  return days;
}

std::optional<int> minute_of(std::string_view text) {
  int hour = 0, minute = 0;
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  auto const read = [](std::string_view part, int& out) {
    auto const [end, problem] = std::from_chars(part.data(), part.data() + part.size(), out);
    return problem == std::errc() && end == part.data() + part.size() && out >= 0;
  };
  if (!read(text.substr(0, 2), hour) || !read(text.substr(3, 2), minute)) return std::nullopt;
  if (minute > 59 || hour * 60 + minute > day_minutes) return std::nullopt;
  return hour * 60 + minute;
}

bool add_line(WeekSchedule& week, std::string_view line) {
  auto const blank = line.find(' ');
  if (blank == std::string_view::npos) return false;
  unsigned const days = days_of(line.substr(0, blank));
  auto const times = line.substr(blank + 1);
  auto const dash = times.find('-');
  if (days == 0 || dash == std::string_view::npos) return false;
  auto const from = minute_of(times.substr(0, dash));
  auto const to = minute_of(times.substr(dash + 1));
  if (!from || !to || *from == day_minutes || *from == *to) return false;
  int const length = *to > *from ? *to - *from : *to + day_minutes - *from;
  for (int day = 0; day < 7; ++day) {
    if ((days >> day & 1) == 0) continue;
    for (int i = 0; i < length; ++i) week.set(static_cast<std::size_t>((day * day_minutes + *from + i) % week_minutes));
  }
  return true;
}

AvailabilityDecision no(std::string reason) {
  return {false, std::move(reason)};
}

}  // namespace

Result<WeekSchedule> parse_schedule(std::vector<std::string> const& lines) {
  WeekSchedule week;
  for (auto const& line : lines) {
    if (!add_line(week, lower_case(line)))
      return fail(Errc::invalid,
                  fmt::format("schedule: '{}' is no part of a week; write it like "
                              "\"mon-fri 18:00-08:00\", \"sat,sun 00:00-24:00\" or \"daily 22:00-06:00\"",
                              printable(line, 60)));
  }
  return lines.empty() ? WeekSchedule().set() : week;
}

AvailabilityDecision decide(AvailabilitySettings const& settings, Readings const& readings, bool working) {
  if (readings.paused_by_hand) return no("you paused it");
  if (readings.paused_remotely) return no("its owner paused it by remote settings");
  auto const minute = static_cast<std::size_t>(std::clamp(readings.minute_of_week, 0, week_minutes - 1));
  if (!settings.schedule.test(minute)) return no("it is not in the schedule now");
  if (readings.on_battery && !settings.allow_on_battery) return no("the machine runs on its battery");
  if (readings.on_battery && settings.min_battery_percent > 0 && readings.battery_percent) {
    int const least = settings.min_battery_percent + (working ? 0 : fuller);
    if (*readings.battery_percent < least)
      return no(fmt::format("the battery has {} %, and {} % are to be left", *readings.battery_percent,
                            settings.min_battery_percent));
  }
  if (!readings.program.empty()) return no(fmt::format("{} runs", readings.program));
  if (!readings.screen.empty()) return no(readings.screen);
  if (settings.max_temperature_c > 0 && readings.temperature &&
      *readings.temperature >= settings.max_temperature_c - (working ? 0 : cooler))
    return no(fmt::format("the processor has {} degrees, the limit is {}", *readings.temperature,
                          settings.max_temperature_c));
  if (settings.idle_minutes > 0 && readings.idle_seconds && *readings.idle_seconds < settings.idle_minutes * 60)
    return no(fmt::format("somebody used the machine {} s ago, it must rest for {} min", *readings.idle_seconds,
                          settings.idle_minutes));
  if (settings.max_other_load_percent > 0 && readings.other_load_percent) {
    int const limit =
        working ? settings.max_other_load_percent : settings.max_other_load_percent * calmer_percent / 100;
    if (*readings.other_load_percent > limit)
      return no(fmt::format("other programs use {} % of the processor, the limit is {} %", *readings.other_load_percent,
                            settings.max_other_load_percent));
  }
  return {};
}

}  // namespace distren

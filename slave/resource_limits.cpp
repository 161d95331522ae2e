#include "slave/resource_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t most_lines = 50;
constexpr int least_memory_mib = 64;

void lower(json const& wishes, char const* name, int least, int most, bool zero_is_any, int& value,
           std::vector<std::string>& problems) {
  auto const found = wishes.find(name);
  if (found == wishes.end()) return;
  if (!found->is_number_integer() || *found < least || *found > most) {
    problems.push_back(fmt::format("{}: not a number from {} to {}", name, least, most));
    return;
  }
  int const wish = found->get<int>();
  value = zero_is_any && value == 0 ? wish : std::min(value, wish);
}

}  // namespace

Lent lend(Lent const& by_file, json const& wishes) {
  Lent lent = by_file;
  if (!wishes.is_object()) return lent;
  lower(wishes, "threads", 1, 1024, false, lent.threads, lent.problems);
  lower(wishes, "memory", least_memory_mib, 1 << 26, false, lent.memory_mib, lent.problems);
  lower(wishes, "minutes_per_frame", 1, 100'000, true, lent.minutes_per_frame, lent.problems);
  if (auto const paused = wishes.find("paused"); paused != wishes.end()) {
    if (paused->is_boolean())
      lent.paused = *paused;
    else
      lent.problems.emplace_back("paused: neither true nor false");
  }
  auto const schedule = wishes.find("schedule");
  if (schedule == wishes.end()) return lent;
  std::vector<std::string> lines;
  if (schedule->is_array() && schedule->size() <= most_lines)
    for (auto const& line : *schedule)
      if (line.is_string()) lines.push_back(line.get<std::string>());
  if (!schedule->is_array() || lines.size() != schedule->size()) {
    lent.problems.emplace_back("schedule: not a list of lines");
  } else if (auto const week = parse_schedule(lines); week) {
    lent.schedule &= *week;
  } else {
    lent.problems.push_back(printable(week.error().message, 200));
  }
  return lent;
}

json lent_message(Lent const& lent, json const& wishes) {
  json out{{"threads", lent.threads},
           {"memory", lent.memory_mib},
           {"minutes_per_frame", lent.minutes_per_frame},
           {"paused", lent.paused}};
  if (wishes.is_object() && wishes.contains("schedule")) out["schedule"] = wishes["schedule"];
  if (!lent.problems.empty()) out["problems"] = lent.problems;
  return out;
}

}  // namespace distren

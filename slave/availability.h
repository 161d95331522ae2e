// Decides when this machine may render, from the volunteer's settings and the machine's readings. Pure;
// slave/machine_monitor.cpp reads the machine, slave/availability_monitor.cpp applies the decisions.
// Any thread. Errors: invalid for a schedule line that cannot be parsed, with an example of a right
// one.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace distren {

constexpr int week_minutes = 7 * 24 * 60;
// One bit per minute of the week, from Monday 00:00, local time.
using WeekSchedule = std::bitset<week_minutes>;

// Lines like "mon-fri 18:00-08:00" (into the next morning), "sat,sun 00:00-24:00", "daily 22:00-06:30". No line:
// always.
Result<WeekSchedule> parse_schedule(std::vector<std::string> const& lines);

struct AvailabilitySettings {
  int idle_minutes = 0;            // since the last keyboard or mouse input; 0: no limit
  int max_other_load_percent = 0;  // percent of all cores used by other programs; above: suspend. 0: no limit
  bool allow_on_battery = false;
  int max_temperature_c = 0;                     // degrees Celsius; from there on: suspend. 0: no limit
  int min_battery_percent = 0;                   // on battery, if allowed; 0: no limit
  std::vector<std::string> not_while_running{};  // while one of them runs: suspend
  WeekSchedule schedule = WeekSchedule().set();
  int return_after_minutes = 30;  // a frame suspended that long is returned
};

struct Readings {
  int minute_of_week = 0;
  std::optional<int> idle_seconds{};  // empty: unknown here, does not forbid
  std::optional<int> other_load_percent{};
  std::optional<int> temperature{};
  bool on_battery = false;
  std::optional<int> battery_percent{};
  std::string program{};  // the running one of settings.not_while_running; empty: none
  bool paused_by_hand = false;
  bool paused_remotely = false;
  std::string screen{};  // what fills the screen or keeps it on; empty: nothing, or not checked
};

struct AvailabilityDecision {
  bool may_work = true;
  std::string reason{};  // why not, for users
};

// working: the previous decision. After a suspension a reading must pass its limit by a margin, so that a fluctuating
// value does not toggle the decision.
AvailabilityDecision decide(AvailabilitySettings const& settings, Readings const& readings, bool working);

}  // namespace distren

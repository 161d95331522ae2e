// When this machine may render: what the volunteer allows, held against what is going on. Pure: readings and settings
// in, a decision with its reason out; slave/machine_monitor.cpp reads the machine, slave/availability_monitor.cpp
// carries decisions out. Any thread. Failure: a line of the schedule that cannot be read is invalid, with an example of
// a right one.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace distren {

constexpr int week_minutes = 7 * 24 * 60;
// A bit for each minute of the week, from Monday 00:00, local time.
using WeekSchedule = std::bitset<week_minutes>;

// Lines like "mon-fri 18:00-08:00" (into the next morning), "sat,sun 00:00-24:00", "daily 22:00-06:30". No line:
// always.
Result<WeekSchedule> parse_schedule(std::vector<std::string> const& lines);

struct NeighbourSettings {
  int idle_minutes = 0;                 // since somebody used keyboard or mouse; 0: does not matter
  int load_by_others = 0;               // percent of all cores that other programs use; more: stop. 0: does not matter
  bool on_battery = false;              // render on battery
  int temperature = 0;                  // degrees Celsius; from there on: stop. 0: does not matter
  int battery_percent = 0;              // on battery, and allowed: not below. 0: does not matter
  std::vector<std::string> programs{};  // while one of them runs: stop
  WeekSchedule schedule = WeekSchedule().set();
  int give_back_minutes = 30;  // a frame that stood still so long goes to another slave
};

struct Readings {
  int minute_of_week = 0;
  std::optional<int> idle_seconds{};  // nothing: not known here, and then it cannot forbid
  std::optional<int> others_percent{};
  std::optional<int> temperature{};
  bool on_battery = false;
  std::optional<int> battery_percent{};
  std::string program{};  // of settings.programs that runs; empty: none
  bool paused_by_hand = false;
  bool paused_from_afar = false;
  std::string screen{};  // what fills it or keeps it on; empty: nothing, or it does not matter
};

struct NeighbourDecision {
  bool may_work = true;
  std::string reason{};  // why not, for people
};

// working: what was decided before. A limit that stopped the work must be passed well before it goes on, so that a
// figure that swings around it does not stop and start it all the time.
NeighbourDecision decide(NeighbourSettings const& settings, Readings const& readings, bool working);

}  // namespace distren

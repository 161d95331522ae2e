// How a slave's machine is: the message `telemetry`. Values alone, see messages.h. What is not known is absent.
#pragma once

#include "common/protocol/messages.h"

namespace distren::protocol {

enum class SlaveActivity { unknown, idle, rendering, suspended, paused, stopping };
inline constexpr ChoiceName<SlaveActivity> activities[] = {{SlaveActivity::idle, "idle"},
                                                           {SlaveActivity::rendering, "rendering"},
                                                           {SlaveActivity::suspended, "suspended"},
                                                           {SlaveActivity::paused, "paused"},
                                                           {SlaveActivity::stopping, "stopping"}};

struct Telemetry {
  static constexpr std::string_view type = "telemetry";
  SlaveActivity state = SlaveActivity::unknown;
  std::optional<double> load{};         // of the last minute
  std::optional<double> cpu_percent{};  // of all cores
  std::optional<double> memory_mib{};   // of the whole machine
  std::optional<double> memory_free_mib{};
  std::optional<double> disk_free_mib{};
  std::optional<double> temperature_celsius{};
  std::optional<double> battery_percent{};
  bool on_battery = false;
};
void members(auto& visit, Is<Telemetry> auto& telemetry) {
  visit.choice("state", telemetry.state, activities);
  visit.number("load", telemetry.load, limits::loads);
  visit.number("cpu_percent", telemetry.cpu_percent, limits::percents);
  visit.number("memory_mib", telemetry.memory_mib, limits::total_memory_mib);
  visit.number("memory_free_mib", telemetry.memory_free_mib, limits::free_memory_mib);
  visit.number("disk_free_mib", telemetry.disk_free_mib, limits::free_disk_mib);
  visit.number("temperature_celsius", telemetry.temperature_celsius, limits::temperatures_celsius);
  visit.number("battery_percent", telemetry.battery_percent, limits::percents);
  visit.mark("on_battery", telemetry.on_battery);
}

}  // namespace distren::protocol

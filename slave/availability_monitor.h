// Monitors the machine in a thread of its own: every few seconds it decides whether the slave may work
// (slave/availability.h) and reports changes to the slave; it serves the volunteer's commands (slave/control.h).
// Owner: main; the slave whose functions it calls must outlive it. Reads only what the settings require: an idle slave
// sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "slave/availability.h"
#include "slave/control.h"
#include "slave/full_screen.h"
#include "slave/machine_monitor.h"

namespace distren {

struct AvailabilityActions {  // all called on the monitor's thread
  std::function<void(bool may_work, std::string const& reason)> allow;
  std::function<void(std::string const& reason)> return_work;  // returns what was suspended for too long
  std::function<void()> finish;                                // stops after the current frame
  std::function<nlohmann::json()> status;
  std::function<void()> tick{};  // four times a second
  // A command unknown to the monitor; empty: unknown to the slave, too.
  std::function<std::optional<nlohmann::json>(std::string const& command)> command{};
};

class AvailabilityMonitor {
public:
  // control: empty where no socket could be created. screen: empty where the screen is not checked.
  AvailabilityMonitor(AvailabilitySettings settings, std::optional<Control> control, AvailabilityActions actions,
                      MachineMonitor monitor = MachineMonitor(), std::optional<FullScreen> screen = std::nullopt);
  ~AvailabilityMonitor();

  void pause(bool paused);                                     // any thread: by a signal
  void set_limits(WeekSchedule const& schedule, bool paused);  // any thread: effective remote settings

private:
  using Clock = std::chrono::steady_clock;
  void run();
  void check();
  nlohmann::json answer(std::string const& command);
  Readings read();

  AvailabilitySettings settings_;
  std::optional<Control> control_;
  AvailabilityActions actions_;
  MachineMonitor monitor_;
  AvailabilityDecision decision_{};
  std::optional<Clock::time_point> suspended_since_;
  bool returned_ = false;
  std::optional<Clock::time_point> paused_until_;
  std::atomic<bool> paused_ = false;
  std::optional<FullScreen> screen_;  // empty: not checked
  std::mutex limits_mutex_;           // guards the next two
  WeekSchedule schedule_;
  bool paused_remotely_ = false;
  std::atomic<bool> limits_changed_ = false;  // since the last check
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: it uses all members above
};

// The number after the word of "pause 30"; empty when there is none, -1 when it is invalid.
std::optional<int> minutes_of(std::string const& command);

}  // namespace distren

// Keeps the slave a good neighbour: a thread that looks at the machine every few seconds, decides
// (slave/availability.h), tells the slave when its answer changes, takes the volunteer's commands (slave/control.h),
// and once a minute what the server may know of the machine. Owned by main beside the slave, whose functions it calls
// and which must outlive it. Costs nothing that the settings do not ask for: an idle slave sleeps.
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

struct WatcherActions {  // all from the watcher's thread
  std::function<void(bool may_work, std::string const& reason)> allow;
  std::function<void(std::string const& reason)> give_back;  // what stood still for too long
  std::function<void()> finish;                              // this frame, then the end
  std::function<nlohmann::json()> status;
  std::function<void()> pulse{};  // four times a second
  // A word that the watcher does not know; nothing: nobody does.
  std::function<std::optional<nlohmann::json>(std::string const& command)> command{};
};

class AvailabilityMonitor {
public:
  // control: nothing where no socket could be made. screen: nothing where it does not matter what fills it.
  AvailabilityMonitor(NeighbourSettings settings, std::optional<Control> control, WatcherActions actions,
                      MachineMonitor reader = MachineMonitor(), std::optional<FullScreen> screen = std::nullopt);
  ~AvailabilityMonitor();

  void pause(bool paused);                               // any thread: by a signal
  void lend(WeekSchedule const& schedule, bool paused);  // any thread: what is asked for from afar, made fit

private:
  using Clock = std::chrono::steady_clock;
  void run();
  void look();
  nlohmann::json answer(std::string const& command);
  Readings read();

  NeighbourSettings settings_;
  std::optional<Control> control_;
  WatcherActions actions_;
  MachineMonitor reader_;
  NeighbourDecision decision_{};
  std::optional<Clock::time_point> stands_still_since_;
  bool given_back_ = false;
  std::optional<Clock::time_point> paused_until_;
  std::atomic<bool> paused_ = false;
  std::optional<FullScreen> screen_;  // nothing: it does not matter
  std::mutex lent_mutex_;             // guards the next two
  WeekSchedule schedule_;
  bool paused_from_afar_ = false;
  std::atomic<bool> lent_ = false;  // anew, since the last look
  std::atomic<bool> over_ = false;
  std::thread thread_;  // last: it uses all above
};

// "pause 30" and the like; the number after the word, nothing when there is none, -1 when it is no number.
std::optional<int> minutes_of(std::string const& command);

}  // namespace distren

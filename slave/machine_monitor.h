// Measures this machine by /proc and /sys (Linux). One thread, about every two seconds: load by others
// is measured between two calls. Values that a machine does not report are absent and never stop work.
// root: "/" in earnest; tests give a folder with proc/ and sys/ of their own making.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "common/protocol/telemetry.h"
#include "slave/availability.h"

namespace distren {

class MachineMonitor {
public:
  explicit MachineMonitor(std::filesystem::path root = "/") : root_(std::move(root)) {}

  // ours: CPU time that this slave and its programs have used so far, in clock ticks. now: seconds since the epoch.
  // programs: by name (comm), as the kernel tells it; those of `own` processes do not count.
  Readings read(std::int64_t now, std::uint64_t ours, std::vector<std::string> const& programs,
                std::set<std::int64_t> const& own);
  // What the server may know of the machine, as doc/protocol.md has it; disk: the file system of this folder. cpu is of
  // the time since the last call, and absent in the first one.
  protocol::Telemetry telemetry(std::int64_t now, std::filesystem::path const& disk);

private:
  [[nodiscard]] std::optional<int> temperature() const;  // of the hottest processor zone
  [[nodiscard]] std::optional<int> other_load_percent(std::uint64_t ours);
  [[nodiscard]] std::optional<int> idle_seconds(std::int64_t now) const;
  [[nodiscard]] std::string running(std::vector<std::string> const& programs, std::set<std::int64_t> const& own) const;
  void read_power(Readings& readings) const;

  std::filesystem::path root_;
  std::uint64_t busy_ = 0;  // ticks, when last asked
  std::uint64_t all_ = 0;
  std::uint64_t ours_ = 0;
};

int minute_of_week(std::int64_t now);  // local time

}  // namespace distren

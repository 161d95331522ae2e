#include "slave/machine_monitor.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>

#include "slave/kernel_files.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

std::optional<std::int64_t> number_in(fs::path const& path) {
  std::string const text = first_line(path);
  std::int64_t value = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

}  // namespace

int minute_of_week(std::int64_t now) {
  auto const time = static_cast<std::time_t>(now);
  std::tm local{};
  ::localtime_r(&time, &local);
  return (local.tm_wday + 6) % 7 * 24 * 60 + local.tm_hour * 60 + local.tm_min;
}

// /proc/stat: user nice system idle iowait irq softirq steal. Nice counts: others may be polite, too.
std::optional<int> MachineMonitor::other_load_percent(std::uint64_t ours) {
  std::ifstream file(root_ / "proc/stat");
  std::string name;
  if (!(file >> name) || name != "cpu") return std::nullopt;
  std::uint64_t busy = 0, all = 0, value = 0;
  for (int field = 0; field < 8 && file >> value; ++field) {
    all += value;
    if (field != 3 && field != 4) busy += value;
  }
  bool const first = all_ == 0;
  auto const rise = [](std::uint64_t now, std::uint64_t before) { return now > before ? now - before : 0; };
  std::uint64_t const of_all = rise(all, all_), of_busy = rise(busy, busy_), of_ours = rise(ours, ours_);
  all_ = all;
  busy_ = busy;
  ours_ = ours;
  if (first || of_all == 0) return std::nullopt;
  return static_cast<int>(std::min<std::uint64_t>(rise(of_busy, of_ours) * 100 / of_all, 100));
}

// The last use of a terminal or of an input device (their access times, as w(1) and logind take them).
std::optional<int> MachineMonitor::idle_seconds(std::int64_t now) const {
  std::int64_t last = 0;
  for (auto const* folder : {"dev/input", "dev/pts"})
    for (auto const& path : entries_of(root_ / folder)) {
      struct stat info {};
      if (path.filename() == "ptmx" || ::stat(path.c_str(), &info) != 0) continue;
      last = std::max<std::int64_t>({last, info.st_atim.tv_sec, info.st_mtim.tv_sec});
    }
  if (last == 0) return std::nullopt;
  return static_cast<int>(std::clamp<std::int64_t>(now - last, 0, INT32_MAX));  // a clock set back: just now
}

std::string MachineMonitor::running(std::vector<std::string> const& programs, std::set<std::int64_t> const& own) const {
  if (programs.empty()) return {};
  for (auto const& path : entries_of(root_ / "proc")) {
    std::string const name = path.filename().string();
    std::int64_t id = 0;
    auto const [end, problem] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (problem != std::errc() || end != name.data() + name.size() || own.contains(id)) continue;
    std::string const program = first_line(path / "comm");
    auto const found = std::ranges::find_if(
        programs, [&program](auto const& each) { return !program.empty() && each.substr(0, 15) == program; });
    if (found != programs.end()) return *found;
  }
  return {};
}

void MachineMonitor::read_power(Readings& readings) const {
  bool plugged = false, discharging = false;
  for (auto const& path : entries_of(root_ / "sys/class/power_supply")) {
    std::string const type = first_line(path / "type");
    if (type == "Mains" || type == "USB") plugged = plugged || number_in(path / "online").value_or(0) == 1;
    if (type != "Battery" || first_line(path / "scope") == "Device") continue;  // a mouse's battery is none
    discharging = discharging || first_line(path / "status") == "Discharging";
    if (auto const percent = number_in(path / "capacity"))
      readings.battery_percent = std::min(readings.battery_percent.value_or(100), static_cast<int>(*percent));
  }
  readings.on_battery = discharging && !plugged;
}

std::optional<int> MachineMonitor::temperature() const {
  std::optional<int> hottest;
  for (auto const& path : entries_of(root_ / "sys/class/thermal")) {
    std::string const type = first_line(path / "type");
    bool const processor = type == "x86_pkg_temp" || type.find("cpu") != std::string::npos || type == "acpitz";
    auto const value = number_in(path / "temp");  // thousandths
    if (processor && value && *value > 0 && *value < 200000)
      hottest = std::max(hottest.value_or(0), static_cast<int>(*value / 1000));
  }
  return hottest;
}

Readings MachineMonitor::read(std::int64_t now, std::uint64_t ours, std::vector<std::string> const& programs,
                              std::set<std::int64_t> const& own) {
  Readings readings;
  readings.minute_of_week = minute_of_week(now);
  readings.idle_seconds = idle_seconds(now);
  readings.other_load_percent = other_load_percent(ours);
  readings.temperature = temperature();
  readings.program = running(programs, own);
  read_power(readings);
  return readings;
}

protocol::Telemetry MachineMonitor::telemetry(std::int64_t now, fs::path const& disk) {
  protocol::Telemetry out;
  double load = 0;
  if (std::ifstream(root_ / "proc/loadavg") >> load && load >= 0) out.load = load;
  std::ifstream file(root_ / "proc/meminfo");
  std::string name, unit;
  std::int64_t kib = 0;
  while (file >> name >> kib && std::getline(file, unit)) {
    if (name == "MemTotal:") out.memory_mib = static_cast<double>(kib >> 10);
    if (name == "MemAvailable:") out.memory_free_mib = static_cast<double>(kib >> 10);
  }
  std::error_code error;
  if (auto const space = fs::space(disk, error); !error) out.disk_free_mib = static_cast<double>(space.available >> 20);
  auto const readings = read(now, 0, {}, {});
  if (readings.other_load_percent) out.cpu_percent = *readings.other_load_percent;
  if (readings.temperature) out.temperature_celsius = *readings.temperature;
  if (readings.battery_percent) out.battery_percent = *readings.battery_percent;
  out.on_battery = readings.on_battery;
  return out;
}

}  // namespace distren

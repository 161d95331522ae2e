#include "slave/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <thread>

#include "slave/kernel_files.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_name_length = 100;
constexpr std::size_t most_gpus = 16;

std::string cpu_model(fs::path const& root) {
  std::ifstream file(root / "proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("model name")) continue;
    auto const colon = line.find(':');
    if (colon == std::string::npos || colon + 2 >= line.size()) break;
    return line.substr(colon + 2, 200);
  }
  return "unknown";
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"; "" if there is no such file.
std::string distribution(fs::path const& root) {
  std::ifstream file(root / "etc/os-release");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("PRETTY_NAME=")) continue;
    std::string name = line.substr(12);
    std::erase(name, '"');
    return name.substr(0, max_name_length);
  }
  return {};
}

// NVIDIA's driver reports names; for others the kernel knows vendor and device. Virtual cards are skipped.
std::vector<std::string> gpus_of(fs::path const& root) {
  std::vector<std::string> gpus;
  for (auto const& card : entries_of(root / "proc/driver/nvidia/gpus")) {
    std::ifstream file(card / "information");
    for (std::string line; std::getline(file, line);) {
      auto const name = line.find_first_not_of(" \t", 6);
      if (line.starts_with("Model:") && name != std::string::npos) gpus.push_back(line.substr(name, max_name_length));
    }
  }
  bool const named = !gpus.empty();
  for (auto const& card : entries_of(root / "sys/class/drm")) {
    if (card.filename().string().find('-') != std::string::npos) continue;  // a connector of the card
    if (!card.filename().string().starts_with("card")) continue;
    std::string const maker = first_line(card / "device/vendor");
    std::string const number = first_line(card / "device/device").substr(0, 10);
    if (maker == "0x10de" && !named) gpus.push_back("NVIDIA " + number);
    if (maker == "0x1002") gpus.push_back("AMD " + number);
    if (maker == "0x8086") gpus.push_back("Intel " + number);
  }
  if (gpus.size() > most_gpus) gpus.resize(most_gpus);
  return gpus;
}

int usable_memory() {
  struct sysinfo info {};
  std::uint64_t bytes = ::sysinfo(&info) == 0 ? static_cast<std::uint64_t>(info.totalram) * info.mem_unit : 0;
  std::ifstream file("/sys/fs/cgroup/memory.max");  // "max" when there is no limit
  if (std::uint64_t limit = 0; file >> limit) bytes = std::min(bytes, limit);
  return static_cast<int>(std::min<std::uint64_t>(bytes >> 20, INT32_MAX));
}

}  // namespace

Machine this_machine(fs::path const& root) {
  Machine machine;
  utsname name{};
  if (::uname(&name) == 0) machine.os = fmt::format("{} {} {}", name.sysname, name.release, name.machine);
  if (auto const name_of = distribution(root); !name_of.empty())
    machine.os = name_of + (machine.os.empty() ? "" : ", " + machine.os);
  machine.cpu = cpu_model(root);
  machine.gpus = gpus_of(root);
  machine.cores = usable_cores();
  machine.memory_mib = usable_memory();
  return machine;
}

}  // namespace distren

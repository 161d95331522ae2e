#include "slave/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <thread>

namespace distren {

namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
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

int usable_memory() {
  struct sysinfo info {};
  std::uint64_t bytes = ::sysinfo(&info) == 0 ? static_cast<std::uint64_t>(info.totalram) * info.mem_unit : 0;
  std::ifstream file("/sys/fs/cgroup/memory.max");  // "max" when there is no limit
  if (std::uint64_t limit = 0; file >> limit) bytes = std::min(bytes, limit);
  return static_cast<int>(std::min<std::uint64_t>(bytes >> 20, INT32_MAX));
}

}  // namespace

Machine this_machine() {
  Machine machine;
  utsname name{};
  if (::uname(&name) == 0) machine.os = fmt::format("{} {} {}", name.sysname, name.release, name.machine);
  machine.cpu = cpu_model();
  machine.cores = usable_cores();
  machine.memory_mib = usable_memory();
  return machine;
}

}  // namespace distren

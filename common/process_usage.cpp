#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "common/process.h"

namespace distren {

namespace {

struct Entry {
  pid_t parent = 0;
  std::uint64_t ticks = 0;  // its own and those of the children it waited for
  std::uint64_t pages = 0;
};

std::optional<Entry> read_stat(pid_t id) {
  std::ifstream file("/proc/" + std::to_string(id) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  auto const name_end = text.rfind(')');  // a program's name may hold spaces and parentheses
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  // proc(5): state is field 3, ppid 4, utime stime cutime cstime 14 to 17, rss 24.
  Entry entry;
  std::string field;
  for (int number = 3; number <= 24 && fields >> field; ++number) {
    std::int64_t value = 0;
    std::from_chars(field.data(), field.data() + field.size(), value);
    if (number == 4) entry.parent = static_cast<pid_t>(value);
    if (number >= 14 && number <= 17) entry.ticks += static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    if (number == 24) entry.pages = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
  }
  return entry;
}

std::uint64_t peak_of(pid_t id) {
  std::ifstream file("/proc/" + std::to_string(id) + "/status");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  return 0;
}

}  // namespace

TreeUsage usage_of_tree(pid_t root) {
  std::map<pid_t, Entry> all;
  std::error_code error;
  for (auto const& item : std::filesystem::directory_iterator("/proc", error)) {
    std::string const name = item.path().filename().string();
    pid_t id = 0;
    auto const [end, problem] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (problem != std::errc() || end != name.data() + name.size()) continue;
    if (auto const entry = read_stat(id)) all.emplace(id, *entry);
  }
  TreeUsage total;
  static std::uint64_t const page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  static std::uint64_t const ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  std::vector<pid_t> todo{root};
  std::set<pid_t> seen;
  while (!todo.empty()) {
    pid_t const id = todo.back();
    todo.pop_back();
    auto const found = all.find(id);
    if (found == all.end() || !seen.insert(id).second) continue;
    total.members.push_back(id);
    total.usage.cpu += std::chrono::microseconds(found->second.ticks * 1'000'000 / ticks);
    total.usage.peak_memory = std::max(total.usage.peak_memory, peak_of(id));
    total.resident += found->second.pages * page;
    for (auto const& [child, entry] : all)
      if (entry.parent == id) todo.push_back(child);
  }
  return total;
}

}  // namespace distren

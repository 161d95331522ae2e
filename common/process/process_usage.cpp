#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <set>

#include "common/base/files.h"
#include "common/process/process.h"

namespace distren {

namespace {

struct Entry {
  pid_t parent = 0;
  std::uint64_t ticks = 0;  // its own and those of the children it waited for
  std::uint64_t pages = 0;
};

// Read twice a second and after each frame during rendering: avoids streams and allocations.
FileDescriptor open_file_of(pid_t id, std::string_view name) {
  std::array<char, 64> path{};
  *fmt::format_to_n(path.data(), path.size() - 1, "/proc/{}/{}", id, name).out = '\0';
  return FileDescriptor(::open(path.data(), O_RDONLY | O_CLOEXEC));
}

// The beginning of one of a process's small files; empty when the process has ended.
template <std::size_t size>
std::string_view look_at(pid_t id, char const* name, std::array<char, size>& buffer) {
  auto const file = open_file_of(id, name);
  ssize_t const length = file ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

// Calls f with each entry of a folder of /proc whose name is a number.
template <class F>
void each_number(char const* path, F&& f) {
  OpenFolder const folder(::opendir(path));
  while (dirent const* const item = folder ? ::readdir(folder.get()) : nullptr) {
    std::string_view const name = item->d_name;
    pid_t id = 0;
    auto const [end, problem] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (problem == std::errc() && end == name.data() + name.size()) f(id);
  }
}

std::optional<Entry> read_stat(pid_t id) {
  std::array<char, 1024> buffer{};
  std::string_view text = look_at(id, "stat", buffer);
  auto const name_end = text.rfind(')');  // a program's name may hold spaces and parentheses
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 1);
  // proc(5): state is field 3, ppid 4, utime stime cutime cstime 14 to 17, rss 24.
  Entry entry;
  for (int number = 3; number <= 24 && text.size() > 1; ++number) {
    text.remove_prefix(1);  // the blank before it
    auto const field = text.substr(0, text.find(' '));
    std::int64_t value = 0;
    std::from_chars(field.data(), field.data() + field.size(), value);
    if (number == 4) entry.parent = static_cast<pid_t>(value);
    if (number >= 14 && number <= 17) entry.ticks += static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    if (number == 24) entry.pages = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    text.remove_prefix(field.size());
  }
  return entry;
}

std::uint64_t peak_of(pid_t id) {
  std::array<char, 4096> buffer{};
  std::string_view const text = look_at(id, "status", buffer);
  auto const at = text.find("\nVmHWM:");
  if (at == std::string_view::npos) return 0;
  auto const digits = text.find_first_of("0123456789", at);
  std::uint64_t kib = 0;
  if (digits != std::string_view::npos) std::from_chars(text.data() + digits, text.data() + text.size(), kib);
  return kib * 1024;
}

// Who was started by whom. Most kernels list the children of each thread; where one does not, every process of the
// machine is asked for its parent, which costs some ten times as much.
class Family {
public:
  std::vector<pid_t> children_of(pid_t id) {
    static bool const listed = ::access("/proc/thread-self/children", R_OK) == 0;
    return listed ? listed_children(id) : parents_asked(id);
  }

private:
  static std::vector<pid_t> listed_children(pid_t id) {
    std::string text;
    each_number(fmt::format("/proc/{}/task", id).c_str(), [&](pid_t thread) {
      auto const file = open_file_of(id, fmt::format("task/{}/children", thread));
      std::array<char, 4096> buffer{};
      for (ssize_t length = 0; file && (length = ::read(file.get(), buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(length));
    });
    std::vector<pid_t> children;
    char const* const end = text.data() + text.size();
    for (char const* at = text.data(); at < end; ++at) {  // "17 23 "
      pid_t child = 0;
      at = std::from_chars(at, end, child).ptr;
      if (child > 0) children.push_back(child);
    }
    return children;
  }

  std::vector<pid_t> parents_asked(pid_t id) {
    if (all_.empty())
      each_number("/proc", [&](pid_t each) {
        if (auto const entry = read_stat(each)) all_[entry->parent].push_back(each);
      });
    return all_[id];
  }

  std::map<pid_t, std::vector<pid_t>> all_;
};

}  // namespace

TreeUsage usage_of_tree(pid_t root) {
  TreeUsage total;
  static std::uint64_t const page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  static std::uint64_t const ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  Family family;
  std::vector<pid_t> todo{root};
  std::set<pid_t> seen;
  while (!todo.empty()) {
    pid_t const id = todo.back();
    todo.pop_back();
    if (!seen.insert(id).second) continue;
    auto const entry = read_stat(id);
    if (!entry) continue;
    total.members.push_back(id);
    total.usage.cpu += std::chrono::microseconds(entry->ticks * 1'000'000 / ticks);
    total.usage.peak_memory = std::max(total.usage.peak_memory, peak_of(id));
    total.resident += entry->pages * page;
    for (pid_t const child : family.children_of(id)) todo.push_back(child);
  }
  return total;
}

}  // namespace distren

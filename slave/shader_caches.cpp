#include "slave/shader_caches.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "slave/disk_usage.h"
#include "slave/folder_cleanup.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t second_ns = 1'000'000'000;

void remove_entry(fs::path const& path) {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(path, error))) {
    fs::remove(path, error);
  } else if (auto const removed = remove_folder(path); !removed) {
    spdlog::warn("{}", removed.error().message);
  }
}

std::int64_t now() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

std::vector<ShaderCaches::Entry> ShaderCaches::entries() const {
  std::vector<Entry> out;
  std::error_code error;
  for (auto const& item : fs::directory_iterator(folder_, error)) {
    struct stat status {};
    if (::lstat(item.path().c_str(), &status) == 0)
      out.push_back({item.path(), status.st_mtim.tv_sec * second_ns + status.st_mtim.tv_nsec});
  }
  return out;
}

Result<fs::path> ShaderCaches::folder_for(std::int64_t owner) const {
  fs::path const own = folder_ / fmt::to_string(owner);
  auto all = entries();
  // Newer than all others, even if the clock was set back.
  std::int64_t used = now();
  for (auto const& each : all) used = std::max(used, each.used + 1);
  std::erase_if(all, [&own](Entry const& each) { return each.path == own; });
  std::ranges::sort(all, std::ranges::greater{}, &Entry::used);

  auto const is_number = [](std::string const& name) {
    return name.find_first_not_of("0123456789") == std::string::npos;
  };
  auto total = use_of(own / "files", limits_.files);
  if (!total.problem.empty() || total.bytes > limits_.bytes) {
    if (auto const renewed = renew_folder(own / "files"); !renewed) return renewed.error();
    total = {};
  }
  std::size_t kept = 1;
  for (auto const& each : all) {
    bool fits = kept < limits_.owners && is_number(each.path.filename());
    if (fits) {
      auto const use = use_of(each.path, limits_.files - total.files);
      fits = use.problem.empty() && total.bytes + use.bytes <= limits_.bytes;
      if (fits) {
        total.bytes += use.bytes;
        total.files += use.files;
        ++kept;
      }
    }
    if (!fits) remove_entry(each.path);
  }

  std::error_code error;
  fs::create_directories(own / "files", error);
  if (error)
    return fail(Errc::unavailable, fmt::format("cannot make {}: {}", (own / "files").string(), error.message()));
  timespec const times[2] = {{0, UTIME_OMIT}, {used / second_ns, used % second_ns}};
  ::utimensat(AT_FDCWD, own.c_str(), times, 0);
  return own / "files";
}

}  // namespace distren

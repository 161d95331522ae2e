#include "slave/folder_cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/log.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr char const* left_prefix = ".left-";
constexpr int most_open_folders = 64;  // maximum number of folders open at once

std::string fresh_name() {
  return to_hex(random_bytes(8).data(), 8);
}

// Opens a folder after granting all permissions on it; empty if it is not a folder. errno gives the reason.
FileDescriptor open_unlocked(int parent, char const* name, int follow) {
  FileDescriptor const held(::openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC | follow));
  if (!held) return {};
  // Of the folder itself, never through a link.
  if (::chmod(fmt::format("/proc/self/fd/{}", held.get()).c_str(), 0700) != 0) return {};
  return FileDescriptor(::openat(held.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  int const copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  OpenFolder const entries(copy >= 0 ? ::fdopendir(copy) : nullptr);
  if (!entries && copy >= 0) ::close(copy);
  while (auto const* entry = entries ? ::readdir(entries.get()) : nullptr)
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
  return names;
}

bool removed(int folder, std::string const& name) {
  return ::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT ||
         ::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0;
}

struct Clearing {
  int top = -1;
  std::string prefix = fresh_name();
  std::uint64_t moved = 0;
  bool again = false;
  int problem = 0;  // the first errno

  void note() {
    if (problem == 0) problem = errno;
  }
  void clear(int folder, int depth);
};

// What lies too deep is moved to the top, for the next round.
void Clearing::clear(int folder, int depth) {
  for (auto const& name : names_in(folder)) {
    if (removed(folder, name)) continue;
    auto const inner = open_unlocked(folder, name.c_str(), O_NOFOLLOW);
    if (!inner) {
      note();
    } else if (depth == most_open_folders) {
      if (::renameat(folder, name.c_str(), top, fmt::format("{}-{}", prefix, moved++).c_str()) == 0)
        again = true;
      else
        note();
    } else {
      clear(inner.get(), depth + 1);
      if (!removed(folder, name)) note();
    }
  }
}

int clear_out(int top) {
  Clearing clearing{.top = top};
  do {
    clearing.again = false;
    clearing.clear(top, 0);
  } while (clearing.again);
  return clearing.problem;
}

}  // namespace

Result<void> empty_folder(fs::path const& folder) {
  auto const top = open_unlocked(AT_FDCWD, folder.c_str(), 0);
  int problem = top ? 0 : errno;
  if (problem == ENOENT) return {};
  if (top) problem = clear_out(top.get());
  if (problem == 0) return {};
  return fail(Errc::unavailable, fmt::format("cannot empty {}: {}", folder.string(), std::strerror(problem)));
}

Result<void> remove_folder(fs::path const& folder) {
  if (auto const emptied = empty_folder(folder); !emptied) return emptied;
  if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) return {};
  return fail(Errc::unavailable, fmt::format("cannot remove {}: {}", folder.string(), std::strerror(errno)));
}

Result<void> renew_folder(fs::path const& folder) {
  std::error_code error;
  auto const emptied = empty_folder(folder);
  if (!emptied) {
    fs::path aside = folder;
    aside += left_prefix + fresh_name();
    fs::rename(folder, aside, error);
    if (error) return emptied;
    spdlog::error("what a scene left cannot be removed; please do reason={} moved_to={}",
                  quote(emptied.error().message), quote(aside.string()));
  }
  fs::create_directories(folder, error);
  if (!error) return {};
  return fail(Errc::unavailable, fmt::format("cannot make {}: {}", folder.string(), error.message()));
}

void remove_what_was_left(fs::path const& parent) {
  std::error_code error;
  std::vector<fs::path> left;
  for (auto const& item : fs::directory_iterator(parent, error))
    if (item.path().filename().string().find(left_prefix) != std::string::npos) left.push_back(item.path());
  for (auto const& path : left)
    if (auto const gone = remove_folder(path); !gone) spdlog::warn("{}", gone.error().message);
}

}  // namespace distren

#include "slave/workspace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "common/base/digest.h"
#include "common/base/files.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kept_jobs = 3;  // jobs whose files stay laid out

Result<void> copy_over(fs::path const& from, fs::path const& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) return fail(Errc::unavailable, fmt::format("cannot write {}: {}", to.string(), error.message()));
  ::chmod(to.c_str(), 0644);
  return {};
}

}  // namespace

Result<Workspace> Workspace::open(fs::path folder, bool linked) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Errc::unavailable, fmt::format("cannot make {}: {}", folder.string(), error.message()));
  fs::permissions(folder, fs::perms::owner_all, error);
  // What was being made when the last process ended, and nothing else.
  std::vector<fs::path> unfinished;
  for (auto const& item : fs::directory_iterator(folder, error))
    if (item.path().extension() == ".new") unfinished.push_back(item.path());
  for (auto const& path : unfinished) fs::remove_all(path, error);
  return Workspace(std::move(folder), linked);
}

fs::path Workspace::place(protocol::FrameOrder const& order) const {
  std::string manifest;
  for (auto const& file : order.inputs) manifest += fmt::format("{} {}\n", file.sha256, file.path);
  return folder_ / fmt::format("{}-{}", order.job, to_hex(sha256(manifest)).substr(0, 16));
}

bool Workspace::holds(protocol::FrameOrder const& order) const {
  std::error_code error;
  return fs::is_directory(place(order), error);
}

Result<void> Workspace::put(fs::path const& from, fs::path const& to) const {
  if (!linked_) return copy_over(from, to);
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  return copy_over(from, to);  // another file system, or one without links
}

void Workspace::forget_old(fs::path const& current) const {
  std::vector<fs::path> others;
  std::error_code error;
  for (auto const& item : fs::directory_iterator(folder_, error))
    if (item.path() != current) others.push_back(item.path());
  std::ranges::sort(others, std::ranges::greater{}, [](fs::path const& path) {
    std::error_code ignored;
    return fs::last_write_time(path, ignored);
  });
  for (std::size_t i = kept_jobs - 1; i < others.size(); ++i) fs::remove_all(others[i], error);
}

Result<fs::path> Workspace::prepare(protocol::FrameOrder const& order, Fetch const& fetch) {
  fs::path const path = place(order);
  if (holds(order)) {
    ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
    return path;
  }
  fs::path making = path;
  making += ".new";
  std::error_code error;
  fs::remove_all(making, error);
  fs::create_directories(making, error);
  if (error) return fail(Errc::unavailable, fmt::format("cannot make {}: {}", making.string(), error.message()));
  for (auto const& file : order.inputs) {
    auto const cached = fetch(file);
    if (!cached) return cached.error();
    fs::path const to = making / file.path;
    fs::create_directories(to.parent_path(), error);
    if (auto const done = put(*cached, to); !done) return done.error();
  }
  if (auto const kept = rename_durably(making, path); !kept) return kept.error();
  forget_old(path);
  return path;
}

}  // namespace distren

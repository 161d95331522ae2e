#include "slave/cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "common/digest.h"
#include "common/files.h"
#include "common/http_download.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

struct Held {
  fs::path path;
  std::uint64_t size = 0;
  fs::file_time_type used;
};

std::vector<Held> all_files(fs::path const& folder) {
  std::vector<Held> out;
  std::error_code error;
  for (auto item = fs::recursive_directory_iterator(folder, error);
       !error && item != fs::recursive_directory_iterator(); item.increment(error)) {
    if (!item->is_regular_file(error)) continue;
    out.push_back({item->path(), item->file_size(error), item->last_write_time(error)});
  }
  return out;
}

void touch(fs::path const& path) {
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

}  // namespace

Result<Cache> Cache::open(fs::path folder, std::uint64_t limit) {
  std::error_code error;
  fs::create_directories(folder / "incoming", error);
  if (error)
    return fail(Errc::unavailable, fmt::format("cannot make the cache {}: {}", folder.string(), error.message()));
  fs::permissions(folder, fs::perms::owner_all, error);
  return Cache(std::move(folder), limit);
}

fs::path Cache::place(std::string const& sha256) const {
  return folder_ / sha256.substr(0, 2) / sha256;
}

bool Cache::holds(OrderFile const& file) const {
  std::error_code error;
  return fs::file_size(place(file.sha256), error) == static_cast<std::uint64_t>(file.size) && !error;
}

bool Cache::verified(fs::path const& path, OrderFile const& file) {
  if (verified_.contains(file.sha256)) return true;
  auto const digest = sha256_file(path);
  if (!digest || to_hex(*digest) != file.sha256) return false;
  verified_.insert(file.sha256);
  return true;
}

Result<fs::path> Cache::fetch(HttpClient& client, OrderFile const& file, HttpClient::Progress const& received) {
  fs::path const path = place(file.sha256);
  std::error_code error;
  if (holds(file)) {
    if (verified(path, file)) {
      touch(path);
      return path;
    }
    fs::remove(path, error);  // the disk has changed it
  }
  verified_.erase(file.sha256);

  fs::path const incoming = folder_ / "incoming" / file.sha256;
  Download what;
  what.url = file.url;
  what.path = incoming;
  what.size = file.size;
  what.received = received;
  auto const fetched = download(client, what);
  if (!fetched) return fetched.error();
  if (!verified(incoming, file)) {
    fs::remove(incoming, error);
    return fail(Errc::invalid, fmt::format("{} arrived with another SHA-256 than the order says", file.path));
  }
  ::chmod(incoming.c_str(), 0444);
  fs::create_directories(path.parent_path(), error);
  if (auto const kept = rename_durably(incoming, path); !kept) return kept.error();
  return path;
}

Result<void> Cache::make_room(std::uint64_t coming, std::set<std::string> const& needed) {
  auto held = all_files(folder_);
  std::uint64_t total = coming;
  for (auto const& file : held) total += file.size;
  std::ranges::sort(held, {}, &Held::used);
  std::error_code error;
  for (auto const& file : held) {
    if (total <= limit_) break;
    std::string name = file.path.filename().string();
    if (name.ends_with(".part")) name.resize(name.size() - 5);
    if (needed.contains(name)) continue;
    fs::remove(file.path, error);
    verified_.erase(name);
    total -= file.size;
  }
  auto const space = fs::space(folder_, error);
  std::uint64_t const reserve = 64U << 20;
  if (!error && space.available < coming + reserve)
    return fail(Errc::unavailable, fmt::format("the disk under {} has {} MiB free, and {} MiB are needed",
                                               folder_.string(), space.available >> 20, (coming + reserve) >> 20));
  return {};
}

}  // namespace distren

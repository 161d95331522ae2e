#include "slave/cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "common/base/digest.h"
#include "common/http/http_download.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto poll_time = 50ms;
constexpr int eviction_polls = 100;                  // 5 s; another slave looks through the folder in less
constexpr std::uint64_t disk_reserve = 64U << 20;    // bytes of the disk that stay free
constexpr std::int64_t last_second = 9'000'000'000;  // what nanoseconds in 64 bits can hold

struct CachedFile {
  fs::path path;
  std::string sha256;
  std::uint64_t size = 0;
  std::int64_t used = 0;  // ns
};

std::int64_t nanoseconds(timespec const& time) {
  return std::clamp<std::int64_t>(time.tv_sec, 0, last_second) * 1'000'000'000 + time.tv_nsec;
}

// Records the use as the access time; the modification time stays, which shows whether the content was written.
void set_use(fs::path const& path, std::int64_t used) {
  timespec const times[2] = {{used / 1'000'000'000, used % 1'000'000'000}, {0, UTIME_OMIT}};
  ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

void add_file(fs::path const& path, std::string sha256, std::vector<CachedFile>& out) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  out.push_back({path, std::move(sha256), std::uint64_t(info.st_size), nanoseconds(info.st_atim)});
}

// Files recognised as the cache's own by name and folder: other files in a configured folder are never touched.
std::vector<CachedFile> all_files(fs::path const& folder) {
  std::vector<CachedFile> out;
  std::error_code error;
  for (auto part = fs::directory_iterator(folder, error); !error && part != fs::directory_iterator();
       part.increment(error)) {
    std::string const prefix = part->path().filename();
    bool const incoming = prefix == "incoming";
    if (!incoming && (prefix.size() != 2 || !part->is_directory())) continue;
    std::error_code inner;
    for (auto item = fs::directory_iterator(part->path(), inner); !inner && item != fs::directory_iterator();
         item.increment(inner)) {
      std::string name = item->path().filename();
      if (incoming && name.ends_with(".part")) name.resize(name.size() - 5);
      if (is_sha256_hex(name) && (incoming || name.starts_with(prefix))) add_file(item->path(), name, out);
    }
  }
  return out;
}

// Bytes received under a lock of this digest; while they grow, another process is downloading.
std::uint64_t arrived(fs::path const& folder, std::string const& sha256) {
  std::uint64_t total = 0;
  for (auto const& file : all_files(folder))
    if (file.sha256.starts_with(sha256.substr(0, 2))) total += file.size;
  return total;
}

enum class Locked { yes, busy, failed };  // failed: errno has the reason

Locked try_lock(FileDescriptor const& file, int how) {
  while (::flock(file.get(), how | LOCK_NB) != 0) {
    if (errno != EINTR) return errno == EWOULDBLOCK ? Locked::busy : Locked::failed;
  }
  return Locked::yes;
}

FileDescriptor open_lock(fs::path const& path) {
  return FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

Error lock_failed(fs::path const& path) {
  return fail(Errc::unavailable, fmt::format("cannot lock {}: {}; the cache has to be on a local disk of this user",
                                             path.string(), std::strerror(errno)));
}

// The folder is configured by the volunteer: its permissions are checked, never changed.
Result<void> check_owner(fs::path const& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0)
    return fail(Errc::unavailable, fmt::format("cannot use the cache {}: {}", folder.string(), std::strerror(errno)));
  if (info.st_uid != ::geteuid() || (info.st_mode & 0022U) != 0)
    return fail(Errc::denied, fmt::format("others may write in the cache {}, or it belongs to another user; give the "
                                          "slaves of this user a folder of their own with: cache = \"DIR\"",
                                          folder.string()));
  return {};
}

}  // namespace

Result<Cache> Cache::open(fs::path folder, Options options) {
  std::error_code error;
  if (!folder.has_filename()) folder = folder.parent_path();  // it ends in a slash
  fs::create_directories(folder.parent_path(), error);
  if (!error && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    error = std::error_code(errno, std::generic_category());
  if (!error) {
    if (auto const ours = check_owner(folder); !ours) return ours.error();
    for (auto const* part : {"incoming", "locks"})
      if (!error) fs::create_directories(folder / part, error);
  }
  if (error)
    return fail(Errc::unavailable, fmt::format("cannot create the cache {}: {}", folder.string(), error.message()));
  return Cache(std::move(folder), std::move(options));
}

fs::path Cache::place(std::string const& sha256) const {
  return folder_ / sha256.substr(0, 2) / sha256;
}

// One lock for many digests, so that none need ever be deleted.
fs::path Cache::lock_of(std::string const& sha256) const {
  return folder_ / "locks" / sha256.substr(0, 2);
}

bool Cache::holds(protocol::Input const& file) const {
  std::error_code error;
  return fs::file_size(place(file.sha256), error) == static_cast<std::uint64_t>(file.size_bytes) && !error;
}

std::optional<Cache::Seen> Cache::look_at(fs::path const& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return Seen{info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim)};
}

// A use is newer than all others, whatever the clock was set to since.
std::int64_t Cache::next_use() {
  auto const now = std::chrono::duration_cast<std::chrono::nanoseconds>(options_.now().time_since_epoch()).count();
  newest_use_ = std::max<std::int64_t>({0, now, newest_use_ + 1});
  return newest_use_;
}

// Nothing when the file is absent or its digest is not its name.
std::optional<Cache::Pinned> Cache::pin(fs::path const& path, protocol::Input const& file) {
  Pinned out{path, FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK))};
  if (!out.lock) return std::nullopt;
  while (::flock(out.lock.get(), LOCK_SH) != 0) {  // whoever is about to delete it has it for a moment
    if (errno != EINTR) return std::nullopt;
  }
  struct stat info {};
  auto const before = look_at(path);
  bool const same = ::fstat(out.lock.get(), &info) == 0 && before && before->inode == info.st_ino &&
                    before->device == info.st_dev && before->size == file.size_bytes;
  if (!same) return std::nullopt;
  auto const known = verified_.find(file.sha256);
  if (known == verified_.end() || known->second != *before) {
    auto const digest = sha256_file(path);
    if (!digest || to_hex(*digest) != file.sha256 || look_at(path) != before) return std::nullopt;
    verified_[file.sha256] = *before;
  }
  set_use(path, next_use());
  return out;
}

// One slave fetches a file, the others of this host wait and then find it.
Result<FileDescriptor> Cache::wait_for_turn(HttpClient& client, protocol::Input const& file) {
  fs::path const path = lock_of(file.sha256);
  FileDescriptor turn = open_lock(path);
  if (!turn) return lock_failed(path);
  std::uint64_t before = 0;
  auto still = 0ms;
  for (;;) {
    auto const locked = try_lock(turn, LOCK_EX);
    if (locked == Locked::yes) return turn;
    if (locked == Locked::failed) return lock_failed(path);
    auto const now = arrived(folder_, file.sha256);
    still = now == before ? still + poll_time : 0ms;
    before = now;
    if (still >= options_.patience)
      return fail(Errc::unavailable, fmt::format("another slave with the cache {} is fetching {} and gets no further",
                                                 folder_.string(), file.path));
    if (!client.pause(poll_time)) return fail(Errc::unavailable, "interrupted");
  }
}

Result<Cache::Pinned> Cache::fetch(HttpClient& client, protocol::Input const& file,
                                   HttpClient::Progress const& received) {
  fs::path const path = place(file.sha256);
  if (auto found = pin(path, file)) return std::move(*found);
  auto const turn = wait_for_turn(client, file);
  if (!turn) return turn.error();
  if (auto found = pin(path, file)) return std::move(*found);
  std::error_code error;
  fs::remove(path, error);  // corrupted or changed by another process
  verified_.erase(file.sha256);

  fs::path const incoming = folder_ / "incoming" / file.sha256;
  Download what;
  what.url = file.url;
  what.path = incoming;
  what.size = file.size_bytes;
  what.received = received;
  auto const fetched = download(client, what);
  if (!fetched) return fetched.error();
  auto found = pin(incoming, file);
  if (!found) {
    fs::remove(incoming, error);
    return fail(Errc::invalid, fmt::format("{} arrived with another SHA-256 than the order says", file.path));
  }
  ::chmod(incoming.c_str(), 0444);
  fs::create_directories(path.parent_path(), error);
  if (auto const kept = rename_durably(incoming, path); !kept) return kept.error();
  found->path = path;
  return std::move(*found);
}

// Not what is pinned, and nothing of a digest that is being fetched.
bool Cache::evict(fs::path const& path) {
  std::string const name = path.filename();
  auto const turn = open_lock(lock_of(name));
  if (!turn || try_lock(turn, LOCK_EX) != Locked::yes) return false;
  FileDescriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file || try_lock(file, LOCK_EX) != Locked::yes) return false;
  return ::unlink(path.c_str()) == 0;
}

void Cache::remove(Pinned file) {
  fs::path const path = std::move(file.path);
  file.lock = {};
  if (evict(path)) verified_.erase(path.filename().string());
}

Result<void> Cache::make_room(std::uint64_t coming, std::set<std::string> const& needed) {
  auto const alone = open_lock(folder_ / "locks" / "eviction");  // two would delete twice what is too much
  if (!alone) return lock_failed(folder_ / "locks" / "eviction");
  auto locked = try_lock(alone, LOCK_EX);
  for (int polls = 0; locked == Locked::busy && polls < eviction_polls; ++polls) {
    std::this_thread::sleep_for(poll_time);
    locked = try_lock(alone, LOCK_EX);
  }
  if (locked == Locked::failed) return lock_failed(folder_ / "locks" / "eviction");
  struct Old {
    std::uint64_t size = 0;
    std::int64_t used = 0;
    std::function<bool()> remove;
  };
  std::vector<Old> held;
  for (auto const& file : all_files(folder_)) {
    newest_use_ = std::max(newest_use_, file.used);
    held.push_back({file.size, file.used, [this, file, &needed] {
                      if (needed.contains(file.sha256) || !evict(file.path)) return false;
                      verified_.erase(file.sha256);
                      return true;
                    }});
  }
  if (options_.neighbours)
    for (auto& each : options_.neighbours()) held.push_back({each.size, each.used, std::move(each.remove)});
  std::uint64_t total = coming;
  for (auto const& each : held) total += each.size;
  std::ranges::sort(held, {}, &Old::used);
  // Where the other one takes longer than that, it is the one to delete.
  for (auto each = held.begin(); each != held.end() && total > options_.limit && locked == Locked::yes; ++each)
    if (each->remove()) total -= each->size;
  std::error_code error;
  auto const space = fs::space(folder_, error);
  if (!error && space.available < coming + disk_reserve)
    return fail(Errc::unavailable, fmt::format("the disk under {} has {} MiB free, and {} MiB are needed",
                                               folder_.string(), space.available >> 20, (coming + disk_reserve) >> 20));
  return {};
}

}  // namespace distren

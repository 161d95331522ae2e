#include "slave/renderer_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "common/archive/unpack.h"
#include "common/base/digest.h"
#include "common/base/json_depth.h"
#include "common/base/log.h"
#include "slave/folder_cleanup.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t description_bytes = 16U << 10;
constexpr std::chrono::milliseconds turn_poll{100};

FileDescriptor lock_file(fs::path const& path) {
  return FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

bool lock_now(FileDescriptor const& file, int how) {
  return file && ::flock(file.get(), how | LOCK_NB) == 0;
}

// The file is still the one of this path: its folder was not removed before it was locked.
bool is_still(FileDescriptor const& file, fs::path const& path) {
  struct stat open {
  }, there{};
  return ::fstat(file.get(), &open) == 0 && ::stat(path.c_str(), &there) == 0 && open.st_ino == there.st_ino &&
         open.st_dev == there.st_dev;
}

// Relative, and inside whatever it says: the file is ours, but its folder lies in a cache that may be shared.
fs::path inside(fs::path const& folder, std::string const& path) {
  return path.empty() || path == "." ? folder : check_relative_path(path) ? folder / path : fs::path();
}

std::optional<StoredRenderer> described(fs::path const& folder) {
  auto const text = read_file(folder / "build.json", description_bytes);
  if (!text) return std::nullopt;
  auto const saved = parse_shallow_json(*text);
  try {
    StoredRenderer out;
    out.method = saved.at("method").get<std::string>();
    out.version = saved.at("version").get<std::string>();
    out.build = folder.filename().string();
    out.bytes = saved.at("bytes").get<std::uint64_t>();
    out.own_root = saved.at("own_root").get<bool>();
    out.root = inside(folder / "files", saved.at("root").get<std::string>());
    out.program = saved.at("program").get<std::string>();
    bool const usable = !out.root.empty() && check_relative_path(out.program).has_value();
    return usable ? std::optional(out) : std::nullopt;
  } catch (json::exception const&) {
    return std::nullopt;
  }
}

// What is written has reached the disk before the name says that it is whole.
Result<void> sync_all(fs::path const& folder) {
  FileDescriptor const open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (open && ::syncfs(open.get()) == 0) return {};
  return fail(Errc::unavailable, fmt::format("cannot sync {}: {}", folder.string(), std::strerror(errno)));
}

}  // namespace

Result<RendererStore> RendererStore::open(fs::path folder) {
  std::error_code error;
  for (auto const* part : {"incoming", "locks"})
    if (!error) fs::create_directories(folder / part, error);
  if (error)
    return fail(Errc::unavailable,
                fmt::format("cannot create the folder of renderers {}: {}", folder.string(), error.message()));
  RendererStore store(std::move(folder));
  store.clean_up();
  return store;
}

// What another slave is unpacking or removing now stays: it has the lock.
void RendererStore::clean_up() const {
  std::error_code error;
  for (auto const& item : fs::directory_iterator(folder_ / "incoming", error)) {
    std::string const build = item.path().filename().string().substr(0, 64);
    if (!is_sha256_hex(build)) continue;
    auto const turn = lock_file(folder_ / "locks" / build);
    if (!lock_now(turn, LOCK_EX)) continue;
    if (auto const removed = remove_folder(item.path()); !removed) spdlog::warn("{}", removed.error().message);
  }
}

std::optional<StoredRenderer> RendererStore::find(std::string const& build) const {
  return is_sha256_hex(build) ? described(folder_ / build) : std::nullopt;
}

std::vector<StoredRenderer> RendererStore::all() const {
  std::vector<StoredRenderer> out;
  std::error_code error;
  for (auto const& item : fs::directory_iterator(folder_, error))
    if (auto found = find(item.path().filename().string())) out.push_back(std::move(*found));
  std::ranges::sort(out, {}, &StoredRenderer::build);
  return out;
}

std::optional<FileDescriptor> RendererStore::hold(std::string const& build) const {
  if (!find(build)) return std::nullopt;
  fs::path const path = folder_ / build / "lock";
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  while (file && ::flock(file.get(), LOCK_SH) != 0)  // who removes it has it for a moment
    if (errno != EINTR) return std::nullopt;
  if (!file || !is_still(file, path)) return std::nullopt;
  ::futimens(file.get(), nullptr);
  return file;
}

Result<FileDescriptor> RendererStore::take_turn(std::string const& build, std::function<bool()> const& go_on) const {
  auto turn = lock_file(folder_ / "locks" / build);
  if (!turn)
    return fail(Errc::unavailable, fmt::format("cannot lock in {}: {}", folder_.string(), std::strerror(errno)));
  while (!lock_now(turn, LOCK_EX)) {
    if (!go_on()) return fail(Errc::unavailable, "interrupted");
    std::this_thread::sleep_for(turn_poll);
  }
  return turn;
}

Result<StoredRenderer> RendererStore::unpack(protocol::RendererBuild const& build, fs::path const& archive,
                                             std::string const& program, std::function<bool()> const& go_on) {
  fs::path const making = folder_ / "incoming" / build.build;
  auto const give_up = [&making](Error const& error) {
    if (auto const removed = remove_folder(making); !removed) spdlog::warn("{}", removed.error().message);
    return error;
  };
  if (auto const renewed = renew_folder(making); !renewed) return renewed.error();
  std::error_code error;
  fs::create_directory(making / "files", error);
  if (error)
    return give_up(fail(Errc::unavailable, fmt::format("cannot make {}: {}", making.string(), error.message())));
  UnpackLimits limits;
  limits.bytes = build.unpacked_bytes;
  auto const unpacked = distren::unpack(archive, making / "files", limits, go_on);
  if (!unpacked) return give_up(unpacked.error());
  auto const layout = find_layout(making / "files", program);
  if (!layout) return give_up(layout.error());
  json const description{{"method", build.method},
                         {"version", build.version},
                         {"bytes", unpacked->bytes},
                         {"own_root", layout->own_root},
                         {"root", layout->root.lexically_relative(making / "files").string()},
                         {"program", layout->program}};
  if (!lock_file(making / "lock"))
    return give_up(
        fail(Errc::unavailable, fmt::format("cannot write in {}: {}", making.string(), std::strerror(errno))));
  for (auto const& written : {write_file_durably(making / "build.json", description.dump(), 0600), sync_all(making),
                              rename_durably(making, folder_ / build.build)})
    if (!written) return give_up(written.error());
  auto found = find(build.build);
  if (!found) return fail(Errc::unavailable, fmt::format("{} cannot be read", (folder_ / build.build).string()));
  return *found;
}

// Moved aside first: what is half removed must not look whole.
bool RendererStore::remove(std::string const& build) const {
  auto const turn = lock_file(folder_ / "locks" / build);
  if (!lock_now(turn, LOCK_EX)) return false;
  fs::path const path = folder_ / build;
  FileDescriptor const user(::open((path / "lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!lock_now(user, LOCK_EX)) return false;
  fs::path const aside = folder_ / "incoming" / (build + ".old");
  if (::rename(path.c_str(), aside.c_str()) != 0) return false;
  spdlog::info("removing a renderer to make room build={}", build);
  if (auto const removed = remove_folder(aside); !removed) spdlog::warn("{}", removed.error().message);
  return true;
}

std::vector<Cache::Neighbour> RendererStore::neighbours() const {
  std::vector<Cache::Neighbour> out;
  for (auto const& each : all()) {
    struct stat info {};
    if (::stat((folder_ / each.build / "lock").c_str(), &info) != 0) continue;
    std::int64_t const used = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    out.push_back({each.bytes, used, [store = *this, build = each.build] { return store.remove(build); }});
  }
  return out;
}

}  // namespace distren

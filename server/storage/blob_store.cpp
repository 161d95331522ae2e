#include "server/storage/blob_store.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/base/digest.h"
#include "common/base/files.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

Error storage_error(std::string_view what, fs::path const& path, int error) {
  return fail(error == ENOENT ? Errc::not_found : Errc::unavailable,
              fmt::format("{} {}: {}", what, path.string(), std::strerror(error)));
}

Result<void> make_folders(fs::path const& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return storage_error("cannot make the folder", path, error.value());
  return {};
}

bool same_file(fs::path const& a, fs::path const& b) {
  struct stat left {};
  struct stat right {};
  return ::stat(a.c_str(), &left) == 0 && ::stat(b.c_str(), &right) == 0 && left.st_dev == right.st_dev &&
         left.st_ino == right.st_ino;
}

// A file system limits the number of links to a file (65,000 on ext4).
Result<void> copy_durably(fs::path const& from, fs::path const& to) {
  fs::path temporary = to;
  temporary += fmt::format(".{}.tmp", to_hex(random_bytes(6).data(), 6));
  std::error_code error;
  fs::copy_file(from, temporary, error);
  Result<void> done;
  if (error) done = storage_error("cannot copy to", temporary, error.value());
  if (done) done = sync_file(temporary);
  if (done) done = rename_durably(temporary, to);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

}  // namespace

Result<BlobStore> BlobStore::open(fs::path const& stor) {
  auto made = make_folders(stor / "blob");
  if (!made) return std::move(made).error();
  return BlobStore(stor / "blob");
}

fs::path BlobStore::path_of(std::string_view sha256) const {
  return folder_ / sha256.substr(0, 2) / sha256;
}

bool BlobStore::holds(std::string_view sha256) const {
  return is_sha256_hex(sha256) && ::access(path_of(sha256).c_str(), F_OK) == 0;
}

Result<void> BlobStore::adopt(fs::path const& file, std::string_view sha256) const {
  auto const target = path_of(sha256);
  auto made = make_folders(target.parent_path());
  if (!made) return made;
  if (::link(file.c_str(), target.c_str()) != 0 && errno != EEXIST) {
    return storage_error("cannot store the file as", target, errno);
  }
  auto synced = sync_folder(target.parent_path());
  return synced ? sync_folder(folder_) : synced;
}

Result<void> BlobStore::copy_in(fs::path const& file, std::string_view sha256) const {
  if (holds(sha256)) return {};
  auto const target = path_of(sha256);
  auto made = make_folders(target.parent_path());
  return made ? copy_durably(file, target) : made;
}

Result<void> BlobStore::link_to(std::string_view sha256, fs::path const& target) const {
  auto const source = path_of(sha256);
  auto made = make_folders(target.parent_path());
  if (!made) return made;
  if (::link(source.c_str(), target.c_str()) == 0) return {};
  int const error = errno;
  if (error == EEXIST && same_file(source, target)) return {};
  if (error == EMLINK) return copy_durably(source, target);
  return storage_error("cannot place a file of the job at", target, error);
}

Result<void> BlobStore::remove(std::string_view sha256) const {
  auto const path = path_of(sha256);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return storage_error("cannot remove", path, errno);
  return {};
}

Result<std::int64_t> free_bytes(fs::path const& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return storage_error("cannot ask the free space of", path, errno);
  return static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize);
}

}  // namespace distren

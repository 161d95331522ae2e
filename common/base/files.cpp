#include "common/base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/base/digest.h"

namespace distren {

namespace {

Error system_error(std::string_view what, std::filesystem::path const& path, int error) {
  Errc const code = error == ENOENT                     ? Errc::not_found
                    : error == EACCES || error == EPERM ? Errc::denied
                                                        : Errc::unavailable;
  return fail(code, fmt::format("{} {}: {}", what, path.string(), std::strerror(error)));
}

Result<void> write_all(int fd, std::string_view content, std::filesystem::path const& path) {
  while (!content.empty()) {
    ssize_t const written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("cannot write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_path(std::filesystem::path const& path, int flags) {
  FileDescriptor const fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!fd || ::fsync(fd.get()) != 0) return system_error("cannot sync", path, errno);
  return {};
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() {
  return std::exchange(fd_, -1);
}

Result<std::string> read_file(std::filesystem::path const& path, std::uint64_t limit) {
  FileDescriptor const fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error("cannot open", path, errno);
  std::string content;
  char buffer[65536];
  for (;;) {
    ssize_t const got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read", path, errno);
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > limit)
      return fail(Errc::invalid, fmt::format("{} is larger than {} bytes", path.string(), limit));
  }
}

Result<std::string> read_secret_file(std::filesystem::path const& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0)
    return fail(Errc::denied,
                fmt::format("{} can be read or changed by others; run: chmod 600 {}", file.string(), file.string()));
  auto text = read_file(file, 4096);
  if (!text) return text.error();
  std::string secret = text->substr(0, text->find_first_of("\r\n"));
  if (secret.empty())
    return fail(Errc::invalid, fmt::format("{} is empty; it should hold the password", file.string()));
  return secret;
}

Result<void> write_file_durably(std::filesystem::path const& path, std::string_view content, unsigned mode) {
  // A random name: two writers of the same file never share a temporary one.
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.tmp", to_hex(random_bytes(6).data(), 6));
  FileDescriptor const fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return system_error("cannot create", temporary, errno);
  Result<void> done = write_all(fd.get(), content, temporary);
  if (done && ::fsync(fd.get()) != 0) done = system_error("cannot sync", temporary, errno);
  if (done) done = rename_durably(temporary, path);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

Result<void> rename_durably(std::filesystem::path const& from, std::filesystem::path const& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error("cannot rename to", to, errno);
  return sync_folder(to.has_parent_path() ? to.parent_path() : ".");
}

Result<void> sync_file(std::filesystem::path const& path) {
  return sync_path(path, 0);
}

Result<void> sync_folder(std::filesystem::path const& path) {
  return sync_path(path, O_DIRECTORY);
}

Result<void> check_relative_path(std::string_view path) {
  auto refuse = [path](std::string_view reason) {
    std::string shown(path.substr(0, 200));
    for (char& c : shown) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return fail(Errc::invalid, fmt::format("the path '{}' cannot be used: {}", shown, reason));
  };
  if (path.empty()) return refuse("it is empty");
  if (path.size() > 1000) return refuse("it is longer than 1,000 bytes");
  for (char const c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return refuse("it holds a control character");
    if (c == '\\') return refuse("it holds a backslash; separate folders by '/'");
  }
  if (path.front() == '/') return refuse("it is absolute; give it relative to the scene's folder");
  std::size_t parts = 0;
  for (std::string_view rest = path;;) {
    auto const slash = rest.find('/');
    std::string_view const part = rest.substr(0, slash);
    if (part.empty()) return refuse("it has an empty part");
    if (part == "." || part == "..") return refuse("it has a '.' or '..' part");
    if (part.size() > 255) return refuse("a part of it is longer than 255 bytes");
    if (++parts > 32) return refuse("it is nested more than 32 folders deep");
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace distren

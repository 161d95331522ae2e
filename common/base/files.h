// Durable files (they survive a power cut), and checks of untrusted paths. Any thread.
#pragma once

#include <dirent.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

// Owns a file descriptor.
class FileDescriptor {
public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();

private:
  int fd_ = -1;
};

// Owns an open folder.
struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

// The whole file as text. Errors: invalid, larger than limit bytes; not_found.
Result<std::string> read_file(std::filesystem::path const& path, std::uint64_t limit = 16U << 20);

// The first line of a file with a secret. Errors: denied, others can read or change the file.
Result<std::string> read_secret_file(std::filesystem::path const& path);

// Atomic and durable: writes a temporary file, fsyncs, renames it over the target, fsyncs the folder. Errors:
// unavailable, for example a full disk; the old content is then unchanged.
Result<void> write_file_durably(std::filesystem::path const& path, std::string_view content, unsigned mode = 0644);

// rename + fsync of the target's folder. Requires that the file is synced (sync_file).
Result<void> rename_durably(std::filesystem::path const& from, std::filesystem::path const& to);
Result<void> sync_file(std::filesystem::path const& path);
Result<void> sync_folder(std::filesystem::path const& path);

// Checks an untrusted relative path: not empty, no NUL or control characters, no '\', not absolute, no empty, "."
// or ".." part, at most 1,000 bytes in all, 255 a part and 32 parts. Errors: invalid, with the path and the
// reason.
Result<void> check_relative_path(std::string_view path);

}  // namespace distren

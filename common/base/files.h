// Files that survive a power cut, and paths that strangers name. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
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

// Whole file as text; invalid when it is larger than limit bytes, not_found when it is not there.
Result<std::string> read_file(std::filesystem::path const& path, std::uint64_t limit = 16U << 20);

// The first line of a file that holds a secret. denied: others may read or change the file.
Result<std::string> read_secret_file(std::filesystem::path const& path);

// Writes beside the target, fsyncs, renames over it, fsyncs the folder: after return the content is durable,
// before it the old content stands. A full disk is Errc::unavailable and leaves no trace.
Result<void> write_file_durably(std::filesystem::path const& path, std::string_view content, unsigned mode = 0644);

// rename + fsync of the target's folder. The file itself must already be synced (sync_file).
Result<void> rename_durably(std::filesystem::path const& from, std::filesystem::path const& to);
Result<void> sync_file(std::filesystem::path const& path);
Result<void> sync_folder(std::filesystem::path const& path);

// Checks a relative path that came from elsewhere: not empty, no NUL or control characters, no '\', not absolute,
// no empty, "." or ".." part, at most 1,000 bytes in all, 255 a part and 32 parts. The message names the path and the
// reason.
Result<void> check_relative_path(std::string_view path);

}  // namespace distren

// Files by SHA-256 below stor/blob/ab/abcdef...: the same texture or scene is stored once, however often it is
// uploaded, and hard-linked into the folder of each job that uses it. Blobs are never changed after they are stored.
// Any thread: every step is one atomic operation of the file system. A full disk is Errc::unavailable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

class BlobStore {
public:
  // Makes the folder when it is not there.
  static Result<BlobStore> open(std::filesystem::path const& stor);

  [[nodiscard]] std::filesystem::path path_of(std::string_view sha256) const;
  [[nodiscard]] bool holds(std::string_view sha256) const;

  // Takes a hard link to a synced file whose digest the caller has verified; the file itself stays. Idempotent.
  [[nodiscard]] Result<void> adopt(std::filesystem::path const& file, std::string_view sha256) const;

  // The same for a file that is not ours or lies elsewhere: the store gets a copy. Nothing to do when it is there.
  [[nodiscard]] Result<void> copy_in(std::filesystem::path const& file, std::string_view sha256) const;

  // Hard-links a blob to target, making the folders between; an existing target with the same content is fine.
  // not_found: no such blob. Where a file has too many links already, the blob is copied.
  [[nodiscard]] Result<void> link_to(std::string_view sha256, std::filesystem::path const& target) const;

  // Removes the name below blob/; jobs that link the file keep theirs. Fine when it is not there.
  Result<void> remove(std::string_view sha256) const;

private:
  explicit BlobStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

// Bytes that the file system of `path` still gives to this process.
Result<std::int64_t> free_bytes(std::filesystem::path const& path);

}  // namespace distren

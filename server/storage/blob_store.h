// Files by SHA-256 below stor/blob/ab/abcdef...: identical files are stored once and hard-linked into the folder of
// each job that uses them. Blobs never change. Any thread: every step is one atomic operation of the file system.
// Errors: unavailable for a full disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

class BlobStore {
public:
  // Creates the folder if missing.
  static Result<BlobStore> open(std::filesystem::path const& stor);

  [[nodiscard]] std::filesystem::path path_of(std::string_view sha256) const;
  [[nodiscard]] bool holds(std::string_view sha256) const;

  // Hard-links a synced file whose digest the caller has verified; the file itself stays. Idempotent.
  [[nodiscard]] Result<void> adopt(std::filesystem::path const& file, std::string_view sha256) const;

  // The same for a file of another owner or file system: the store gets a copy. No effect when the blob exists.
  [[nodiscard]] Result<void> copy_in(std::filesystem::path const& file, std::string_view sha256) const;

  // Hard-links a blob to target, creating the folders; an existing target with the same content is kept. Errors:
  // not_found, no such blob. A blob with too many links is copied.
  [[nodiscard]] Result<void> link_to(std::string_view sha256, std::filesystem::path const& target) const;

  // Removes the blob's own link; jobs that link the file keep theirs. No effect when it does not exist.
  Result<void> remove(std::string_view sha256) const;

private:
  explicit BlobStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

// Bytes available to this process on the file system of `path`.
Result<std::int64_t> free_bytes(std::filesystem::path const& path);

}  // namespace distren

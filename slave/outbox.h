// Results that the server has not yet accepted, one folder each, complete or absent: kill -9 and power cuts at
// any moment leave either the whole result or none. Any thread, calls are serialised inside; the folder belongs to one
// slave process.
// Life: add() moves the image out of the renderer's reach, hash() reads it, commit() makes it durable, change()
// records progress, remove() after the server's final answer. Failure: unavailable (disk), invalid (the renderer left
// no regular file).
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/protocol/result.h"

namespace distren {

struct OutboxFile {
  std::string name;  // as the renderer gave it; on disk it has a number
  std::int64_t size = 0;
  std::string sha256;
  std::string upload_id;  // of the finished upload; empty: not uploaded yet
};

struct OutboxEntry {
  std::int64_t attempt = 0;
  std::string lease;
  protocol::ResultReport result;  // as reported; its outputs are filled in from the members below
  std::string upload;             // where to create the upload; empty: there is no image
  std::string name;               // of the image
  std::int64_t size = 0;
  std::string sha256;
  std::string upload_id;         // of the finished upload; empty: not uploaded yet
  std::vector<OutboxFile> more;  // besides the image
};

class Outbox {
public:
  // owner: whom the results are for ("server key"); those of another stay until that owner runs again.
  // dropped: what was damaged and has been deleted, for the log.
  static Result<std::unique_ptr<Outbox>> open(std::filesystem::path folder, std::string owner,
                                              std::vector<std::string>& dropped);

  // Moves `from` (a regular file, at most limit bytes, else invalid) in.
  Result<void> add(OutboxEntry const& entry, std::filesystem::path const& from, std::int64_t limit);
  // After add(): the file `name` below `folder`, which the renderer may still change, so no link is followed. Returns
  // its size. At most limit bytes, else invalid.
  Result<std::int64_t> add_further(OutboxEntry& entry, std::filesystem::path const& folder, std::string const& name,
                                   std::int64_t limit);
  Result<std::filesystem::path> hash(OutboxEntry& entry) const;  // fills size and sha256; returns the image's path
  Result<std::filesystem::path> hash(OutboxEntry& entry, std::size_t number) const;  // of entry.more
  void discard(std::int64_t attempt);
  Result<void> commit(OutboxEntry const& entry);  // after hash(), or alone when there is no image
  Result<void> change(OutboxEntry const& entry);
  void remove(std::int64_t attempt);

  [[nodiscard]] std::vector<OutboxEntry> entries();  // oldest first
  [[nodiscard]] std::filesystem::path image_path(OutboxEntry const& entry) const;
  [[nodiscard]] std::filesystem::path further_path(OutboxEntry const& entry, std::size_t number) const;

private:
  Outbox(std::filesystem::path folder, std::string owner) : folder_(std::move(folder)), owner_(std::move(owner)) {}
  void scan(std::vector<std::string>& dropped);
  [[nodiscard]] std::filesystem::path place(std::int64_t attempt, char const* suffix = "") const;
  [[nodiscard]] std::string kept_text(OutboxEntry const& entry) const;

  std::mutex mutex_;
  std::filesystem::path folder_;
  std::string owner_;
  std::vector<OutboxEntry> entries_;
};

// An attempt that ends without an image; log may be empty.
OutboxEntry entry_without_image(std::int64_t attempt, std::string const& lease, protocol::Outcome outcome,
                                protocol::ResultCode code, std::string const& message, std::string const& log = {});
// The result message, with the upload's id where there is one.
protocol::ResultReport result_message(OutboxEntry const& entry);

}  // namespace distren

// Results that the server has not yet taken, one folder each, complete or not there at all: kill -9 and power cuts at
// any moment leave either the whole result or none. Any thread, calls are serialised inside; the folder belongs to one
// slave process.
// Life: add() moves the picture out of the renderer's reach, hash() reads it, commit() makes it lasting, change()
// records progress, remove() after the server's last word. Failure: unavailable (disk), invalid (what the renderer left
// is no file).
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/protocol/result.h"

namespace distren {

struct OutboxEntry {
  std::int64_t attempt = 0;
  std::string lease;
  protocol::ResultReport result;  // as the server is told; its output is filled in from what stands below
  std::string upload;             // where to create the upload; empty: there is no picture
  std::string name;               // of the picture
  std::int64_t size = 0;
  std::string sha256;
  std::string upload_id;  // of the finished upload; empty: still to do
};

class Outbox {
public:
  // owner: whom the results are for ("server key"); those of another stay untouched until their owner comes back.
  // dropped: what was damaged and has been deleted, for the log.
  static Result<std::unique_ptr<Outbox>> open(std::filesystem::path folder, std::string owner,
                                              std::vector<std::string>& dropped);

  // Moves `from` (a regular file, at most limit bytes, else invalid) in.
  Result<void> add(OutboxEntry const& entry, std::filesystem::path const& from, std::int64_t limit);
  Result<std::filesystem::path> hash(OutboxEntry& entry) const;  // fills size and sha256; where the picture is
  void discard(std::int64_t attempt);
  Result<void> commit(OutboxEntry const& entry);  // after hash(), or alone when there is no picture
  Result<void> change(OutboxEntry const& entry);
  void remove(std::int64_t attempt);

  [[nodiscard]] std::vector<OutboxEntry> entries();  // oldest first
  [[nodiscard]] std::filesystem::path picture(OutboxEntry const& entry) const;

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
                                std::string const& reason, std::string const& log = {});
// The result message, with the upload's id where there is one.
protocol::ResultReport result_message(OutboxEntry const& entry);

}  // namespace distren

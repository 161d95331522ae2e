// Uploads in parts (the state behind tus 1.0): stor/upload/ID.part grows, ID.json says what it shall become. The size
// of the part is the offset, so a restart loses nothing; the running SHA-256 is rebuilt from the part when it is not in
// memory. Parts of one upload are taken one at a time (a lock per upload). Any thread.
// People's uploads become blobs; those of slaves wait for the result message that names them.
// Our own: Debian has no library for C or C++ that serves tus.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "common/base/result.h"

namespace distren {

struct UploadSpec {
  std::int64_t size = 0;
  std::string sha256;        // what the whole file must have; lower-case hexadecimal
  std::string filename;      // told by the uploader, for messages only
  std::int64_t user = 0;     // of a person; 0: a slave's
  std::int64_t attempt = 0;  // of a slave
  std::int64_t slave = 0;
};

struct UploadState {
  std::string id;
  UploadSpec spec;
  std::int64_t offset = 0;
  std::int64_t expires = 0;  // UNIX seconds; every part moves it
  bool finished = false;     // whole, verified, and for people a blob
};

struct FinishedUpload {
  std::filesystem::path path;  // synced; hard-link or rename it away, then forget()
  std::int64_t size = 0;
  std::string sha256;
};

// Why a part was not taken; the door turns it into the status codes of tus.
struct UploadRefusal {
  enum class Kind { not_found, offset_differs, too_long, checksum, content, disk_full, too_many, failed };
  Kind kind = Kind::failed;
  std::string message;
};
using UploadOutcome = std::variant<UploadState, UploadRefusal>;

class Uploads {
public:
  struct Limits {
    std::int64_t free_bytes = std::int64_t{1} << 30;  // refuse when the disk would have less
    std::int64_t lifetime = 24 * 3600;                // seconds without a new part
    std::int64_t finished_lifetime = 3600;            // how long a finished upload of a person still answers
    int unfinished_per_owner = 256;                   // a slave's count until their result is settled
  };
  using Clock = std::function<std::int64_t()>;  // UNIX seconds
  // Makes a whole, verified file durable in its final place (the blob and its row); called under the upload's lock.
  using Finish = std::function<Result<void>(UploadState const&, std::filesystem::path const& part)>;

  static Result<std::unique_ptr<Uploads>> open(std::filesystem::path const& stor, Limits limits, Clock clock);

  UploadOutcome create(UploadSpec spec);
  // sha256 (32 bytes) of this part alone, or empty. A part with a wrong digest, offset or length changes nothing.
  // When the last byte is there the digest is verified (kind content: the upload is gone) and finish is called; when
  // that fails the upload stays, and an empty append at its end tries again.
  UploadOutcome append(std::string_view id, std::int64_t offset, std::string_view bytes, std::string_view sha256,
                       Finish const& finish);
  UploadOutcome state(std::string_view id);
  Result<void> remove(std::string_view id);  // not_found when it is not there

  // For results: not_found when this upload is unknown, unfinished, or not of this attempt and slave.
  Result<FinishedUpload> finished_upload(std::string_view id, std::int64_t attempt, std::int64_t slave);
  void forget(std::string_view id);

  int sweep();  // removes expired uploads; returns how many

private:
  struct Entry;
  Uploads(std::filesystem::path folder, Limits limits, Clock clock);
  Result<void> load_all();
  void load_one(std::string const& id);
  std::shared_ptr<Entry> find(std::string_view id);  // shared: a swept entry may still be in somebody's hands
  UploadOutcome take(Entry& entry, std::string_view bytes);
  UploadOutcome complete(Entry& entry, Finish const& finish);
  Result<void> save(Entry const& entry) const;
  void drop(Entry& entry);  // files and entry; the caller holds the entry's lock
  void drop_others_of(UploadSpec const& spec);
  void count(UploadSpec const& spec, int change);
  [[nodiscard]] std::filesystem::path part_path(std::string const& id) const;
  [[nodiscard]] std::filesystem::path note_path(std::string const& id) const;

  std::filesystem::path folder_;
  Limits limits_;
  Clock clock_;
  std::mutex mutex_;  // guards the two below; taken after an entry's lock, never before
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;
  std::unordered_map<std::int64_t, int> unfinished_;  // by user, slaves negative
};

}  // namespace distren

// Uploads in parts (the state behind tus 1.0): stor/upload/ID.part grows, ID.json holds its metadata. The part's size
// is the offset, so a restart loses nothing; the running SHA-256 is recomputed when it is not in memory. A lock per
// upload serialises its parts. Any thread. Users' uploads become blobs; those of slaves wait for the result that names
// them.
// Our own: Debian has no library for C or C++ that serves tus.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "common/base/result.h"

namespace distren {

struct UploadSpec {
  std::int64_t size = 0;
  std::string sha256;        // required digest of the whole file; lower-case hexadecimal
  std::string filename;      // from the uploader, for messages; of an attempt one upload of each name is kept
  std::int64_t user = 0;     // of a user's upload; 0: a slave's
  std::int64_t attempt = 0;  // of a slave
  std::int64_t slave = 0;
  std::int64_t attempt_bytes = 0;  // that all uploads of the attempt may have together
};

struct UploadState {
  std::string id;
  UploadSpec spec;
  std::int64_t offset = 0;
  std::int64_t expires = 0;  // UNIX seconds; renewed by every part
  bool finished = false;     // complete, verified, and for users a blob
};

struct FinishedUpload {
  std::filesystem::path path;  // synced; hard-link or rename it, then call forget()
  std::int64_t size = 0;
  std::string sha256;
};

// Why a part was rejected; api/uploads.cpp maps it to the status codes of tus.
struct UploadRejection {
  enum class Kind { not_found, offset_differs, too_long, too_large, checksum, content, disk_full, too_many, failed };
  Kind kind = Kind::failed;
  std::string message;
};
using UploadResult = std::variant<UploadState, UploadRejection>;

class Uploads {
public:
  struct Limits {
    std::int64_t free_bytes = std::int64_t{1} << 30;  // rejects uploads below this free space
    std::int64_t lifetime = 24 * 3600;                // seconds without a new part
    std::int64_t finished_lifetime = 3600;            // how long a finished upload of a user can be queried
    int unfinished_per_owner = 256;                   // a slave's count until their result is committed
  };
  using Clock = std::function<std::int64_t()>;  // UNIX seconds
  // Stores a complete, verified file durably in its final place (the blob and its row); called under the upload's lock.
  using Finish = std::function<Result<void>(UploadState const&, std::filesystem::path const& part)>;

  static Result<std::unique_ptr<Uploads>> open(std::filesystem::path const& stor, Limits limits, Clock clock);

  UploadResult create(UploadSpec spec);
  // sha256 (32 bytes) of this part alone, or empty. A part with a wrong digest, offset or length changes nothing. After
  // the last byte the digest is verified (kind content: the upload is removed) and finish is called; if that fails the
  // upload stays, and an empty append at its end retries.
  UploadResult append(std::string_view id, std::int64_t offset, std::string_view bytes, std::string_view sha256,
                      Finish const& finish);
  UploadResult state(std::string_view id);
  Result<void> remove(std::string_view id);  // not_found when it is not there

  // For results. Errors: not_found, the upload is unknown, unfinished, or not of this attempt and slave.
  Result<FinishedUpload> finished_upload(std::string_view id, std::int64_t attempt, std::int64_t slave);
  void forget(std::string_view id);

  int sweep();  // removes expired uploads; returns how many

private:
  struct Entry;
  Uploads(std::filesystem::path folder, Limits limits, Clock clock);
  Result<void> load_all();
  void load_one(std::string const& id);
  std::shared_ptr<Entry> find(std::string_view id);  // shared: another thread may still hold a removed entry
  UploadResult take(Entry& entry, std::string_view bytes);
  UploadResult complete(Entry& entry, Finish const& finish);
  Result<void> save(Entry const& entry) const;
  void drop(Entry& entry);  // files and entry; requires the entry's lock
  void drop_others_of(UploadSpec const& spec);
  std::optional<UploadRejection> refuse_beside_others(UploadSpec const& spec);
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

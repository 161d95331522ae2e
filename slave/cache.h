// Files of scenes by SHA-256, kept between orders. One thread at a time; all slaves of one user on a host may share the
// folder. A file is only used after this process hashed every byte of it, whoever downloaded it; partial downloads
// stay in incoming/ and are resumed, by one slave at a time. The least recently used go first when the limit is passed,
// never one that is pinned. Slaves that fetch different files at once may pass the limit until room is made again.
// Failure: denied (the folder is not ours alone), unavailable (network, disk or another slave; ask again later),
// invalid (the server's file is not what it announced).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"
#include "common/http/http_client.h"
#include "common/protocol/order.h"

namespace distren {

class Cache {
public:
  // What else is kept in the folder within its limit, to be removed when it is older than files.
  struct Neighbour {
    std::uint64_t size = 0;
    std::int64_t used = 0;           // ns
    std::function<bool()> remove{};  // false: it is in use
  };
  struct Options {
    std::uint64_t limit = 0;                               // bytes, of files and neighbours together
    std::function<std::vector<Neighbour>()> neighbours{};  // as they are now
    // Only ever used to order files by use, and never backwards: see next_use().
    std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
    // How long another slave that fetches the same file may get no further.
    std::chrono::milliseconds patience{120'000};
  };
  // Makes the folder when it is not there.
  static Result<Cache> open(std::filesystem::path folder, Options options);

  // No slave deletes the file while this lives; link or copy it meanwhile.
  struct Pinned {
    std::filesystem::path path;
    FileDescriptor lock;
  };
  // From the cache, or fetched over the network (file.url must be absolute).
  Result<Pinned> fetch(HttpClient& client, protocol::Input const& file, HttpClient::Progress const& received);
  // Deletes old files and neighbours until `coming` bytes more would fit; those of `needed` digests stay, and so does
  // what another slave has pinned or is fetching.
  Result<void> make_room(std::uint64_t coming, std::set<std::string> const& needed);
  [[nodiscard]] bool holds(protocol::Input const& file) const;
  void remove(Pinned file);  // unless another slave has it pinned, or is fetching it

private:
  struct Seen {  // a file as it was when it was hashed; a replaced or changed one is hashed again
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed = 0;  // ns
    bool operator==(Seen const&) const = default;
  };

  Cache(std::filesystem::path folder, Options options) : folder_(std::move(folder)), options_(std::move(options)) {}
  static std::optional<Seen> look_at(std::filesystem::path const& path);
  [[nodiscard]] std::filesystem::path place(std::string const& sha256) const;
  [[nodiscard]] std::filesystem::path lock_of(std::string const& sha256) const;
  Result<FileDescriptor> wait_for_turn(HttpClient& client, protocol::Input const& file);
  std::optional<Pinned> pin(std::filesystem::path const& path, protocol::Input const& file);
  bool evict(std::filesystem::path const& path);
  std::int64_t next_use();

  std::filesystem::path folder_;
  Options options_;
  std::map<std::string, Seen> verified_;  // hashed by this process; the disk is not asked twice
  std::int64_t newest_use_ = 0;           // ns; of all files at the last look
};

}  // namespace distren

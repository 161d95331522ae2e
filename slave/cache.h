// Files of scenes by SHA-256, kept between orders. One thread at a time; the folder belongs to one slave process.
// A file is only ever found under its digest after every byte of it was hashed; what is half there stays in
// incoming/ and is continued. The least recently used go first when the limit is passed.
// Failure: unavailable (network or disk; ask again later), invalid (the server's file is not what it announced).
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "common/http_client.h"
#include "common/result.h"
#include "slave/order.h"

namespace distren {

class Cache {
public:
  // limit: bytes.
  static Result<Cache> open(std::filesystem::path folder, std::uint64_t limit);

  // From the cache, or fetched over the network (file.url must be absolute). The path is good until room is made.
  Result<std::filesystem::path> fetch(HttpClient& client, OrderFile const& file, HttpClient::Progress const& received);
  // Deletes old files until `coming` bytes more would fit; those of `needed` digests stay.
  Result<void> make_room(std::uint64_t coming, std::set<std::string> const& needed);
  [[nodiscard]] bool holds(OrderFile const& file) const;

private:
  Cache(std::filesystem::path folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}
  [[nodiscard]] std::filesystem::path place(std::string const& sha256) const;
  bool verified(std::filesystem::path const& path, OrderFile const& file);

  std::filesystem::path folder_;
  std::uint64_t limit_;
  std::set<std::string> verified_;  // hashed by this process; the disk is not asked twice
};

}  // namespace distren

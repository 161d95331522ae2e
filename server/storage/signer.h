// Signed URLs: a path and query that only this server can have created, valid until `expires` (UNIX seconds). The key
// is 32 random bytes in a file of mode 0600; deleting it invalidates all URLs. Any thread. A signature covers the path
// and every parameter, so none can be added, changed or removed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace distren {

using Parameters = std::vector<std::pair<std::string, std::string>>;

class Signer {
public:
  explicit Signer(std::string key) : key_(std::move(key)) {}
  // Reads the key, or creates it if missing. Errors: denied, others can read the file.
  static Result<Signer> load(std::filesystem::path const& key_file);

  // The path with "?parameters...&expires=...&signature=...": a relative URL.
  [[nodiscard]] std::string sign(std::string_view path, Parameters parameters, std::int64_t expires) const;
  // Errors: denied for expired, changed or unsigned URLs; the client must request a new one. `parameters` are decoded.
  [[nodiscard]] Result<void> verify(std::string_view path, Parameters const& parameters, std::int64_t now) const;

  // A secret derived from the key for another purpose ("csrf", ...): never the key itself.
  [[nodiscard]] std::string derive(std::string_view purpose, std::string_view message) const;

private:
  std::string key_;
};

}  // namespace distren

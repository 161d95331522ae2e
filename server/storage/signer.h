// Signed URLs: a path and query that only this server can have made, valid until `expires` (UNIX seconds). The key is
// 32 random bytes in a file of mode 0600; whoever deletes it makes every URL given out so far worthless. Any thread.
// A signature covers the path and every parameter, so none can be added, changed or taken away.
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

// Percent-encodes everything but letters, digits and -._~; '/' stays when keep_slashes, for whole paths.
std::string percent_encode(std::string_view text, bool keep_slashes = false);

class Signer {
public:
  explicit Signer(std::string key) : key_(std::move(key)) {}
  // Reads the key, or makes one when the file is not there. denied: others may read the file.
  static Result<Signer> load(std::filesystem::path const& key_file);

  // The path with "?parameters...&expires=...&signature=...": a relative URL ready to be sent.
  [[nodiscard]] std::string sign(std::string_view path, Parameters parameters, std::int64_t expires) const;
  // denied: expired, changed, or never signed; all of them ask for a new address. `parameters` are decoded.
  [[nodiscard]] Result<void> verify(std::string_view path, Parameters const& parameters, std::int64_t now) const;

  // A secret derived from the key for another purpose ("csrf", ...): never the key itself.
  [[nodiscard]] std::string derive(std::string_view purpose, std::string_view message) const;

private:
  std::string key_;
};

}  // namespace distren

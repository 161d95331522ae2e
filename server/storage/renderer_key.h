// The key by which the grid signs the renderers that it delivers: Ed25519, made at the first use, in a file of mode
// 0600. Slaves keep its public half when they are enrolled; deleting the file makes another one, which they refuse. Any
// thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

class RendererKey {
public:
  // Reads the key, or creates it if missing. Errors: denied, others can read the file; invalid, it is no key.
  static Result<RendererKey> load(std::filesystem::path const& file);

  [[nodiscard]] std::string public_key() const;                 // base64 of 32 bytes
  [[nodiscard]] std::string sign(std::string_view text) const;  // 64 bytes

private:
  explicit RendererKey(std::string secret) : secret_(std::move(secret)) {}
  std::string secret_;
};

}  // namespace distren

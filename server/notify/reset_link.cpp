#include "server/notify/reset_link.h"

#include <fmt/format.h>

#include <charconv>

namespace distren {

std::string reset_token(Signer const& signer, std::int64_t reset, std::int64_t created_ms) {
  return signer.derive("password-reset", fmt::format("{}/{}", reset, created_ms));
}

std::string reset_path(Signer const& signer, std::string const& code) {
  std::int64_t reset = 0;
  std::int64_t created_ms = 0;
  auto const* const end = code.data() + code.size();
  auto const id = std::from_chars(code.data(), end, reset);
  if (id.ec != std::errc{} || id.ptr == end || *id.ptr != '/') return {};
  auto const time = std::from_chars(id.ptr + 1, end, created_ms);
  if (time.ec != std::errc{} || time.ptr != end) return {};
  return fmt::format("{}/{}", reset, reset_token(signer, reset, created_ms));
}

}  // namespace distren

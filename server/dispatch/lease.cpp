#include "server/dispatch/lease.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "common/base/digest.h"

namespace distren {

namespace {

// 128 bits of the HMAC: as hard to guess as any, half the bytes on the wire.
std::string mac(std::string_view text, std::string_view key) {
  return to_base64url(as_bytes(hmac_sha256(key, text)).substr(0, 16));
}

}  // namespace

std::string sign_lease(Lease const& lease, std::string_view key) {
  std::string text = fmt::format("{}.{}.{}.{}", lease.task, lease.attempt, lease.slave, lease.expires_ms);
  std::string const signature = mac(text, key);
  text += '.';
  text += signature;
  return text;
}

std::optional<Lease> verify_lease(std::string_view text, std::string_view key) {
  auto const dot = text.rfind('.');
  if (dot == std::string_view::npos || text.size() > 200) return std::nullopt;
  std::string_view rest = text.substr(0, dot);
  if (!equal_in_constant_time(mac(rest, key), text.substr(dot + 1))) return std::nullopt;
  std::array<std::int64_t, 4> number{};
  for (auto& n : number) {
    auto const [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), n);
    if (error != std::errc{}) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.empty()) rest.remove_prefix(1);
  }
  return Lease{number[0], number[1], number[2], number[3]};
}

}  // namespace distren

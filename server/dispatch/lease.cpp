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
  AttemptTerms const& terms = lease.terms;
  std::string text =
      fmt::format("{}.{}.{}.{}.{}.{}.{}.{}.{}.{}.{}", lease.task, lease.attempt, lease.slave, lease.expires_ms,
                  terms.user, terms.cores, terms.slots, terms.power, terms.benchmark, terms.boost, terms.renderer);
  std::string const signature = mac(text, key);
  text += '.';
  text += signature;
  return text;
}

std::optional<Lease> verify_lease(std::string_view text, std::string_view key) {
  auto const dot = text.rfind('.');
  if (dot == std::string_view::npos || text.size() > lease_text_limit) return std::nullopt;
  std::string_view rest = text.substr(0, dot);
  if (!equal_in_constant_time(mac(rest, key), text.substr(dot + 1))) return std::nullopt;
  std::array<std::int64_t, 11> number{};
  for (auto& n : number) {
    if (rest.empty() && &n == &number.back()) break;  // a lease of before a job had one renderer
    auto const [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), n);
    if (error != std::errc{}) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.empty()) rest.remove_prefix(1);
  }
  return Lease{.task = number[0],
               .attempt = number[1],
               .slave = number[2],
               .expires_ms = number[3],
               .terms = {.user = number[4],
                         .cores = static_cast<int>(number[5]),
                         .slots = static_cast<int>(number[6]),
                         .power = number[7],
                         .benchmark = number[8],
                         .boost = number[9],
                         .renderer = number[10]}};
}

}  // namespace distren

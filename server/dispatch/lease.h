// A lease: the signed right of one slave to hand in one attempt at one task. Given without waiting for a write; the
// signature lets the server believe it again after a restart that forgot it. Text: task.attempt.slave.expiry.mac
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace distren {

struct Lease {
  std::int64_t task = 0;
  std::int64_t attempt = 0;
  std::int64_t slave = 0;
  std::int64_t expires_ms = 0;  // UNIX time; says until when the server waits, not until when a result is welcome
};

std::string sign_lease(Lease const& lease, std::string_view key);
// Nothing: not a lease, or not signed with this key.
std::optional<Lease> verify_lease(std::string_view text, std::string_view key);

}  // namespace distren

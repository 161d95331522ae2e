// A lease: the signed right of one slave to bring the result of one attempt, and the terms on which that is paid. Given
// without waiting for a write; the signature lets the server believe it again after a restart that forgot it. Text:
// task.attempt.slave.expiry.user.cores.slots.power.benchmark.boost.renderer.mac; slaves take it as one word. Any
// thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace distren {

// What an attempt may earn, frozen with its order: whatever its slave says of itself later, or whether it is still
// there, changes nothing of it. Powers and boost are thousandths.
struct AttemptTerms {
  std::int64_t user = 0;  // whose slave it is; 0: not known, nobody is paid
  int cores = 1;          // that the slave lends, shared by its slots
  int slots = 1;
  std::int64_t power = 1000;      // of one core, as corrected
  std::int64_t benchmark = 1000;  // of one core, as measured
  std::int64_t boost = 0;         // of the job
  std::int64_t renderer = 0;      // a mark of the version and build that render it; 0: not known
  [[nodiscard]] int threads() const { return std::max(1, cores / std::max(1, slots)); }  // of one task
};

struct Lease {
  std::int64_t task = 0;
  std::int64_t attempt = 0;
  std::int64_t slave = 0;
  std::int64_t expires_ms = 0;  // UNIX time; says until when the server waits, not until when a result is welcome
  AttemptTerms terms{};
};

std::string sign_lease(Lease const& lease, std::string_view key);
// Nothing: not a lease, or not signed with this key.
std::optional<Lease> verify_lease(std::string_view text, std::string_view key);

inline constexpr std::size_t lease_text_limit = 300;  // bytes

}  // namespace distren

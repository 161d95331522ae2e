#include "server/slaves/slave_authenticator.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/digest.h"
#include "server/net/rate_limit.h"

namespace distren {

namespace {

constexpr int free_tries = 5;  // a person mistypes; a thousand slaves behind one address restart together
constexpr std::int64_t max_wait_ms = 300000;
constexpr std::size_t addresses_kept = 100000;  // beyond, the table starts afresh: it is a brake, not a record

}  // namespace

Result<store::SlaveIdentity> SlaveAuthenticator::enter(Database& database, std::string_view address,
                                                       std::string_view slavekey, std::string_view slavepassword) {
  // Per address and key: one broken PC must not lock out the others of its household.
  std::string const who = fmt::format("{} {}", limit_key(address), slavekey.substr(0, 64));
  std::int64_t const now = now_ms_();
  {
    std::lock_guard const lock(mutex_);
    if (auto const found = failures_.find(who); found != failures_.end() && found->second.until_ms > now)
      return fail(Errc::denied,
                  fmt::format("too many wrong tries with this slavekey from your address; wait {} s",
                              (found->second.until_ms - now + 999) / 1000),
                  "rate_limited");
  }
  auto identity = store::find_slave(database, slavekey);
  if (!identity && identity.error().code != Errc::not_found) return identity;
  // Compare also when the key is unknown, so that both take the same time.
  std::string_view const expected = identity ? std::string_view(identity->password_hash) : std::string_view("unknown");
  bool const right = equal_in_constant_time(as_bytes(sha256(slavepassword)), expected) && identity.has_value();

  std::lock_guard const lock(mutex_);
  if (!right) {
    if (failures_.size() >= addresses_kept) failures_.clear();
    Failures& failures = failures_[who];
    ++failures.count;
    if (failures.count > free_tries)
      failures.until_ms = now + std::min(max_wait_ms, std::int64_t{1000} << std::min(failures.count - free_tries, 20));
    return fail(Errc::denied,
                "slavekey or slavepassword is wrong; create new credentials with: distren slave create NAME",
                "wrong_credentials");
  }
  failures_.erase(who);
  if (identity->state == store::SlaveState::revoked)
    return fail(Errc::denied, "this slave was revoked by its owner; create a new one with: distren slave create NAME",
                "slave_revoked");
  if (identity->owner_blocked)
    return fail(Errc::denied, "the account of this slave's owner is blocked; ask the administrator of the grid",
                "account_blocked");
  if (identity->state == store::SlaveState::disabled)
    return fail(Errc::denied,
                fmt::format("this slave is disabled; enable it with: distren slave enable {}", identity->id),
                "slave_disabled");
  return identity;
}

}  // namespace distren

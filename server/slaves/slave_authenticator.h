// Authenticates slaves by slavekey and slavepassword, for both listeners. Wrong tries from one address cost growing
// delays, and an unknown key reads like a wrong password. Any thread that has a Database.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/result.h"
#include "server/store/slaves.h"

namespace distren {

class SlaveAuthenticator {
public:
  explicit SlaveAuthenticator(std::function<std::int64_t()> now_ms) : now_ms_(std::move(now_ms)) {}

  // denied: wrong, revoked, disabled, of a blocked user, or this address must wait (the message tells which of the
  // last four).
  // unavailable: the database is unavailable.
  Result<store::SlaveIdentity> enter(Database& database, std::string_view address, std::string_view slavekey,
                                     std::string_view slavepassword);

private:
  struct Failures {
    int count = 0;
    std::int64_t until_ms = 0;
  };
  std::function<std::int64_t()> now_ms_;
  std::mutex mutex_;  // guards failures_
  std::unordered_map<std::string, Failures> failures_;
};

}  // namespace distren

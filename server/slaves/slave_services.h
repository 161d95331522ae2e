// What the sessions of slaves work with, over the line and over HTTPS alike. References only, which must outlive all
// sessions; any thread.
#pragma once

#include <cstdint>
#include <functional>

#include "common/base/clock.h"
#include "common/protocol/messages.h"
#include "server/database/workers.h"
#include "server/dispatch/dispatcher.h"
#include "server/net/rate_limit.h"
#include "server/slaves/result_receiver.h"
#include "server/slaves/sign_on.h"
#include "server/slaves/slave_authenticator.h"
#include "server/slaves/telemetry_history.h"

namespace distren {

// What one slave may send; the same figures are in its welcome.
inline constexpr protocol::RateLimits slave_rates{};

struct SlaveServices {
  WorkerPool& workers;
  Dispatcher& dispatcher;
  ResultReceiver& results;
  SlaveAuthenticator& slave_authenticator;
  TelemetryHistory& telemetry;
  WelcomeSettings welcome;
  int connections_per_address = 64;  // of the line, not counted on loopback
  std::function<std::int64_t()> now_ms = unix_ms;

  // By the slave's number, so that a new connection is no new start.
  TokenBuckets announces{slave_rates.announces_per_minute / 60.0, 1.0 * slave_rates.announces_per_minute};
};

}  // namespace distren

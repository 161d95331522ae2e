// The welcome of a slave that signs on, and what is stored of its hello: the same by line protocol and HTTPS. Pure, any
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/protocol/hello.h"
#include "server/dispatch/slave_capabilities.h"
#include "server/store/slaves.h"

namespace distren {

struct WelcomeSettings {
  std::string files_url;  // empty: the line's host, port 8443
  std::int64_t heartbeat_ms = 30'000;
  std::int64_t telemetry_interval_ms = 0;  // 0: none is wanted
};
protocol::Welcome welcome_for(store::SlaveIdentity const& slave, WelcomeSettings const& settings, std::int64_t now_ms);

// invalid: both versions are named.
Result<void> check_protocol_version(int version);

SlaveCapabilities capabilities_of(store::SlaveIdentity const& slave, protocol::Hello const& hello);
store::SlaveHello recorded_hello(protocol::Hello const& hello, std::string address);

}  // namespace distren

// Who may sign on, what he is told, and what is stored of his announce: the same by line and HTTPS. Any thread, the
// database's for sign_on().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/protocol/announce.h"
#include "server/dispatch/slave_capabilities.h"
#include "server/store/slaves.h"

namespace distren {

struct SlaveServices;

inline constexpr std::string_view min_slave_version = "0.2.0";  // of our own programs

struct WelcomeSettings {
  std::string base_url;  // empty: the line's host, port 8443
  std::int64_t heartbeat_ms = 30'000;
  std::int64_t telemetry_ms = 0;  // 0: none is wanted
};

// Checks version and credentials and gives the slave's place to this sink. Errors carry the code of a `refused`.
Result<store::SlaveIdentity> sign_on(SlaveServices& services, Database& database, std::string const& address,
                                     protocol::SignOn const& message, std::shared_ptr<SlaveSink> sink);
protocol::Refused refused_for(Error const& error);
// session: of HTTPS; empty: none.
protocol::Welcome welcome_for(store::SlaveIdentity const& slave, WelcomeSettings const& settings, std::string session,
                              std::int64_t now_ms);

// When the server stops: each is to return at another time, so that a thousand slaves do not come back at one moment.
protocol::Goodbye stop_goodbye();

SlaveCapabilities capabilities_of(store::SlaveIdentity const& slave, protocol::Announce const& announce);
store::SlaveHello recorded_announce(protocol::Announce const& announce, std::string address);

}  // namespace distren

#include "server/slaves/sign_on.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "common/protocol/renderers.h"
#include "common/render/render_method.h"
#include "config.h"
#include "server/dispatch/core.h"
#include "server/dispatch/slave_events.h"
#include "server/slaves/remote_settings.h"
#include "server/slaves/slave_services.h"

namespace distren {

namespace {

constexpr std::int64_t passing_ms = 5000;
constexpr int soonest_return_ms = 500, latest_return_ms = 5000;
constexpr std::int64_t too_old_ms = 600'000;  // a version 0.1 knows no "for good" and would ask each few minutes

Error too_old(std::string_view what) {
  return fail(Errc::invalid,
              fmt::format("{} is too old for this grid, which needs version {} or later; upgrade the slave's package, "
                          "or build it from the source of that version",
                          what, min_slave_version),
              "software_too_old");
}

// What others write may be of any version: its protocol alone counts.
bool is_ours(std::string_view name) {
  return name == "distren-slave" || name == "distren-simpleslave";
}

Result<void> check_versions(protocol::SignOn const& message) {
  if (message.protocols.empty()) return too_old("this slave, of version 0.1,");
  if (is_ours(message.software.name) && compare_versions(message.software.version, min_slave_version) < 0)
    return too_old(fmt::format("{} {}", message.software.name, message.software.version));
  if (std::ranges::find(message.protocols, protocol::version) == message.protocols.end())
    return fail(Errc::invalid,
                fmt::format("this slave speaks protocol {}, the server {}; update the older of the two",
                            fmt::join(message.protocols, ", "), protocol::version),
                "protocol_unsupported");
  if (message.role != "slave")
    return fail(Errc::invalid, "this server has no other role for a connection than slave", "protocol_unsupported");
  return {};
}

}  // namespace

Result<store::SlaveIdentity> sign_on(SlaveServices& services, Database& database, std::string const& address,
                                     protocol::SignOn const& message, std::shared_ptr<SlaveSink> sink) {
  if (auto const good = check_versions(message); !good) return good.error();
  auto identity = services.slave_authenticator.enter(database, address, message.slavekey, message.slavepassword);
  if (!identity) return identity;
  auto const admitted = services.dispatcher.ask([&](DispatchCore& core, std::int64_t now) {
    auto done = admit_slave(core, identity->id, message.instance, std::move(sink), now);
    if (ConnectedSlave* const slave = core.slaves.find(identity->id); done && slave != nullptr)
      slave->takes_renderers = std::ranges::find(message.offers, protocol::renderers_offer) != message.offers.end();
    return done;
  });
  if (!admitted) return admitted.error();
  return identity;
}

protocol::Refused refused_for(Error const& error) {
  protocol::Refused refused{.message = error.message};
  for (auto const& each : protocol::refused_codes)
    if (each.name == error.problem) refused.code = each.value;
  using enum protocol::RefusedCode;
  if (refused.code == other) refused.code = error.code == Errc::denied ? wrong_credentials : busy;
  if (refused.code == busy || refused.code == slave_online_elsewhere || refused.code == rate_limited)
    refused.retry_ms = passing_ms;
  if (refused.code == software_too_old) {
    refused.retry_ms = too_old_ms;
    refused.minimum = min_slave_version;
  }
  return refused;
}

protocol::Welcome welcome_for(store::SlaveIdentity const& slave, WelcomeSettings const& settings, std::string session,
                              std::int64_t now_ms) {
  protocol::Welcome welcome;
  welcome.slave = {slave.id, slave.name};
  welcome.session = std::move(session);
  welcome.server = {"distrend", PACKAGE_VERSION};
  welcome.now_ms = now_ms;
  welcome.base_url = settings.base_url;
  if (!settings.base_url.empty()) welcome.file_origins = {settings.base_url};
  welcome.heartbeat_ms = settings.heartbeat_ms;
  welcome.telemetry_ms = settings.telemetry_ms;
  welcome.limits = slave_rates;
  welcome.settings = remote_settings_of(slave.remote_settings);
  return welcome;
}

protocol::Goodbye stop_goodbye() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> spread(soonest_return_ms, latest_return_ms);
  return {.code = "shutting_down", .message = "the server stops", .retry_ms = spread(engine)};
}

SlaveCapabilities capabilities_of(store::SlaveIdentity const& slave, protocol::Announce const& announce) {
  SlaveCapabilities capabilities = capabilities_of(announce);
  capabilities.id = slave.id;
  capabilities.user = slave.user;
  capabilities.name = slave.name;
  return capabilities;
}

store::SlaveHello recorded_announce(protocol::Announce const& announce, std::string address) {
  SlaveCapabilities const capabilities = capabilities_of(announce);
  return {.os = announce.os,
          .cpu = announce.cpu,
          .cores = announce.cores,
          .memory_mib = announce.memory_mib,
          .methods = capabilities.methods,
          .gpus = capabilities.gpus,
          .address = std::move(address)};
}

}  // namespace distren

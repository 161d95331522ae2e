#include "server/slaves/sign_on.h"

#include <fmt/format.h>

#include "config.h"
#include "server/slaves/remote_settings.h"

namespace distren {

protocol::Welcome welcome_for(store::SlaveIdentity const& slave, WelcomeSettings const& settings, std::int64_t now_ms) {
  protocol::Welcome welcome;
  welcome.slave = slave.id;
  welcome.name = slave.name;
  welcome.software = "distrend " PACKAGE_VERSION;
  welcome.sent_at_ms = now_ms;
  welcome.files_url = settings.files_url;
  welcome.heartbeat_ms = settings.heartbeat_ms;
  welcome.telemetry_interval_ms = settings.telemetry_interval_ms;
  welcome.remote_settings = remote_settings_of(slave.remote_settings);
  return welcome;
}

Result<void> check_protocol_version(int version) {
  if (version == protocol::version) return {};
  return fail(Errc::invalid, fmt::format("this slave speaks protocol {}, the server {}; update the older of the two",
                                         version, protocol::version));
}

SlaveCapabilities capabilities_of(store::SlaveIdentity const& slave, protocol::Hello const& hello) {
  SlaveCapabilities capabilities = capabilities_of(hello);
  capabilities.id = slave.id;
  capabilities.user = slave.user;
  capabilities.name = slave.name;
  return capabilities;
}

store::SlaveHello recorded_hello(protocol::Hello const& hello, std::string address) {
  store::SlaveHello row{.os = hello.os,
                        .cpu = hello.cpu,
                        .cores = hello.cores,
                        .memory_mib = hello.memory_mib,
                        .methods = {},
                        .gpus = hello.gpus,
                        .address = std::move(address)};
  for (auto const& method : hello.methods) row.methods.push_back({method.name, method.version});
  return row;
}

}  // namespace distren

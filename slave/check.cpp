#include "slave/check.h"

#include <fmt/format.h>

#include <optional>

#include "common/base/text.h"
#include "common/process/sandbox.h"
#include "slave/line.h"
#include "slave/task_runner.h"

namespace distren {

namespace {

void row(char const* what, std::string const& text) {
  fmt::print("{:<12} {}\n", what, text);
}

// Signs on without accepting work, and disconnects.
struct ConnectionCheck final : LineHandler {
  Line* line = nullptr;
  protocol::Announce announcement;
  std::optional<protocol::Welcome> welcome;
  protocol::Announce signed_on(protocol::Reading<protocol::Welcome> const& reading) override {
    welcome = reading.message;
    return announcement;
  }
  void ready() override { line->stop(); }
  void received(protocol::Incoming const&) override {}
  void lost(std::string const&) override {}
  void tick() override {}
};

bool check_connection(SlaveConfig const& config, TaskRunner const& shop) {
  LineOptions options;
  options.target = {config.server, config.port, config.ca_file, config.plain};
  options.slavekey = config.slavekey;
  options.slavepassword = config.slavepassword;
  options.once = true;
  ConnectionCheck check;
  check.announcement = shop.announcement(0);
  Line line(std::move(options), check);
  check.line = &line;
  auto const ran = line.run();
  if (!check.welcome) {
    row("connection", "FAILED: " + (ran ? std::string("no answer") : ran.error().message));
    return false;
  }
  row("connection", fmt::format("ok: {}:{}, {}, signed on as {}", config.server, config.port,
                                printable(check.welcome->server.name + " " + check.welcome->server.version, 80),
                                printable(check.welcome->slave.name, 80)));
  return true;
}

}  // namespace

int check_slave(SlaveConfig const& config) {
  auto const machine = this_machine();
  row("machine", fmt::format("{}, {}, {} cores, {} MiB", machine.os, machine.cpu, machine.cores, machine.memory_mib));
  if (config.sandboxed()) {
    auto const sandbox = sandbox_available();
    row("sandbox", sandbox ? "ok" : "FAILED: " + sandbox.error().message);
  } else {
    row("sandbox", "OFF by your configuration: untrusted files run with all your rights");
  }
  row("state", config.state.string());
  row("cache", config.cache_folder().string());
  auto const shop = TaskRunner::open(config);
  if (!shop) {
    row("methods", "FAILED: " + shop.error().message);
    return 1;
  }
  for (auto const& each : (*shop)->methods()) {
    row("method", fmt::format("{} {} ({})", each.method.title, each.full_version(), each.program.string()));
    for (auto const& gpu : each.gpus) row("gpu", fmt::format("{} ({}, {})", gpu.name, gpu.type, gpu.id));
  }
  for (auto const& remark : (*shop)->remarks()) row("remark", remark);
  row("outbox", fmt::format("{} results wait", (*shop)->outbox().entries().size()));
  return check_connection(config, **shop) ? 0 : 1;
}

}  // namespace distren

#include "slave/check.h"

#include <fmt/format.h>

#include <cstdio>
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

// True: something can be rendered.
bool check_renderers(TaskRunner& shop) {
  shop.renderers().forget_failures();
  fmt::print("trying what the programs can do\n");
  std::fflush(stdout);
  while (shop.try_next_renderer(true)) {
  }
  bool usable = false;
  for (auto const& [installed, trial, problem] : shop.renderers().rows()) {
    std::string const name =
        fmt::format("{} {} ({})", installed->method.title, installed->full_version(), installed->where().string());
    bool const works = trial && trial->usable;
    usable = usable || (works && installed->method.name != "stitch");
    std::string const engines =
        trial && !trial->engines.empty() ? fmt::format(": {}", fmt::join(trial->engines, ", ")) : "";
    row("method", works ? name + engines : name + ": FAILED, is not offered" + (problem.empty() ? "" : "; " + problem));
    for (auto const& gpu : installed->gpus) row("gpu", fmt::format("{} ({}, {})", gpu.name, gpu.type, gpu.id));
    if (trial)
      for (auto const& failure : trial->failures)
        row(failure.engine.empty() ? "  FAILED" : "  engine",
            failure.engine.empty() ? failure.reason : fmt::format("{} FAILED: {}", failure.engine, failure.reason));
  }
  return usable;
}

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
  bool const renders = check_renderers(**shop);
  for (auto const& remark : (*shop)->remarks()) row("remark", remark);
  if (auto const* delivered = (*shop)->delivered()) {
    auto const key = delivered->key_fingerprint();
    row("delivered", fmt::format("{} renderers of the grid are here; its key is {}", delivered->store().all().size(),
                                 key.empty() ? "not known yet" : key));
  } else {
    row("delivered", "renderers of the grid are not taken, by your configuration");
  }
  row("outbox", fmt::format("{} results wait", (*shop)->outbox().entries().size()));
  bool const connected = check_connection(config, **shop);
  return renders && connected ? 0 : 1;
}

}  // namespace distren

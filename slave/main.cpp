// distren-slave: the volunteer's daemon.
#include "config.h"

#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cstdio>
#include <thread>

#include "common/log.h"
#include "common/sandbox.h"
#include "slave/check.h"
#include "slave/slave.h"
#include "slave/watcher.h"

namespace {

using namespace distren;

struct Options {
  std::string config;
  std::string log_level;
  bool once = false;
  bool check = false;
  bool check_sandbox = false;
};

int complain(Error const& error) {
  fmt::print(stderr, "distren-slave: {}\n", error.message);
  return error.code == Errc::denied ? 3 : error.code == Errc::unavailable ? 5 : 1;
}

// The first signal ends in order, the second at once; the sandbox dies with its parent.
class Signals {
public:
  Signals() {
    sigemptyset(&set_);
    for (int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&set_, number);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void watch(Slave& slave, Watcher& watcher) {
    thread_ = std::thread([this, &slave, &watcher] {
      for (int seen = 0; !over_;) {
        timespec const wait{0, 200'000'000};
        int const signal = ::sigtimedwait(&set_, nullptr, &wait);
        if (signal < 0) continue;
        if (signal == SIGUSR1 || signal == SIGUSR2) {
          watcher.pause(signal == SIGUSR1);
          continue;
        }
        if (++seen > 1) std::_Exit(1);
        spdlog::info("stopping; a second signal stops at once");
        slave.stop();
      }
    });
  }
  void forget() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }

private:
  sigset_t set_{};
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

int serve(SlaveConfig const& config, Options const& options) {
  auto workshop = Workshop::open(config);
  if (!workshop) return complain(workshop.error());
  for (auto const& remark : (*workshop)->remarks()) spdlog::warn("{}", remark);
  if (!config.sandboxed()) spdlog::warn("the sandbox is off: strangers' files run with all your rights");
  Signals signals;  // before any thread, so that all of them leave signals to its own
  Slave slave(config, **workshop, options.once);
  auto control = Control::open(config.state);
  if (!control) spdlog::warn("status, pause, resume and finish will not work: {}", control.error().message);
  Watcher watcher(config.neighbour, control ? std::optional(std::move(*control)) : std::nullopt,
                  {[&slave](bool may_work, std::string const&) { slave.allow(may_work); },
                   [&slave](std::string const& reason) { slave.give_back_work(reason); }, [&slave] { slave.finish(); },
                   [&slave] { return slave.status(); }});
  signals.watch(slave, watcher);
  auto const ended = slave.run();
  signals.forget();
  return ended ? 0 : complain(ended.error());
}

int tell(SlaveConfig const& config, std::string const& command) {
  auto const answer = ask_slave(config.state, command);
  if (!answer) return complain(answer.error());
  fmt::print("{}\n", answer->dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return answer->value("ok", false) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a server that hung up is an error of writing, not the end of the slave
  CLI::App app("Lends this machine to a DistRen render grid", "distren-slave");
  Options options;
  app.add_option("--config", options.config, "Configuration file (distren-slave.toml(5))");
  app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error");
  app.add_flag("--once", options.once, "Render one frame, hand it in, and end");
  app.add_flag("--check", options.check, "Print what was found (sandbox, methods, connection), and end");
  app.add_flag("--check-sandbox", options.check_sandbox,
               "Say whether this machine can shut strangers' files in, and end; needs no configuration");
  app.fallthrough();
  std::string command;
  int minutes = 0;
  for (auto const& [name, help] : {std::pair{"status", "What the running slave does now"},
                                   {"pause", "Let the running slave stand still"},
                                   {"resume", "Let it go on"},
                                   {"finish", "End it after the frame at work"}}) {
    auto* each = app.add_subcommand(name, help);
    each->callback([&command, name = std::string(name)] { command = name; });
    if (each->get_name() == "pause")
      each->add_option("--minutes", minutes, "Go on by itself after so long")->check(CLI::Range(1, 7 * 24 * 60));
  }
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", PACKAGE_NAME "-slave " PACKAGE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }

  if (options.check_sandbox) {
    auto const available = sandbox_available();
    if (available) fmt::print("the sandbox works\n");
    return available ? 0 : complain(available.error());
  }
  auto const file = find_slave_config(options.config);
  if (!file) return complain(file.error());
  auto config = load_slave_config(*file);
  if (!config) return complain(config.error());
  if (!command.empty()) return tell(*config, minutes > 0 ? fmt::format("{} {}", command, minutes) : command);
  if (!options.log_level.empty()) config->log_level = options.log_level;
  if (auto const started = start_log("distren-slave", config->log_level, config->log_file); !started)
    return complain(started.error());
  return options.check ? check_slave(*config) : serve(*config, options);
}

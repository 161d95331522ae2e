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

#include "common/base/command_line.h"
#include "common/base/log.h"
#include "common/process/sandbox.h"
#include "common/protocol/codec.h"
#include "slave/availability_monitor.h"
#include "slave/blocks.h"
#include "slave/check.h"
#include "slave/slave.h"

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
  void watch(Slave& slave, AvailabilityMonitor& watcher) {
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
  auto runner = TaskRunner::open(config);
  if (!runner) return complain(runner.error());
  for (auto const& remark : (*runner)->remarks()) spdlog::warn("{}", remark);
  if (!config.sandboxed()) spdlog::warn("the sandbox is off: untrusted files run with all your rights");
  Signals signals;  // before any thread, so that all of them leave signals to its own
  Slave slave(config, **runner, options.once);
  auto control = Control::open(config.state);
  if (!control) spdlog::warn("status, pause, resume and finish will not work: {}", control.error().message);
  std::optional<FullScreen> screen;
  if (!config.allow_full_screen) screen.emplace();
  if (screen && !screen->can_know())
    spdlog::warn(
        "allow_full_screen = false has no effect: neither xprop with an X server nor systemd-inhibit is available");
  AvailabilityMonitor watcher(
      config.availability, control ? std::optional(std::move(*control)) : std::nullopt,
      {[&slave](bool may_work, std::string const&) { slave.allow(may_work); },
       [&slave](std::string const& reason) { slave.return_work(reason); }, [&slave] { slave.finish(); },
       [&slave] { return slave.status(); }, [&slave] { slave.check_time_limit(); },
       [&slave](std::string const& command) { return slave.command(command); }},
      MachineMonitor(), screen);
  slave.on_limits_changed(
      [&watcher](ResourceLimits const& limits) { watcher.set_limits(limits.schedule, limits.paused); });
  signals.watch(slave, watcher);
  auto const ended = slave.run();
  signals.forget();
  return ended ? 0 : complain(ended.error());
}

int send_command(SlaveConfig const& config, std::string const& command) {
  auto const answer = ask_slave(config.state, command);
  if (!answer) return complain(answer.error());
  fmt::print("{}\n", answer->dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return answer->value("ok", false) ? 0 : 1;
}

// With or without a slave that runs.
int tell_blocks(SlaveConfig const& config, std::string const& word, std::string const& kind, std::string const& what) {
  std::string const command = kind.empty() ? word : fmt::format("{} {} {}", word, kind, what);
  if (auto const answer = ask_slave(config.state, command); answer || answer.error().code != Errc::unavailable)
    return answer && answer->value("ok", false)
               ? (fmt::print("{}\n", answer->dump(2, ' ', false, nlohmann::json::error_handler_t::replace)), 0)
               : complain(answer ? fail(Errc::invalid, answer->value("error", "the slave returned no reason"))
                                 : answer.error());
  std::error_code error;
  std::filesystem::create_directories(config.state, error);
  BlockList blocks(config.state);
  if (word != "blocks") {
    auto const changed = word == "block" ? blocks.block(kind, what) : blocks.unblock(kind, what);
    if (!changed) return complain(changed.error());
  }
  fmt::print("{}\n", protocol::to_json(blocks.message()).dump(2));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a server that hung up is an error of writing, not the end of the slave
  CLI::App app("Lend this machine to a DistRen render grid.", "distren-slave");
  Options options;
  app.add_option("--config", options.config,
                 "Configuration file, see distren-slave.toml(5) (default the first that exists, see distren-slave(1))");
  app.add_option("--log-level", options.log_level,
                 "Log level: trace, debug, info, warn, error or off (default from the configuration)");
  app.add_flag("--once", options.once, "Render one frame, upload it and exit");
  app.add_flag("--check", options.check, "Check sandbox, render methods and connection, print the result and exit");
  app.add_flag("--check-sandbox", options.check_sandbox,
               "Check whether the sandbox works here and exit; needs no configuration");
  app.fallthrough();
  std::string command;
  int minutes = 0;
  for (auto const& [name, help] : {std::pair{"status", "Print the status of the running slave"},
                                   {"pause", "Pause the running slave"},
                                   {"resume", "Resume the running slave"},
                                   {"finish", "Stop the running slave after the current frame"}}) {
    auto* each = app.add_subcommand(name, help);
    each->callback([&command, name = std::string(name)] { command = name; });
    if (each->get_name() == "finish") each->alias("drain");
    if (each->get_name() == "pause")
      each->add_option("--minutes", minutes, "Minutes until it resumes automatically, 1 to 10080 (default never)")
          ->check(CLI::Range(1, 7 * 24 * 60));
  }
  std::string kind, what;
  for (auto const& [name, help] : {std::pair{"block", "Reject work of a user, project or job"},
                                   {"unblock", "Accept such work again"},
                                   {"blocks", "List what is blocked"}}) {
    auto* each = app.add_subcommand(name, help);
    each->callback([&command, name = std::string(name)] { command = name; });
    if (each->get_name() == "blocks") continue;
    each->add_option("KIND", kind, "user, project or job")
        ->required()
        ->check(CLI::IsMember({"user", "project", "job"}));
    each->add_option("WHAT", what, "Name of the user, or number of the project or job")->required();
  }
  app.require_subcommand(0, 1);
  app.set_version_flag("-V,--version", PACKAGE_NAME "-slave " PACKAGE_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  if (auto const ended = parse_command_line(app, argc, argv)) return *ended;

  if (options.check_sandbox) {
    auto const available = sandbox_available();
    if (available) fmt::print("the sandbox works\n");
    return available ? 0 : complain(available.error());
  }
  auto const file = find_slave_config(options.config);
  if (!file) return complain(file.error());
  auto config = load_slave_config(*file);
  if (!config) return complain(config.error());
  if (command.ends_with("block") || command == "blocks") return tell_blocks(*config, command, kind, what);
  if (!command.empty()) return send_command(*config, minutes > 0 ? fmt::format("{} {}", command, minutes) : command);
  if (!options.log_level.empty()) config->log_level = options.log_level;
  if (auto const started = start_log("distren-slave", config->log_level, config->log_file); !started)
    return complain(started.error());
  return options.check ? check_slave(*config) : serve(*config, options);
}

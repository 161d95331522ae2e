// distren-load: simulated slaves that measure a server. A table on standard error, one JSON object on standard output.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <sstream>

#include "common/base/command_line.h"
#include "common/base/files.h"
#include "config.h"
#include "server/net/loop.h"
#include "tests/load/crowd.h"

namespace {

using namespace distren;

constexpr std::uint64_t slaves_file_limit = 256U << 20;
constexpr rlim_t other_files = 100;  // beside one for each slave

enum Exit : int { good = 0, cannot = 1, troubles = 3 };  // 2: usage error

constexpr std::array<RenamedOption, 4> renamed_options{{{"--at-once", "--concurrent-sign-ons"},
                                                        {"--sign-on-limit", "--sign-on-timeout"},
                                                        {"--uploaders", "--upload-threads"},
                                                        {"--watch", "--measure-pid"}}};

Result<std::vector<load::KeyPair>> read_slaves(std::string const& file, std::size_t wanted) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return fail(Errc::not_found, fmt::format("there is no file {}", file));
  if ((info.st_mode & 077) != 0)
    return fail(Errc::denied,
                fmt::format("others can read or change {}, which holds slavepasswords: chmod 600 it", file));
  auto const text = read_file(file, slaves_file_limit);
  if (!text) return text.error();
  std::vector<load::KeyPair> slaves;
  std::istringstream lines(*text);
  load::KeyPair pair;
  while ((wanted == 0 || slaves.size() < wanted) && lines >> pair.key >> pair.password) slaves.push_back(pair);
  if (slaves.empty() || slaves.size() < wanted)
    return fail(Errc::invalid, fmt::format("{} has {} pairs of slavekey and slavepassword{}", file, slaves.size(),
                                           wanted > 0 ? fmt::format(", not {}", wanted) : std::string()));
  return slaves;
}

Result<void> make_room_for(std::size_t slaves) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < slaves + other_files)
    return fail(
        Errc::unavailable,
        fmt::format("{} slaves need {} open files and the limit is {}: raise it with ulimit -Hn, for the server "
                    "too",
                    slaves, slaves + other_files, limit.rlim_cur));
  return {};
}

Result<load::Figures> run(load::Plan plan, sigset_t const& signals) {
  Loop loop;
  load::Crowd crowd(loop, std::move(plan));
  if (auto ready = crowd.prepare(); !ready) return ready.error();
  auto finished = crowd.finished();
  loop.start();
  crowd.begin();
  timespec const blink{0, 100000000};
  while (finished.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    if (sigtimedwait(&signals, nullptr, &blink) > 0) crowd.stop();
  }
  loop.stop();
  return finished.get();
}

}  // namespace

int main(int argc, char** argv) {
  load::Plan plan;
  std::string slaves_file;
  std::size_t slaves = 0;
  CLI::App app("Measure a server with simulated slaves.", "distren-load");
  app.set_version_flag("-V,--version", "distren-load " PACKAGE_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--slaves-file", slaves_file,
                 "File with one slavekey and slavepassword per line, readable by its owner only")
      ->required();
  app.add_option("--slaves", slaves, "Number of slaves (default all of the file)")->check(CLI::Range(1, 1000000));
  app.add_option("--host", plan.host, "Host of the server (default localhost)");
  app.add_option("--port", plan.port, "Port of the line protocol (default 4554)")->check(CLI::Range(1, 65535));
  app.add_option("--ca-file", plan.ca_file, "PEM file with the certificates to trust (default the system's)");
  app.add_flag("--plain", plan.plain, "Connect without TLS, to this machine only");
  app.add_option("--seconds", plan.seconds, "Seconds to measure (default 10)")->check(CLI::Range(0.1, 86400.0));
  app.add_option("--warm-up", plan.warm_up, "Seconds of work before measuring (default 2)")
      ->check(CLI::Range(0.0, 3600.0));
  app.add_flag("--idle", plan.idle, "Stay connected without accepting work");
  app.add_option("--render-ms", plan.render, "Milliseconds from an order to its result (default 0)")
      ->check(CLI::Range(0, 3600000));
  app.add_option("--cpu-ms", plan.cpu, "CPU time to report per result in milliseconds (default the render time)")
      ->check(CLI::Range(1, 86400000));
  app.add_option("--result-bytes", plan.result_bytes, "Size of each uploaded image in bytes (default: upload none)")
      ->check(CLI::Range(100, 64 << 20));
  app.add_option("--rate", plan.rate,
                 "Results per second of all slaves together (default as many as the server accepts)")
      ->check(CLI::Range(0.1, 1000000.0));
  app.add_option("--concurrent-sign-ons", plan.concurrent_sign_ons,
                 "Maximum slaves that sign on at the same time (default 100)")
      ->check(CLI::Range(1, 10000));
  app.add_option("--upload-threads", plan.upload_threads, "Threads that upload images (default 4)")
      ->check(CLI::Range(1, 64));
  app.add_option("--sign-on-timeout", plan.sign_on_timeout_s,
                 "Maximum seconds until all slaves are signed on (default 300)")
      ->check(CLI::Range(1, 86400));
  app.add_option("--slots", plan.slots, "Maximum orders of a slave at a time (default 1)")->check(CLI::Range(1, 64));
  app.add_option("--cores", plan.cores, "Cores that each slave reports (default 8)")->check(CLI::Range(1, 4096));
  app.add_option("--method", plan.method, "Render method that the slaves report (default blender)");
  app.add_option("--method-version", plan.version, "Version of the render method (default 99.0)");
  app.add_option("--measure-pid", plan.measured_pids, "Process whose CPU time and memory to report; repeatable");
  if (auto const ended = parse_command_line(app, argc, argv, renamed_options)) return *ended;

  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto const failed = [](Error const& error) {
    fmt::print(stderr, "distren-load: {}\n", error.message);
    return cannot;
  };
  auto pairs = read_slaves(slaves_file, slaves);
  if (!pairs) return failed(pairs.error());
  plan.slaves = std::move(*pairs);
  if (auto room = make_room_for(plan.slaves.size()); !room) return failed(room.error());
  auto const figures = run(std::move(plan), signals);
  if (!figures) return failed(figures.error());
  fmt::print(stderr, "{}", figures->table());
  fmt::print("{}\n", figures->json());
  return figures->troubles.empty() ? good : troubles;
}

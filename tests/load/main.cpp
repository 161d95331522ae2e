// distren-load: simulated slaves that measure a server. A table on standard error, one JSON object on standard output.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <sstream>

#include "common/base/files.h"
#include "config.h"
#include "server/net/loop.h"
#include "tests/load/crowd.h"

namespace {

using namespace distren;

constexpr std::uint64_t slaves_file_limit = 256U << 20;
constexpr rlim_t other_files = 100;  // beside one for each slave

enum Exit : int { good = 0, cannot = 1, usage = 2, troubles = 3 };

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
  CLI::App app{"distren-load: simulated slaves that measure a server"};
  app.set_version_flag("--version", "distren-load " PACKAGE_VERSION);
  app.add_option("--slaves-file", slaves_file, "pairs of slavekey and slavepassword, one a line; only you may read it")
      ->required();
  app.add_option("--slaves", slaves, "how many of them [all]")->check(CLI::Range(1, 1000000));
  app.add_option("--host", plan.host, "the server [localhost]");
  app.add_option("--port", plan.port, "of its slaves' line [4554]")->check(CLI::Range(1, 65535));
  app.add_option("--ca-file", plan.ca_file, "certificates to check it with, instead of the system's");
  app.add_flag("--plain", plan.plain, "the line without TLS, on this machine only");
  app.add_option("--seconds", plan.seconds, "how long it is measured [10]")->check(CLI::Range(0.1, 86400.0));
  app.add_option("--warm-up", plan.warm_up, "seconds of work before that [2]")->check(CLI::Range(0.0, 3600.0));
  app.add_flag("--idle", plan.idle, "only be there and want no work");
  app.add_option("--render-ms", plan.render, "from an order to its result [0]")->check(CLI::Range(0, 3600000));
  app.add_option("--cpu-ms", plan.cpu, "CPU time that each result says [as long as it rendered]")
      ->check(CLI::Range(1, 86400000));
  app.add_option("--result-bytes", plan.result_bytes, "size of the images that are handed in")
      ->check(CLI::Range(100, 64 << 20));
  app.add_option("--rate", plan.rate, "results a second, of all together [as many as it takes]")
      ->check(CLI::Range(0.1, 1000000.0));
  app.add_option("--at-once", plan.at_once, "slaves that sign on at the same time [100]")->check(CLI::Range(1, 10000));
  app.add_option("--uploaders", plan.uploaders, "threads that hand in images [4]")->check(CLI::Range(1, 64));
  app.add_option("--sign-on-limit", plan.sign_on_s, "seconds until all must be signed on [300]")
      ->check(CLI::Range(1, 86400));
  app.add_option("--slots", plan.slots, "orders that a slave takes at a time [1]")->check(CLI::Range(1, 64));
  app.add_option("--cores", plan.cores, "what each slave says it has [8]")->check(CLI::Range(1, 4096));
  app.add_option("--method", plan.method, "the render method that they have [blender]");
  app.add_option("--method-version", plan.version, "and its version [99.0]");
  app.add_option("--watch", plan.watched, "report CPU time and memory of this process; may be repeated");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& problem) {
    return app.exit(problem) == 0 ? good : usage;
  }

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

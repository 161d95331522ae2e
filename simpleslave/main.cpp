// distren-simpleslave: the smallest correct slave. One frame at a time, over HTTPS alone, no line, in one file.
//
// Read it to learn how a slave talks to a DistRen server; doc/protocol.md has every message, common/protocol/ reads and
// writes them. Fetching, rendering, checking and keeping results is slave/task_runner.h, and bringing them to the
// server slave/result_uploader.h, both shared with distren-slave. The conversation:
//
//     POST /api/v1/slave/hello      what this machine is and can do            -> welcome
//     POST /api/v1/slave/order      "anything to do?"                          -> an order, or 204: ask again later
//       GET  the files of the order by their signed URLs, check every SHA-256
//       render; meanwhile
//     POST /api/v1/slave/progress   so that the lease does not run out         -> 204, or cancel
//       upload the image by tus 1.0 to the order's `upload` URL
//     POST /api/v1/slave/result     done, failed or returned                   -> accepted, rejected or retry
//     POST /api/v1/slave/telemetry  how the machine is, if the welcome asked   -> 204
//
// and again from the order. Every request carries slavekey and slavepassword as HTTP Basic authentication.
#include "config.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <signal.h>

#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cstdio>
#include <random>
#include <thread>

#include "common/base/command_line.h"
#include "common/base/log.h"
#include "common/http/http_error.h"
#include "common/protocol/codec.h"
#include "common/protocol/hello.h"
#include "common/protocol/order.h"
#include "common/protocol/result.h"
#include "slave/backoff.h"
#include "slave/machine_monitor.h"
#include "slave/result_uploader.h"
#include "slave/server_address.h"
#include "slave/task_runner.h"

namespace {

using namespace distren;
using std::chrono::milliseconds;

// The server's address for slaves: a message goes in, a message comes out. Each thread has its own.
class SlaveApi {
public:
  SlaveApi(std::string server, HttpClient::BasicLogin login, HttpClient::Options options)
      : server_(std::move(server)), login_(std::move(login)), client_(std::move(options)) {}

  // Nothing: the server has no message (204). `later` is then its Retry-After.
  Result<std::optional<protocol::Incoming>> post(char const* what, std::string message, milliseconds* later = nullptr) {
    HttpClient::Request request;
    request.method = "POST";
    request.url = server_ + "/api/v1/slave/" + what;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(message);
    request.basic = login_;
    auto const response = client_.send(request);
    if (!response) return response.error();
    if (!response->ok()) return refusal(*response, fmt::format("the slave's {}", what));
    if (later != nullptr) *later = retry_after(*response, milliseconds(5000));
    if (response->status == 204) return std::optional<protocol::Incoming>();
    auto answer = protocol::parse_line(response->body);
    if (!answer) return fail(Errc::unavailable, server_ + " does not answer like a DistRen server");
    return std::optional(std::move(*answer));
  }

private:
  std::string server_;
  HttpClient::BasicLogin login_;
  HttpClient client_;
};

double random_fraction() {
  static std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

// Says how far the frame is, often enough that the lease lives, until it goes out of scope. A thread of its own,
// because a renderer may be silent for longer than a lease; the frame itself is made by the main thread.
class Progress {
public:
  Progress(SlaveApi api, protocol::Order const& order, TaskRunner& runner)
      : thread_([this, api = std::move(api), attempt = order.attempt,
                 apart = std::min(milliseconds(order.lease_ms) / 4, milliseconds(10000)),
                 &runner](std::stop_token const& over) mutable {
          for (auto next = Clock::now() + apart; !over.stop_requested();
               std::this_thread::sleep_for(milliseconds(50))) {
            if (Clock::now() < next) continue;
            next = Clock::now() + apart;
            auto const answer =
                api.post("progress", protocol::write(protocol::Progress{attempt, fraction_.load(), std::nullopt}));
            if (answer && *answer && (*answer)->type == protocol::Cancel::type) runner.cancel();
          }
        }) {}
  void at(RenderProgress const& progress) {
    if (progress.fraction) fraction_ = *progress.fraction;
  }

private:
  using Clock = std::chrono::steady_clock;
  std::atomic<double> fraction_ = 0;
  std::jthread thread_;
};

// Sends telemetry at the requested interval until it goes out of scope. Failed messages are not repeated.
class Telemetry {
public:
  Telemetry(SlaveApi api, milliseconds apart, std::filesystem::path disk)
      : thread_([api = std::move(api), apart, disk = std::move(disk)](std::stop_token const& over) mutable {
          MachineMonitor monitor;
          for (auto next = Clock::now(); !over.stop_requested(); std::this_thread::sleep_for(milliseconds(100))) {
            if (Clock::now() < next) continue;
            next = Clock::now() + apart;
            auto const sent = api.post("telemetry", protocol::write(monitor.telemetry(std::time(nullptr), disk)));
            if (!sent) spdlog::debug("telemetry reason={}", quote(sent.error().message));
          }
        }) {}

private:
  using Clock = std::chrono::steady_clock;
  std::jthread thread_;
};

// What this slave consists of. The uploader brings results from the outbox, on disk, to the server; what network
// trouble keeps there is brought after the next hello, or at the next start.
struct SimpleSlave {
  SlaveConfig const& config;
  TaskRunner& runner;
  HttpClient::BasicLogin login;
  SlaveApi api{new_api()};
  SlaveApi results_api{new_api()};  // of the uploader's thread
  ResultUploader uploader{runner.outbox(), runner.http_options(),
                          [this](protocol::ResultReport const& result) { return report(result); },
                          [](std::int64_t attempt, protocol::ResultAnswer const& answer) { log(attempt, answer); }};

  [[nodiscard]] SlaveApi new_api() const { return {config.server, login, runner.http_options()}; }

  // False: the server could not be reached.
  bool report(protocol::ResultReport const& result) {
    auto const answer = results_api.post("result", protocol::write_line(result));
    if (!answer && answer.error().code == Errc::unavailable) {
      spdlog::warn("result attempt={} reason={}", result.attempt, quote(answer.error().message));
      uploader.lost();
      return false;
    }
    if (!answer) {  // a server that takes no result of this attempt will never take one
      uploader.answered(protocol::Rejected{result.attempt, answer.error().message});
    } else {
      auto const parsed = *answer ? protocol::read_answer(**answer) : std::nullopt;
      uploader.answered(parsed ? *parsed : protocol::Retry{.attempt = result.attempt});
    }
    return true;
  }

  static void log(std::int64_t attempt, protocol::ResultAnswer const& answer) {
    auto const* const rejected = std::get_if<protocol::Rejected>(&answer);
    spdlog::info("{} attempt={} {}", rejected != nullptr ? "rejected" : "accepted", attempt,
                 rejected != nullptr ? quote(rejected->reason) : "");
  }

  // Until all results are taken. unavailable: the server cannot be reached.
  Result<void> wait_for_results() {
    while (!uploader.empty()) {
      if (!uploader.wait_until_empty(std::chrono::hours(1)) && !uploader.is_connected())
        return fail(Errc::unavailable, "a result could not be reported; it is kept");
    }
    return {};
  }
};

Result<protocol::Welcome> say_hello(SimpleSlave& slave) {
  auto hello = slave.runner.hello(1);
  hello.protocol = protocol::version;
  for (auto const& entry : slave.runner.outbox().entries()) hello.attempts.push_back({entry.attempt, entry.lease});
  auto const answer = slave.api.post("hello", protocol::write(hello));
  if (!answer) return answer.error();
  if (!*answer || (*answer)->type != protocol::Welcome::type)
    return fail(Errc::unavailable, slave.config.server + " does not answer like a DistRen server");
  return protocol::parse<protocol::Welcome>((*answer)->message);
}

// From hello until trouble; returns when a frame was rendered and reported and `once` was asked for.
Result<void> work(SimpleSlave& slave, Backoff& backoff, bool once) {
  auto const welcome = say_hello(slave);
  if (!welcome) return welcome.error();
  std::string const& server = slave.config.server;
  auto const server_host = url_host(server);
  if (!server_host) return server_host.error();
  std::string base_url = welcome->files_url.empty() ? server : welcome->files_url;
  if (auto const good = check_named_url(base_url, *server_host); !good) {
    spdlog::warn("using url={} for files reason={}", quote(server), quote(good.error().message));
    base_url = server;
  }
  spdlog::info("signed on as={} server={}", quote(welcome->name), quote(base_url));
  std::optional<Telemetry> telemetry;
  if (welcome->telemetry_interval_ms > 0)
    telemetry.emplace(slave.new_api(), milliseconds(welcome->telemetry_interval_ms), slave.runner.state());
  for (auto const& cancelled : welcome->cancelled_attempts) slave.uploader.cancelled(cancelled.attempt);
  slave.uploader.connected(base_url);  // brings what is left of an earlier life, too
  if (auto const done = slave.wait_for_results(); !done) return done;

  while (true) {
    milliseconds later{0};
    auto const answer = slave.api.post("order", "{}", &later);
    if (!answer) return answer.error();
    backoff.reset();
    if (!*answer) {
      std::this_thread::sleep_for(later);
      continue;
    }
    auto const order = protocol::parse<protocol::Order>((*answer)->message);
    if (!order) return order.error();
    spdlog::info("order attempt={} job={}", order->attempt, order->job);
    TaskRunner::TaskResult outcome;
    {
      Progress progress(slave.new_api(), *order, slave.runner);
      outcome = slave.runner.run(*order, base_url, [&progress](RenderProgress const& now) { progress.at(now); });
    }
    slave.runner.allow();
    spdlog::info("frame attempt={} {}", order->attempt, quote(outcome.text));
    if (outcome.entry) {
      slave.uploader.enqueue(order->attempt);
      if (auto const done = slave.wait_for_results(); !done) return done;
      if (once) return {};
    }
    if (outcome.local_error) return fail(Errc::unavailable, outcome.text);
  }
}

constexpr std::array<RenamedOption, 1> renamed_options{{{"--work-dir", "--state"}}};

int complain(Error const& error) {
  fmt::print(stderr, "distren-simpleslave: {}\n", error.message);
  return error.code == Errc::denied ? 3 : error.code == Errc::unavailable ? 5 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a server that hung up is an error of writing, not the end of the slave
  CLI::App app("Render for a DistRen grid, one frame at a time, over HTTPS alone.", "distren-simpleslave");
  SlaveConfig config;
  config.state = default_state_folder();
  config.methods = default_methods_folder();
  config.image_program = default_image_program();
  bool once = false;
  bool no_sandbox = false;
  app.add_option("--server", config.server, "Address of the server, like https://grid.example.org:8443")->required();
  app.add_option("--ca-file", config.ca_file, "PEM file with the certificates to trust (default the system's)");
  app.add_option("--slavekey", config.slavekey, "Key of the slave, from distren slave create NAME")->required();
  app.add_option("--slavepassword-file", config.slavepassword_file, "File with the password of the slave")->required();
  app.add_option("--state", config.state, "Folder for scenes and results")->capture_default_str();
  app.add_option("--methods", config.methods, "Folder with the definitions of render methods")->capture_default_str();
  app.add_flag("--once", once, "Render one frame, upload it and exit");
  app.add_flag("--no-sandbox", no_sandbox, "Render without a sandbox: untrusted files run with all your rights");
  app.set_version_flag("-V,--version", "distren-simpleslave " PACKAGE_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  if (auto const ended = parse_command_line(app, argc, argv, renamed_options)) return *ended;
  if (no_sandbox) config.sandbox = "off";
  config.state = std::filesystem::absolute(config.state);
  if (auto const started = start_log("distren-simpleslave", "info", ""); !started) return complain(started.error());
  auto const password = read_secret_file(config.slavepassword_file);
  if (!password) return complain(password.error());
  auto runner = TaskRunner::open(config);
  if (!runner) return complain(runner.error());

  SimpleSlave slave{.config = config, .runner = **runner, .login = {config.slavekey, *password}};
  Backoff backoff(milliseconds(1000), milliseconds(300000));
  while (true) {
    auto const ended = work(slave, backoff, once);
    if (ended) return 0;
    if (ended.error().code == Errc::denied) return complain(ended.error());
    auto const wait = backoff.wait(random_fraction());
    spdlog::warn("retrying reason={} retry_in_ms={}", quote(ended.error().message), wait.count());
    std::this_thread::sleep_for(wait);
  }
}

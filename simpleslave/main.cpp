// distren-simpleslave: the smallest correct slave. One frame at a time, over HTTPS alone, no line, in one file.
//
// Read it to learn how a slave talks to a DistRen server; doc/protocol.md has every message. A slave in another
// language needs what stands here and a way to render: the fetching, rendering, checking and keeping of results is
// slave/task_runner.h, shared with distren-slave. The conversation:
//
//     POST /api/v1/slave/hello      what this machine is and can do            -> welcome
//     POST /api/v1/slave/order      "anything to do?"                          -> an order, or 204: ask again later
//       GET  the files of the order by their signed URLs, check every SHA-256
//       render; meanwhile
//     POST /api/v1/slave/progress   so that the lease does not run out         -> 204, or cancel
//       upload the picture by tus 1.0 to the order's `upload` URL
//     POST /api/v1/slave/result     done, failed or returned                   -> accepted, rejected or retry
//     POST /api/v1/slave/telemetry  how the machine is, if the welcome asked   -> 204
//
// and again from the order. Every request carries slavekey and slavepassword as HTTP Basic authentication.
#include "config.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <signal.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <random>
#include <thread>

#include "common/base/json_depth.h"
#include "common/base/log.h"
#include "common/http/http_error.h"
#include "common/http/tus_client.h"
#include "slave/backoff.h"
#include "slave/machine_monitor.h"
#include "slave/server_address.h"
#include "slave/task_runner.h"

namespace {

using namespace distren;
using nlohmann::json;
using std::chrono::milliseconds;

// The server's door for slaves: a message goes in, a message comes out.
class Door {
public:
  Door(std::string server, HttpClient::BasicLogin login, HttpClient::Options options)
      : server_(std::move(server)), login_(std::move(login)), client_(std::move(options)) {}

  // null: the server has nothing to say (204). `later` is then how long it asks us to wait.
  Result<json> say(char const* what, json const& message, milliseconds* later = nullptr) {
    HttpClient::Request request;
    request.method = "POST";
    request.url = server_ + "/api/v1/slave/" + what;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = message.dump(-1, ' ', false, json::error_handler_t::replace);
    request.basic = login_;
    auto const response = client_.send(request);
    if (!response) return response.error();
    if (!response->ok()) return refusal(*response, fmt::format("the slave's {}", what));
    if (later != nullptr) *later = retry_after(*response, milliseconds(5000));
    if (response->status == 204) return json();
    auto answer = parse_shallow_json(response->body);
    if (!answer.is_object()) return fail(Errc::unavailable, server_ + " does not answer like a DistRen server");
    return answer;
  }

  HttpClient& client() { return client_; }

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
  Progress(Door door, Order const& order, TaskRunner& workshop)
      : thread_([this, door = std::move(door), attempt = order.attempt,
                 apart = std::min(order.renew / 4, milliseconds(10000)),
                 &workshop](std::stop_token const& over) mutable {
          for (auto next = Clock::now() + apart; !over.stop_requested();
               std::this_thread::sleep_for(milliseconds(50))) {
            if (Clock::now() < next) continue;
            next = Clock::now() + apart;
            auto const answer =
                door.say("progress", {{"type", "progress"}, {"attempt", attempt}, {"fraction", fraction_.load()}});
            if (answer && text_member(*answer, "type") == "cancel") workshop.cancel();
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

// Says how the machine is, as often as the server asked, until it goes out of scope. What fails is not said again.
class Telemetry {
public:
  Telemetry(Door door, milliseconds apart, std::filesystem::path disk)
      : thread_([door = std::move(door), apart, disk = std::move(disk)](std::stop_token const& over) mutable {
          MachineMonitor reader;
          for (auto next = Clock::now(); !over.stop_requested(); std::this_thread::sleep_for(milliseconds(100))) {
            if (Clock::now() < next) continue;
            next = Clock::now() + apart;
            if (auto const said = door.say("telemetry", reader.telemetry(std::time(nullptr), disk)); !said)
              spdlog::debug("telemetry reason={}", quote(said.error().message));
          }
        }) {}

private:
  using Clock = std::chrono::steady_clock;
  std::jthread thread_;
};

// One result to its end: upload, say, until the server has accepted or rejected it. Network trouble is an Error; the
// result then stays in the outbox, on disk, and is handed in at the next try or the next start.
Result<void> hand_in(Door& door, Outbox& outbox, OutboxEntry entry, std::string const& base_url) {
  while (true) {
    if (!entry.name.empty() && entry.upload_id.empty()) {
      auto const url = resolve_within(base_url, entry.upload);
      TusUpload upload;
      if (url) upload.creation_url = *url;
      upload.path = outbox.picture(entry);
      upload.size = entry.size;
      upload.sha256 = entry.sha256;
      upload.filename = entry.name;
      auto const id = url ? upload_by_tus(door.client(), upload) : Result<std::string>(url.error());
      if (id) {
        entry.upload_id = *id;
        if (auto const kept = outbox.change(entry); !kept) return kept;
      } else if (id.error().code == Errc::unavailable) {
        return id.error();
      } else {  // refused for good, most likely because the attempt is over: give the frame back
        OutboxEntry given_back;
        given_back.attempt = entry.attempt;
        given_back.lease = entry.lease;
        given_back.message = ending_message(entry.attempt, entry.lease, "returned", id.error().message);
        if (auto const kept = outbox.commit(given_back); !kept) return kept;
        entry = std::move(given_back);
      }
    }
    auto const answer = door.say("result", result_message(entry));
    if (!answer && answer.error().code == Errc::unavailable) return answer.error();
    std::string const type = answer ? text_member(*answer, "type") : "rejected";
    spdlog::info("{} attempt={} {}", type, entry.attempt,
                 answer ? text_member(*answer, "reason") : answer.error().message);
    if (type == "accepted" || type == "rejected") {
      outbox.remove(entry.attempt);
      return {};
    }
    if (answer->value("upload", json()) == true) entry.upload_id.clear();
    std::this_thread::sleep_for(
        milliseconds(std::clamp<std::int64_t>(number_member(*answer, "after", 5000), 100, 600000)));
  }
}

struct Work {
  Door& door;
  TaskRunner& workshop;
  std::string server;
  HttpClient::BasicLogin login;
};

// From hello until trouble. True: a frame was handed in and `once` was asked for.
Result<bool> work(Work const& here, Backoff& backoff, bool once) {
  json hello = here.workshop.hello(1);
  hello["protocol"] = 1;
  hello["holding"] = json::array();
  Outbox& outbox = here.workshop.outbox();
  for (auto const& entry : outbox.entries())
    hello["holding"].push_back({{"attempt", entry.attempt}, {"lease", entry.lease}});
  auto const welcome = here.door.say("hello", hello);
  if (!welcome) return welcome.error();
  std::string base_url = text_member(*welcome, "url", here.server);
  auto const server_host = url_host(here.server);
  if (!server_host) return server_host.error();
  if (auto const good = check_named_url(base_url, *server_host); !good) {
    spdlog::warn("using url={} for files reason={}", quote(here.server), quote(good.error().message));
    base_url = here.server;
  }
  spdlog::info("signed on as={} server={}", quote(text_member(*welcome, "name")), quote(base_url));
  std::optional<Telemetry> telemetry;
  if (auto const apart = number_member(*welcome, "telemetry"); apart > 0)
    telemetry.emplace(Door(here.server, here.login, here.workshop.http_options()),
                      milliseconds(std::clamp<std::int64_t>(apart, 1000, 3600000)), here.workshop.state());
  if (auto const cancel = welcome->find("cancel"); cancel != welcome->end() && cancel->is_array())
    for (auto const& each : *cancel) outbox.remove(number_member(each, "attempt"));
  for (auto const& entry : outbox.entries())  // of an earlier life
    if (auto const done = hand_in(here.door, outbox, entry, base_url); !done) return done.error();

  while (true) {
    milliseconds later{0};
    auto const answer = here.door.say("order", json::object(), &later);
    if (!answer) return answer.error();
    backoff.reset();
    if (answer->is_null()) {
      std::this_thread::sleep_for(later);
      continue;
    }
    auto const order = parse_order(*answer);
    if (!order) return order.error();
    spdlog::info("order attempt={} job={}", order->attempt, order->job);
    TaskRunner::Outcome outcome;
    {
      Progress progress(Door(here.server, here.login, here.workshop.http_options()), *order, here.workshop);
      outcome = here.workshop.make(*order, base_url, [&progress](RenderProgress const& now) { progress.at(now); });
    }
    here.workshop.allow();
    spdlog::info("frame attempt={} {}", order->attempt, quote(outcome.text));
    if (outcome.entry) {
      if (auto const done = hand_in(here.door, outbox, *outcome.entry, base_url); !done) return done.error();
      if (once) return true;
    }
    if (outcome.trouble) return fail(Errc::unavailable, outcome.text);
  }
}

int complain(Error const& error) {
  fmt::print(stderr, "distren-simpleslave: {}\n", error.message);
  return error.code == Errc::denied ? 3 : error.code == Errc::unavailable ? 5 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a server that hung up is an error of writing, not the end of the slave
  CLI::App app("Renders for a DistRen grid, one frame at a time, over HTTPS alone", "distren-simpleslave");
  SlaveConfig config;
  config.state = default_state_folder();
  config.methods = default_methods_folder();
  config.image_program = default_image_program();
  bool once = false;
  bool no_sandbox = false;
  app.add_option("--server", config.server, "https://HOST:8443")->required();
  app.add_option("--ca", config.ca_file, "Certificate to trust instead of the system's");
  app.add_option("--slavekey", config.slavekey, "The slave's key (distren slave new NAME)")->required();
  app.add_option("--slavepassword-file", config.slavepassword_file, "File with its password")->required();
  app.add_option("--work-dir", config.state, "Where scenes and results lie")->capture_default_str();
  app.add_option("--methods", config.methods, "Definitions of render methods")->capture_default_str();
  app.add_flag("--once", once, "Render one frame, hand it in, and end");
  app.add_flag("--no-sandbox", no_sandbox, "Let strangers' files do what you can");
  app.set_version_flag("--version", "distren-simpleslave " PACKAGE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  if (no_sandbox) config.sandbox = "off";
  config.state = std::filesystem::absolute(config.state);
  if (auto const started = start_log("distren-simpleslave", "info", ""); !started) return complain(started.error());
  auto const password = read_secret_file(config.slavepassword_file);
  if (!password) return complain(password.error());
  auto workshop = TaskRunner::open(config);
  if (!workshop) return complain(workshop.error());

  HttpClient::BasicLogin const login{config.slavekey, *password};
  Door door(config.server, login, (*workshop)->http_options());
  Backoff backoff(milliseconds(1000), milliseconds(300000));
  while (true) {
    auto const ended = work({door, **workshop, config.server, login}, backoff, once);
    if (ended) return 0;
    if (ended.error().code == Errc::denied) return complain(ended.error());
    auto const wait = backoff.wait(random_fraction());
    spdlog::warn("trouble reason={} retry_in_ms={}", quote(ended.error().message), wait.count());
    std::this_thread::sleep_for(wait);
  }
}

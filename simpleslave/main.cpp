// distren-simpleslave: the smallest correct slave. One frame at a time, over HTTPS alone, no line, in one file.
//
// Read it to learn how a slave talks to a DistRen server; doc/protocol.md has every message, common/protocol/ reads and
// writes them. Fetching, rendering, checking and keeping results is slave/task_runner.h, and bringing them to the
// server slave/result_uploader.h, both shared with distren-slave. The conversation is one request, made again and
// again:
//
//     POST /api/v1/line?wait_ms=...   {"messages": [...]}  ->  {"messages": [...]}
//
// First it says sign_on and announce, and gets a welcome: its session is the bearer token of all that follows. Then it
// waits for an order. While that is rendered it says progress each second, so that the lease does not run out; the
// image goes to the order's upload place by tus 1.0; then it says result, and gets a verdict. Where the order's
// addresses expire before, it says refresh and gets an order_update with new ones (slave/order_refresher.h).
#include "config.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <signal.h>

#include <CLI/CLI.hpp>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "common/base/command_line.h"
#include "common/base/digest.h"
#include "common/base/json_depth.h"
#include "common/base/json_text.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/http/http_error.h"
#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "common/protocol/order.h"
#include "common/protocol/result.h"
#include "slave/backoff.h"
#include "slave/machine_monitor.h"
#include "slave/order_refresher.h"
#include "slave/result_uploader.h"
#include "slave/server_address.h"
#include "slave/task_runner.h"

namespace {

using namespace distren;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds idle_wait{20000};           // for an order
constexpr milliseconds busy_wait{1000};            // between two words about a frame
constexpr milliseconds long_absence{300000};       // after a goodbye that names no time
constexpr milliseconds uploading_interval{60000};  // between two words about a result
constexpr std::size_t messages_at_once = 12;       // of 64 KiB at most, in a request of 1 MiB
constexpr std::size_t answer_limit = 4U << 20;

double random_fraction() {
  static std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

// Two threads: main renders; the other one talks. What they share is guarded by mutex_.
class SimpleSlave {
public:
  SimpleSlave(SlaveConfig const& config, std::string password, TaskRunner& runner, bool once)
      : config_(config), password_(std::move(password)), runner_(runner), once_(once) {
    runner_.refresh_with(&refresher_);
  }

  // Until a frame was rendered and taken, if `once`; or until the server turns this slave away for good.
  Result<void> run() {
    while (runner_.try_next_renderer(true)) {
    }
    std::jthread talking([this](std::stop_token const& over) { talk(over); });
    auto const ended = render_orders();
    talking.request_stop();
    return ended;
  }

private:
  // --- main: frames
  Result<void> render_orders() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return order_ || refused_ || taken_; });
      if (refused_) return *refused_;
      if (taken_) return {};
      protocol::FrameOrder const order = *order_;
      auto const origins = origins_;
      lock.unlock();
      spdlog::info("order attempt={} job={} frame={}", order.attempt, order.job, order.frame);
      auto const outcome = runner_.run(order, origins, [this](RenderProgress const& progress) {
        std::lock_guard const guard(mutex_);
        if (progress.fraction) fraction_ = *progress.fraction;
      });
      runner_.allow();
      spdlog::info("frame attempt={} {}", order.attempt, quote(outcome.text));
      if (outcome.entry) uploader_.enqueue(order.attempt);
      lock.lock();
      order_.reset();
      fraction_ = 0;
      if (outcome.local_error)
        rests_until_ = Clock::now() + rest_.wait(random_fraction());
      else
        rest_.reset();
      if (!outcome.entry) rendered_ = false;  // cancelled: `once` wants another
      taken_ = once_ && rendered_ && uploader_.empty();
      changes_ = true;
    }
  }

  // --- the other thread: words
  void talk(std::stop_token const& over) {
    HttpClient client(runner_.http_options());
    Backoff backoff(milliseconds(1000), milliseconds(300000));
    while (!over.stop_requested()) {
      bool const signed_on = !session_.empty();
      retry_ = milliseconds(0);
      auto const done = exchange(client);
      if (done) {
        if (signed_on) backoff.reset();  // a welcome alone is no success
        continue;
      }
      connected_ = false;  // the next words are an announce, and all results anew
      uploader_.lost();
      if (done.error().code == Errc::denied) {
        std::lock_guard const lock(mutex_);
        refused_ = done.error();
        changed_.notify_all();
        return;
      }
      auto const wait = std::max(retry_, backoff.wait(random_fraction()));
      spdlog::warn("retrying reason={} retry_in_ms={}", quote(done.error().message), wait.count());
      for (auto const until = Clock::now() + wait; Clock::now() < until && !over.stop_requested();)
        std::this_thread::sleep_for(milliseconds(50));
    }
    say_goodbye(client);
  }

  // One request. denied: the server turns this slave away for good.
  Result<void> exchange(HttpClient& client) {
    bool const signs_on = session_.empty();
    bool more = false;
    auto messages = outgoing(more);
    bool busy = false;
    {
      std::lock_guard const lock(mutex_);
      busy = order_.has_value() || !uploader_.empty() || rests_until_.has_value() || (once_ && rendered_);
      if (rests_until_ && Clock::now() >= *rests_until_) {
        rests_until_.reset();
        changes_ = true;
      }
      bool const changed = std::exchange(changes_, false);
      if (signs_on || !connected_ || changed) messages.insert(messages.begin(), protocol::write_line(announcement()));
      if (auto const said = progress(); !said.items.empty()) messages.push_back(protocol::write(said));
    }
    if (signs_on) messages.insert(messages.begin(), protocol::write(sign_on()));
    if (auto said = telemetry()) messages.push_back(std::move(*said));
    auto const answer = post(client, messages, signs_on || more ? milliseconds(0) : busy ? busy_wait : idle_wait);
    if (!answer) return answer.error();
    for (auto const& message : *answer)
      if (auto const used = receive(message); !used) return used;
    if (session_.empty()) return fail(Errc::unavailable, config_.server + " does not answer like a DistRen server");
    if (!std::exchange(connected_, true)) uploader_.connected(origins_);
    return {};
  }

  Result<std::vector<protocol::Incoming>> post(HttpClient& client, std::vector<std::string> const& messages,
                                               milliseconds wait) {
    HttpClient::Request request;
    request.method = "POST";
    request.url = fmt::format("{}/api/v1/line?wait_ms={}", config_.server, wait.count());
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = fmt::format("{{\"messages\":[{}]}}", fmt::join(messages, ","));
    request.bearer = session_;
    request.answer_limit = answer_limit;
    auto const response = client.send(request);
    if (!response) return response.error();
    if (response->status == 401) session_.clear();  // over: sign on again
    if (!response->ok()) {
      auto const problem = refusal(*response, "a message");
      return fail(response->status == 401 ? Errc::unavailable : problem.code, problem.message);
    }
    auto const body = parse_shallow_json(response->body);
    std::vector<protocol::Incoming> out;
    if (!body.is_object() || !body.contains("messages") || !body["messages"].is_array())
      return fail(Errc::unavailable, config_.server + " does not answer like a DistRen server");
    for (auto const& each : body["messages"])
      if (auto incoming = protocol::parse_line(to_text(each))) out.push_back(std::move(*incoming));
    return out;
  }

  Result<void> receive(protocol::Incoming const& incoming) {
    auto const& [type, message, id] = incoming;
    if (type == protocol::Welcome::type) return welcome(protocol::read<protocol::Welcome>(message).message);
    if (type == protocol::Refused::type) {
      auto const refused = protocol::read<protocol::Refused>(message).message;
      retry_ = milliseconds(refused.retry_ms.value_or(0));
      return fail(refused.retry_ms ? Errc::unavailable : Errc::denied,
                  "the server rejects this slave: " + printable(refused.message, 500));
    }
    if (type == protocol::Goodbye::type) {
      auto const goodbye = protocol::read<protocol::Goodbye>(message).message;
      session_.clear();
      retry_ = goodbye.retry_ms ? milliseconds(*goodbye.retry_ms) : long_absence;
      return fail(Errc::unavailable, "the server says goodbye: " + printable(goodbye.message, 500));
    }
    if (type == protocol::Order::type) {
      take_order(message);
    } else if (type == protocol::OrderUpdate::type) {
      refresher_.received(message);
    } else if (type == protocol::Verdict::type) {
      uploader_.answered(protocol::read<protocol::Verdict>(message).message);
    } else if (type == protocol::Cancel::type) {
      for (std::int64_t const attempt : protocol::read<protocol::Cancel>(message).message.attempts) cancel(attempt);
    } else if (type == protocol::LogRequest::type) {
      protocol::LogText log{protocol::read<protocol::LogRequest>(message).message.attempt};
      if (std::lock_guard const lock(mutex_); order_ && order_->attempt == log.attempt) log.text = runner_.log();
      say(protocol::with_reply_to(protocol::write(log), id));
    } else if (type == protocol::Ping::type) {
      say(protocol::with_reply_to(protocol::write(protocol::Pong{}), id));
    } else if (type == protocol::ErrorMessage::type) {
      spdlog::warn("the server could not use a message message={}",
                   quote(protocol::read<protocol::ErrorMessage>(message).message.message));
    } else if (type != protocol::Pong::type) {  // of a later version, or of what this slave does not do
      say(protocol::with_reply_to(protocol::write(protocol::ErrorMessage{protocol::ErrorCode::unsupported_type,
                                                                         "unknown type " + printable(type, 40)}),
                                  id));
    }
    return {};
  }

  Result<void> welcome(protocol::Welcome const& welcome) {
    auto const server_host = url_host(config_.server);
    if (!server_host) return server_host.error();
    std::string base_url = welcome.base_url.empty() ? config_.server : welcome.base_url;
    if (auto const good = check_named_url(base_url, *server_host); !good) {
      spdlog::warn("using url={} for files reason={}", quote(config_.server), quote(good.error().message));
      base_url = config_.server;
    }
    spdlog::info("signed on as={} server={}", quote(welcome.slave.name), quote(base_url));
    session_ = welcome.session;
    refresher_.set_server_time(welcome.now_ms);
    telemetry_interval_.reset();
    if (welcome.telemetry_ms > 0) telemetry_interval_ = milliseconds(welcome.telemetry_ms);
    auto origins = file_origins("", base_url, welcome.file_origins, *server_host);
    std::lock_guard const lock(mutex_);
    origins_ = std::move(origins);
    return {};
  }

  void take_order(nlohmann::json const& message) {
    auto const order = protocol::parse<protocol::Order>(message);
    for (auto const& each : protocol::read<protocol::Order>(message).message.attempts) {
      if (each.attempt <= 0) continue;
      std::lock_guard const lock(mutex_);
      if (order_ && order_->attempt == each.attempt) continue;  // repeated
      if (order && !order_ && !(once_ && rendered_)) {
        for (auto& frame : protocol::frames_of(*order))
          if (frame.attempt == each.attempt) order_ = std::move(frame);
        rendered_ = true;
        changes_ = changes_ || once_;  // it wants no more
        changed_.notify_all();
        continue;
      }
      auto const entry = order ? entry_without_image(each.attempt, each.lease, protocol::Outcome::returned,
                                                     protocol::ResultCode::interrupted, "one frame at a time")
                               : entry_without_image(each.attempt, each.lease, protocol::Outcome::failed,
                                                     protocol::ResultCode::other, order.error().message);
      if (auto const kept = runner_.outbox().commit(entry); kept) uploader_.enqueue(each.attempt);
    }
  }

  void cancel(std::int64_t attempt) {
    refresher_.cancelled(attempt);
    {
      std::lock_guard const lock(mutex_);
      if (order_ && order_->attempt == attempt) return runner_.cancel();
    }
    uploader_.cancelled(attempt);
    std::lock_guard const lock(mutex_);
    if (!once_ || order_ || !uploader_.empty()) return;
    rendered_ = false;  // nothing of it is left: `once` wants another
    changes_ = true;
  }

  // --- what it says
  [[nodiscard]] protocol::SignOn sign_on() const {
    return {.protocols = {protocol::version},
            .slavekey = config_.slavekey,
            .slavepassword = password_,
            .instance = instance_,
            .software = {"distren-simpleslave", PACKAGE_VERSION}};
  }
  // With mutex_ held. The whole state each time.
  [[nodiscard]] protocol::Announce announcement() const {
    bool const wants = !rests_until_ && !(once_ && rendered_);
    auto announce = runner_.announcement(wants ? 1 : 0);
    if (order_) announce.holding.push_back({order_->attempt, order_->lease});
    for (auto const& entry : runner_.outbox().entries()) announce.holding.push_back({entry.attempt, entry.lease});
    return announce;
  }
  // With mutex_ held. Of the frame each time, of results that upload each minute.
  [[nodiscard]] protocol::Progress progress() {
    using enum protocol::Phase;
    protocol::Progress said;
    if (order_)
      said.items.push_back(
          {.attempt = order_->attempt, .phase = runner_.rendering() ? rendering : fetching, .fraction = fraction_});
    if (Clock::now() < uploading_due_) return said;
    uploading_due_ = Clock::now() + uploading_interval;
    for (auto const& entry : runner_.outbox().entries())
      if (said.items.size() < protocol::limits::max_progress)
        said.items.push_back({.attempt = entry.attempt, .phase = uploading, .fraction = 1});
    return said;
  }
  std::optional<std::string> telemetry() {
    if (!telemetry_interval_ || Clock::now() < telemetry_due_) return std::nullopt;
    telemetry_due_ = Clock::now() + *telemetry_interval_;
    return protocol::write(monitor_.telemetry(std::time(nullptr), runner_.state()));
  }
  bool say(std::string message) {
    std::lock_guard const lock(said_mutex_);
    said_.push_back(std::move(message));
    return true;
  }
  // As many as a request may have beside those that exchange() adds; more: some are left.
  std::vector<std::string> outgoing(bool& more) {
    std::lock_guard const lock(said_mutex_);
    auto const count = static_cast<std::ptrdiff_t>(std::min(said_.size(), messages_at_once));
    std::vector<std::string> out(said_.begin(), said_.begin() + count);
    said_.erase(said_.begin(), said_.begin() + count);
    more = !said_.empty();
    return out;
  }
  void say_goodbye(HttpClient& client) {
    if (session_.empty()) return;
    bool more = false;
    auto messages = outgoing(more);
    messages.push_back(protocol::write(protocol::Goodbye{.code = "stopping"}));
    static_cast<void>(post(client, messages, milliseconds(0)));
  }

  void settled(protocol::Verdict const& verdict) {
    bool const rejected = verdict.verdict == protocol::VerdictKind::rejected;
    spdlog::info("{} attempt={} {}", rejected ? "rejected" : "accepted", verdict.attempt,
                 rejected ? quote(verdict.message) : "");
    std::lock_guard const lock(mutex_);
    taken_ = once_ && rendered_ && !order_ && uploader_.empty();
    changed_.notify_all();
  }

  SlaveConfig const& config_;
  std::string const password_;
  TaskRunner& runner_;
  bool const once_;
  std::string const instance_ = to_hex(random_bytes(16).data(), 16);

  std::mutex said_mutex_;  // guards said_: messages that wait for the next request
  std::vector<std::string> said_;

  // Of the thread that talks.
  std::string session_;
  bool connected_ = false;
  MachineMonitor monitor_;
  std::optional<milliseconds> telemetry_interval_;
  Clock::time_point telemetry_due_{};
  Clock::time_point uploading_due_{};
  milliseconds retry_{0};  // not before, said the server

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  FileOrigins origins_;
  std::optional<protocol::FrameOrder> order_;  // that is rendered
  double fraction_ = 0;
  bool rendered_ = false;                         // a frame, since the start
  bool taken_ = false;                            // the server has it, and one was all that was wanted
  bool changes_ = false;                          // of what an announce says
  std::optional<Clock::time_point> rests_until_;  // after trouble of this machine
  Backoff rest_{milliseconds(1000), milliseconds(300000)};
  std::optional<Error> refused_;

  // Last: its thread uses what is above. What network trouble keeps is brought after the next announce, or at the next
  // start.
  OrderRefresher refresher_{[this](std::string const& message) { return say(message); }};
  ResultUploader uploader_{runner_.outbox(), runner_.http_options(), refresher_,
                           [this](protocol::ResultReport const& result) { return say(protocol::write_line(result)); },
                           [this](protocol::Verdict const& verdict) { settled(verdict); }};
};

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
  config.delivered = {"own"};  // of the grid it takes scenes alone
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

  SimpleSlave slave(config, *password, **runner, once);
  auto const ended = slave.run();
  return ended ? 0 : complain(ended.error());
}

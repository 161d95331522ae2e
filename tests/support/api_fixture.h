// The whole HTTP API without sockets: the router over a private MariaDB, a store in a temporary folder, and a
// dispatcher of its own that knows what the test itself made. One database for all tests of a program; names are made
// unique.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/digest.h"
#include "common/process/sandbox.h"
#include "server/api/cors.h"
#include "server/api/handlers.h"
#include "server/api/router.h"
#include "server/api/services.h"
#include "server/dispatch/core.h"
#include "server/dispatch/fair_share/fair_share.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/slave_events.h"
#include "server/http/uri.h"
#include "server/jobs/operations.h"
#include "server/slaves/slave_services.h"
#include "tests/support/check_main.h"
#include "tests/support/flat_order.h"

namespace distren {

// Fair share that writes down what the ledger says of users and jobs, and foretells what a test wants.
class RecordingPolicy final : public FairShare {
public:
  std::map<std::int64_t, std::int64_t> totals, escrows;  // millipoints
  std::function<Forecast(std::int64_t more_escrow)> foretold;

  void set_user(std::int64_t user, std::int64_t total_points) override {
    totals[user] = total_points;
    FairShare::set_user(user, total_points);
  }
  void set_boost(std::int64_t job, std::int64_t escrow) override {
    escrows[job] = escrow;
    FairShare::set_boost(job, escrow);
  }
  [[nodiscard]] std::optional<Forecast> forecast(std::int64_t job, std::int64_t more_escrow,
                                                 std::int64_t now_ms) const override {
    return foretold ? foretold(more_escrow) : FairShare::forecast(job, more_escrow, now_ms);
  }
};

// A slave that keeps what it is sent; look at it on the dispatcher's thread.
struct ConnectedSink : SlaveSink {
  std::vector<nlohmann::json> received;
  bool closed = false;
  void send(std::string line) override { received.push_back(flat_order(nlohmann::json::parse(line))); }
  void close(protocol::Goodbye const&) override { closed = true; }
};

struct KeptAnswer : Responder {
  std::promise<Reply> reply;
  void send(Reply answer) override { reply.set_value(std::move(answer)); }
};

inline SlaveCapabilities a_slave(std::int64_t id, std::int64_t user, int cores = 4, int slots = 1) {
  SlaveCapabilities slave;
  slave.id = id;
  slave.user = user;
  slave.cores = cores;
  slave.memory_mib = 16000;
  slave.slots = slots;
  return slave;
}

// What a test sees of a reply.
struct ApiReply {
  int status = 0;
  HeaderList headers;
  std::string text;
  nlohmann::json json;
  bool is_file = false;
  [[nodiscard]] std::string header(std::string_view name) const {
    for (auto const& [key, value] : headers) {
      if (key == name) return value;
    }
    return "";
  }
  [[nodiscard]] std::string message() const { return json.is_object() ? json.value("detail", "") : ""; }
};

class ApiFixture {
public:
  // benchmarked: methods that slaves need a measured power for.
  explicit ApiFixture(DatabaseAddress const& address, std::vector<std::string> const& benchmarked = {})
      : database(address),
        workers(address, 1, 100),
        folder(std::filesystem::temp_directory_path() / ("distren-api-" + random_secret())),
        top(std::getenv("top_srcdir") == nullptr ? ".." : std::getenv("top_srcdir")) {
    std::filesystem::create_directories(folder);
    config.stor = folder;
    config.htdocs = top / "htdocs";
    config.openapi = top / "doc/openapi.yaml";
    config.limits.min_free_bytes = 0;
    auto const* build = std::getenv("top_builddir");
    config.scene_program = std::filesystem::path(build == nullptr ? "." : build) / "distren-scene";
    config.sandbox = sandbox_available() ? "on" : "off";
    auto loaded = load_render_methods(top / "methods");
    ck_assert_msg(loaded.has_value(), "%s", loaded ? "" : loaded.error().message.c_str());
    methods = std::move(*loaded);
    blobs.emplace(std::move(*BlobStore::open(folder)));
    uploads = std::move(*Uploads::open(folder, {.free_bytes = 0}, [this] { return now / 1000; }));
    signer.emplace(std::move(*Signer::load(folder / "key")));
    renderer_key.emplace(std::move(*RendererKey::load(folder / "renderer_key")));
    DispatchSettings settings{.lease_key = signer->derive("lease", ""), .times = {}};
    for (auto const& method : benchmarked) settings.benchmarks.push_back({.method = methods.at(method), .scene = {}});
    auto recording = std::make_unique<RecordingPolicy>();
    policy_ = recording.get();
    dispatcher = std::make_unique<Dispatcher>(
        std::move(settings),
        OrderLinks{.blob = [](std::string_view sha256) { return "/blob/" + std::string(sha256); },
                   .inputs = [](std::int64_t job) { return "/list/" + std::to_string(job); },
                   .upload = [](Lease const&, std::string_view name) { return "/upload/" + std::string(name); }},
        std::move(recording), address);
    dispatcher->start();
    results = std::make_unique<ResultReceiver>(
        ResultReceiver::Settings{signer->derive("lease", ""), 600000, folder, ImageChecker{"/nonexistent", false}},
        *dispatcher, *uploads, staged);
    ck_assert(staged.open().has_value());
    config.image_program = config.scene_program.parent_path() / "distren-image";
    previews = std::make_unique<PreviewEncoder>(folder, ImageChecker{config.image_program, config.sandbox == "on"});
    slave_services.reset(new SlaveServices{.workers = workers,
                                           .dispatcher = *dispatcher,
                                           .results = *results,
                                           .slave_authenticator = gate,
                                           .telemetry = telemetry,
                                           .welcome = {.base_url = {}, .telemetry_ms = 60'000},
                                           .now_ms = [this] { return now; }});
    loop.start();
    slave_sessions = std::make_unique<HttpsSessions>(loop, *slave_services);
    services.reset(new Services{.config = config,
                                .dispatcher = *dispatcher,
                                .blobs = *blobs,
                                .uploads = *uploads,
                                .signer = *signer,
                                .renderer_key = *renderer_key,
                                .methods = methods,
                                .slave_sessions = *slave_sessions,
                                .results = *results,
                                .counters = counters,
                                .telemetry = telemetry,
                                .previews = *previews,
                                .live = live,
                                .now_ms = [this] { return now; }});
    router = std::make_unique<Router>(api_routes(), *services, handle_page);
    for (auto const& [name, method] : methods) ck_assert(store::ensure_method(database, name).has_value());
  }
  ~ApiFixture() {
    slave_sessions->stop();
    workers.stop();
    loop.stop();
    dispatcher->stop();
    std::filesystem::remove_all(folder);
  }

  // The dispatcher's state after all that it was told before.
  template <typename Question>
  auto look(Question const& question) {
    return dispatcher->ask([&](DispatchCore& core, std::int64_t) { return question(core); });
  }
  // Unfinished frames of a job in the dispatcher; 0: it is not there.
  int unfinished(std::int64_t job) {
    return look([job](DispatchCore const& core) {
      JobQueue const* const found = core.jobs.find(job);
      return found == nullptr ? 0 : found->unfinished();
    });
  }
  bool paused(std::int64_t job) {
    return look([job](DispatchCore const& core) {
      JobQueue const* const found = core.jobs.find(job);
      return found != nullptr && !found->active();
    });
  }
  std::int64_t jobs_there() {
    return look([](DispatchCore const& core) { return std::distance(core.jobs.begin(), core.jobs.end()); });
  }
  bool online(std::int64_t slave) {
    return look([slave](DispatchCore const& core) { return core.slaves.contains(slave); });
  }
  std::map<std::int64_t, std::int64_t> totals() {
    return look([this](DispatchCore const&) { return policy_->totals; });
  }
  std::map<std::int64_t, std::int64_t> escrows() {
    return look([this](DispatchCore const&) { return policy_->escrows; });
  }
  void foretell(std::function<Forecast(std::int64_t more_escrow)> forecast) {
    look([&](DispatchCore const&) { return policy_->foretold = std::move(forecast), true; });
  }

  // A slave comes to the dispatcher, with Blender if it names no method; power: measured, of a core, thousandths; 0:
  // not measured.
  std::shared_ptr<ConnectedSink> connect(SlaveCapabilities slave, int power = 0) {
    slave.methods = {{"blender", "3.4.1"}};
    auto sink = std::make_shared<ConnectedSink>();
    ck_assert(dispatcher->ask([&](DispatchCore& core, std::int64_t now_ms) {
      if (power > 0)
        core.benchmarks.load(
            {.slave = slave.id, .method = "blender", .version = "3.4.1", .benchmark = power, .power = power}, now_ms);
      bool const admitted = admit_slave(core, slave.id, "connected", sink, now_ms).has_value();
      slave_announced(core, slave, now_ms);
      return admitted;
    }));
    return sink;
  }
  // The nth order that it gets. Attempt numbers come from the database, a moment after they are needed.
  nlohmann::json order(ConnectedSink const& slave, std::size_t nth = 1) {
    for (int i = 0; i < 1000; ++i) {
      auto const found = look([&](DispatchCore const&) {
        std::size_t left = nth;
        for (auto const& each : slave.received)
          if (each["type"] == "order" && --left == 0) return each;
        return nlohmann::json();
      });
      if (!found.is_null()) return found;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ck_abort_msg("a slave gets no order");
    return {};
  }

  ApiReply send(Request request, std::string const& target) {
    auto parsed = parse_target(target);
    ck_assert(parsed.has_value());
    request.path = parsed->path;
    request.query = parsed->query;
    request.address = "203.0.113.7";
    request.loopback = true;
    Worker worker{database};
    auto reply = router->answer(request, worker);
    if (auto* deferred = std::get_if<DeferredReply>(&reply.body)) {
      auto const answer = std::make_shared<KeptAnswer>();
      deferred->start(answer);
      reply = answer->reply.get_future().get();
    }
    add_cors_headers(reply, request, config.cors_origins);
    ApiReply out{reply.status, reply.headers, {}, {}, std::holds_alternative<FileRange>(reply.body)};
    if (auto* text = std::get_if<std::string>(&reply.body)) out.text = *text;
    if (auto* piece = std::get_if<FileRange>(&reply.body)) {
      out.text.resize(static_cast<std::size_t>(piece->length));
      ck_assert_int_eq(::pread(piece->file.get(), out.text.data(), out.text.size(), piece->offset), piece->length);
    }
    if (auto* stream = std::get_if<GeneratedBody>(&reply.body)) {
      out.text.resize(static_cast<std::size_t>(stream->length));
      for (std::size_t at = 0; at < out.text.size();) {
        auto const got = stream->source->read(out.text.data() + at, out.text.size() - at);
        ck_assert_msg(got.has_value(), "%s", got ? "" : got.error().message.c_str());
        at += *got;
      }
    }
    out.json = nlohmann::json::parse(out.text, nullptr, false);
    return out;
  }

  ApiReply call(std::string method, std::string const& target, std::string const& secret = "",
                nlohmann::json const& body = nullptr) {
    Request request;
    request.method = std::move(method);
    if (!secret.empty()) request.headers.emplace_back("authorization", "Bearer " + secret);
    if (!body.is_null()) request.body = body.dump();
    return send(std::move(request), target);
  }

  // Long work that was begun, after its end.
  nlohmann::json end_of(ApiReply const& begun, std::string const& secret) {
    ck_assert_msg(begun.status == 202, "%s", begun.text.c_str());
    std::atomic<bool> const stopping = false;
    run_operations(services->jobs, database, stopping);
    return call("GET", begun.header("Location"), secret).json;
  }

  // A new account's session secret.
  std::string person(std::string* name_out = nullptr) {
    auto const name = "p" + random_secret().substr(0, 12);
    auto const reply = call("POST", "/api/v1/users", "", {{"name", name}, {"password", "long enough"}});
    ck_assert_msg(reply.status == 201, "%s", reply.text.c_str());
    if (name_out != nullptr) *name_out = name;
    return reply.json["token"];
  }

  ApiReply upload(std::string const& secret, std::string const& bytes) {
    Request request;
    request.method = "POST";
    request.headers = {{"authorization", "Bearer " + secret},
                       {"tus-resumable", "1.0.0"},
                       {"upload-length", std::to_string(bytes.size())},
                       {"upload-metadata", "sha256 " + to_base64(to_hex(sha256(bytes)))},
                       {"content-type", "application/offset+octet-stream"}};
    request.body = bytes;
    return send(std::move(request), "/api/v1/uploads");
  }

  Database database;
  Loop loop;
  WorkerPool workers;
  std::filesystem::path folder, top;
  ServerConfig config;
  std::map<std::string, RenderMethod> methods;
  std::optional<BlobStore> blobs;
  std::unique_ptr<Uploads> uploads;
  std::optional<Signer> signer;
  std::optional<RendererKey> renderer_key;
  std::unique_ptr<Dispatcher> dispatcher;
  std::int64_t now = 1767225600000;
  SlaveAuthenticator gate{[this] { return now; }};
  StagedResults staged{folder, [this] { return now / 1000; }};
  std::unique_ptr<ResultReceiver> results;
  HttpCounters counters;
  TelemetryHistory telemetry;
  std::unique_ptr<PreviewEncoder> previews;
  EventBroker live{{.per_user = 2, .total = 3}, "life", [this] { return now; }};
  std::unique_ptr<SlaveServices> slave_services;
  std::unique_ptr<HttpsSessions> slave_sessions;
  std::unique_ptr<Services> services;
  std::unique_ptr<Router> router;

private:
  RecordingPolicy* policy_ = nullptr;  // the dispatcher's
};

}  // namespace distren

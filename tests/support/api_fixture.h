// The whole HTTP API without sockets: the router over a private MariaDB, a store in a temporary folder, and a
// dispatcher that only writes down what it is told. One database for all tests of a program; names are made unique.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/process/sandbox.h"
#include "server/api/handlers.h"
#include "server/api/router.h"
#include "server/api/services.h"
#include "server/http/uri.h"
#include "tests/support/check_main.h"

namespace distren {

class NotingDispatcher : public Dispatcher {
public:
  std::map<std::int64_t, std::size_t> added;  // job, unfinished tasks
  std::set<std::int64_t> paused, removed, disabled;
  std::map<std::int64_t, int> priorities;
  std::map<std::int64_t, std::int64_t> totals, escrows;
  std::map<std::int64_t, Blocks> blocks;
  std::map<std::int64_t, std::string> told;
  std::vector<UserStatus> users;
  std::vector<std::int64_t> online;
  std::string settings;
  int questions = 0;  // about jobs and slaves
  std::optional<SlaveCapabilities> hello_seen;
  std::optional<Error> hello_refused;
  std::optional<std::string> next_order, next_cancel;
  std::function<void()> on_the_way;  // called before what is told of a job arrives
  std::mutex mutex;                  // jobs may be told of by several threads

  void add_job(store::RunnableJob job, std::vector<store::RunnableTask> tasks,
               std::vector<store::FailedOn> /*failures*/) override {
    if (on_the_way) on_the_way();
    std::lock_guard const lock(mutex);
    added[job.id] = tasks.size();
  }
  void change_job(store::JobControl control) override {
    if (on_the_way) on_the_way();
    std::lock_guard const lock(mutex);
    if (control.state == store::JobState::paused)
      paused.insert(control.job);
    else
      paused.erase(control.job);
    priorities[control.job] = control.priority;
  }
  void remove_job(std::int64_t job, std::int64_t /*revision*/, std::string /*reason*/) override {
    if (on_the_way) on_the_way();
    std::lock_guard const lock(mutex);
    removed.insert(job);
    added.erase(job);
  }
  void change_blocks(std::int64_t slave, Blocks of) override { blocks[slave] = std::move(of); }
  void tell_slave(std::int64_t slave, std::string line) override { told[slave] = std::move(line); }
  void disable_slave(std::int64_t slave, std::string /*reason*/) override { disabled.insert(slave); }
  std::vector<JobStatus> job_statuses(std::vector<std::int64_t> jobs) override {
    ++questions;
    return std::vector<JobStatus>(jobs.size(), {1, 0.5, "no slave is online", forecast(0, 0)});
  }
  std::vector<SlaveStatus> slave_statuses(std::vector<std::int64_t> slaves) override {
    ++questions;
    return std::vector<SlaveStatus>(slaves.size(), {true, {{1, 5, 981, 5, 0.25}}, settings});
  }
  std::vector<std::pair<std::int64_t, TaskStatus>> tasks_live(std::int64_t /*job*/) override { return {}; }
  GridStatus grid_live() override { return {2, 1, 10, 3, 2, 6500}; }
  std::vector<UserStatus> users_live() override { return users; }
  std::vector<std::int64_t> slaves_online() override { return online; }
  JournalStatus journal_live() override { return {false, 3, 20}; }
  Explanation why_job(std::int64_t /*job*/) override { return {"users_ahead", 2, "2 users come first"}; }
  Explanation why_slave(std::int64_t /*slave*/) override { return {"nothing_to_do", 0, "no job has a frame waiting"}; }
  std::optional<Forecast> forecast(std::int64_t /*job*/, std::int64_t more_escrow) override {
    return more_escrow > 0 ? Forecast{2, 1000, 60000, 1'800'000'000'000} : Forecast{7, 0, 60000, 1'800'000'900'000};
  }
  void set_total(std::int64_t user, std::int64_t millipoints) override { totals[user] = millipoints; }
  void set_escrow(std::int64_t job, std::int64_t millipoints) override { escrows[job] = millipoints; }
  Result<void> admit(std::int64_t, std::string, std::shared_ptr<SlaveSink>) override { return {}; }
  void hello(SlaveCapabilities) override {}
  void gone(std::int64_t, std::shared_ptr<SlaveSink>) override {}
  void progress(std::int64_t, std::int64_t, double) override {}
  void heard(std::int64_t) override {}
  Result<std::vector<std::pair<std::int64_t, std::string>>> http_hello(SlaveCapabilities slave) override {
    hello_seen = slave;
    if (hello_refused) return *hello_refused;
    return std::vector<std::pair<std::int64_t, std::string>>{{7, "job 3 was cancelled by its owner"}};
  }
  std::optional<std::string> http_order(std::int64_t) override { return next_order; }
  std::optional<std::string> http_progress(std::int64_t, std::int64_t, double) override { return next_cancel; }
  std::optional<ExpectedResult> expected_result(std::int64_t, std::int64_t) override { return std::nullopt; }
  CommitDecision begin_commit(AttemptReport) override { return CommitDecision::not_needed; }
  void abort_commit(std::int64_t) override {}
  void report(AttemptReport report, std::function<void(std::string)> done) override {
    done("{\"type\":\"accepted\",\"attempt\":" + std::to_string(report.attempt) + "}");
  }
};

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
  explicit ApiFixture(DatabaseAddress address)
      : database(std::move(address)),
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
    results = std::make_unique<ResultReceiver>(
        ResultReceiver::Settings{signer->derive("lease", ""), 600000, folder, ImageChecker{"/nonexistent", false}},
        dispatcher, *uploads, staged);
    ck_assert(staged.open().has_value());
    config.image_program = config.scene_program.parent_path() / "distren-image";
    previews = std::make_unique<PreviewEncoder>(folder, ImageChecker{config.image_program, config.sandbox == "on"});
    services.reset(new Services{.config = config,
                                .dispatcher = dispatcher,
                                .blobs = *blobs,
                                .uploads = *uploads,
                                .signer = *signer,
                                .methods = methods,
                                .slave_authenticator = gate,
                                .results = *results,
                                .counters = counters,
                                .telemetry = telemetry,
                                .previews = *previews,
                                .live = live,
                                .now_ms = [this] { return now; }});
    router = std::make_unique<Router>(api_routes(), *services, handle_page);
    for (auto const& [name, method] : methods) ck_assert(store::ensure_method(database, name).has_value());
  }
  ~ApiFixture() { std::filesystem::remove_all(folder); }

  ApiReply send(Request request, std::string const& target) {
    auto parsed = parse_target(target);
    ck_assert(parsed.has_value());
    request.path = parsed->path;
    request.query = parsed->query;
    request.address = "203.0.113.7";
    request.loopback = true;
    Worker worker{database};
    auto reply = router->answer(request, worker);
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

  // A new account's session secret.
  std::string person(std::string* name_out = nullptr) {
    auto const name = "p" + random_secret().substr(0, 12);
    auto const reply = call("POST", "/api/v1/register", "", {{"name", name}, {"password", "long enough"}});
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
  std::filesystem::path folder, top;
  ServerConfig config;
  std::map<std::string, RenderMethod> methods;
  NotingDispatcher dispatcher;
  std::optional<BlobStore> blobs;
  std::unique_ptr<Uploads> uploads;
  std::optional<Signer> signer;
  std::int64_t now = 1767225600000;
  SlaveAuthenticator gate{[this] { return now; }};
  StagedResults staged{folder, [this] { return now / 1000; }};
  std::unique_ptr<ResultReceiver> results;
  HttpCounters counters;
  TelemetryHistory telemetry;
  std::unique_ptr<PreviewEncoder> previews;
  EventBroker live{{.per_user = 2, .total = 3}, "life", [this] { return now; }};
  std::unique_ptr<Services> services;
  std::unique_ptr<Router> router;
};

}  // namespace distren

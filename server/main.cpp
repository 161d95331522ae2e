// distrend: the DistRen server. This file is the table of contents: what is made, in which order, and how it ends.
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>

#include "common/base/clock.h"
#include "common/base/command_line.h"
#include "common/base/digest.h"
#include "common/base/log.h"
#include "common/base/places.h"
#include "common/http/tls.h"
#include "common/process/sandbox.h"
#include "config.h"
#include "server/api/cors.h"
#include "server/api/handlers.h"
#include "server/api/router.h"
#include "server/api/services.h"
#include "server/database/migrate.h"
#include "server/dispatch/core.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/fair_share/fair_share.h"
#include "server/http/http_server.h"
#include "server/jobs/maintenance.h"
#include "server/jobs/operations.h"
#include "server/jobs/renderer_list.h"
#include "server/net/listen_address.h"
#include "server/notify/notifier.h"
#include "server/slaves/benchmark_scenes.h"
#include "server/slaves/https_sessions.h"
#include "server/slaves/line_server.h"
#include "server/slaves/slave_services.h"
#include "server/standalone/grid_folder.h"
#include "server/standalone/private_mariadb.h"
#include "server/storage/job_folder.h"
#include "server/storage/signed_urls.h"
#include "server/storage/staged_results.h"
#include "server/store/administration.h"
#include "server/submit/renderer_archive.h"

namespace {

using namespace distren;

struct Options {
  std::string config;
  std::string standalone;
  std::string log_level;
  bool check = false;
};

// Loops end last of all and start after everything that listens on them is ready.
struct Loops {
  std::vector<std::unique_ptr<Loop>> all;
  explicit Loops(int count) {
    for (int i = 0; i < count; ++i) all.push_back(std::make_unique<Loop>());
  }
  void start() {
    for (auto& loop : all) loop->start();
  }
  void stop() {
    for (auto& loop : all) loop->stop();
  }
  [[nodiscard]] std::vector<Loop*> pointers() const {
    std::vector<Loop*> out;
    for (auto const& loop : all) out.push_back(loop.get());
    return out;
  }
};

Result<int> open_http_door(HttpServer& http, std::string const& where, ssl_ctx_st* tls) {
  if (where.empty()) return 0;
  auto const address = parse_listen_address(where);
  if (!address) return address.error();
  auto const socket = listen_on(*address);
  if (!socket) return socket.error();
  if (auto opened = http.listen(socket->get(), tls); !opened) return opened.error();
  return bound_port(socket->get());
}

DispatchSettings dispatch_settings(ServerConfig const& config, std::string lease_key) {
  DispatchSettings settings;
  settings.lease_key = std::move(lease_key);
  settings.lease_ms = std::int64_t{1000} * config.times.lease_seconds;
  settings.link_life_ms = std::int64_t{1000} * config.times.signed_url_seconds;
  settings.heartbeat_ms = std::int64_t{1000} * config.times.heartbeat_seconds;
  settings.times = {.lease_ms = settings.lease_ms,
                    .deadline_ms = std::int64_t{1000} * config.times.frame_limit_seconds,
                    .result_limit = config.limits.result_bytes};
  settings.benchmark_ms = std::int64_t{1000} * config.benchmark_seconds;
  settings.random = unguessable_number;
  return settings;
}

OrderLinks order_links(Signer const& signer, ServerConfig const& config) {
  return {.blob = [&signer, life = config.times.signed_url_seconds](
                      std::string_view sha256) { return blob_url(signer, sha256, 0, unix_ms() / 1000 + life); },
          .inputs = [&signer, life = config.times.signed_url_seconds](
                        std::int64_t job) { return inputs_url(signer, job, unix_ms() / 1000 + life); },
          .upload =
              [&signer, &config](Lease const& lease, std::string_view name) {
                // Valid as long as the work may take and the slave may be offline: a week.
                return result_upload_url(signer, lease.attempt, lease.slave, name, config.limits.result_bytes,
                                         unix_ms() / 1000 + 7 * 24 * 3600);
              }};
}

Result<void> ensure_methods(DatabaseAddress const& address, std::map<std::string, RenderMethod> const& methods) {
  Database database(address);
  for (auto const& [name, method] : methods) {
    if (auto done = store::ensure_method(database, name); !done) return done;
  }
  return {};
}

// The hour that runs, so that a restart loses nothing of it.
void write_telemetry(TelemetryHistory& telemetry, DatabaseAddress const& address) {
  auto const hours = telemetry.take_hours(unix_ms(), true);
  if (hours.empty()) return;
  Database database(address);
  if (auto const done = store::write_telemetry(database, hours); !done)
    spdlog::warn("distrend: what {} slaves said of their machines is lost: {}", hours.size(), done.error().message);
}

// Every open page and every slave keeps a connection; what a login allows by itself is often 1,024.
void allow_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 65536));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Blocks until SIGTERM, SIGINT or SIGHUP (the terminal was closed), and meanwhile keeps the private database alive.
void wait_for_the_end(sigset_t const& signals, std::optional<PrivateMariadb>& mariadb) {
  for (;;) {
    timespec const second{1, 0};
    int const signal = sigtimedwait(&signals, nullptr, &second);
    if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) {
      spdlog::info("distrend: signal {} received, stopping", signal);
      return;
    }
    if (mariadb && !mariadb->alive()) {
      spdlog::error("distrend: the private database died, starting it again");
      if (auto started = mariadb->restart(); !started) spdlog::error("distrend: {}", started.error().message);
    }
  }
}

Result<void> serve(Options const& options, sigset_t const& signals) {
  // Configuration, and for a standalone grid its folder and its database.
  std::optional<GridFolder> grid;
  ServerConfig config;
  if (!options.standalone.empty()) {
    auto opened = open_grid_folder(options.standalone);
    if (!opened) return opened.error();
    grid = std::move(*opened);
    config = grid->config;
  } else {
    auto loaded = load_server_config(options.config);
    if (!loaded) return loaded.error();
    config = std::move(*loaded);
  }
  if (!options.log_level.empty()) config.log_level = options.log_level;
  if (auto done = start_log("distrend", config.log_level, config.log_file); !done) return done;
  if (auto done = check_server_config(config); !done) return done;

  ImageChecker const checker{config.image_program, config.sandbox == "on"};
  if (checker.program.empty())
    return fail(Errc::not_found,
                "distren-image was not found beside distrend nor where it is installed; set image_program");
  if (config.scene_program.empty())
    return fail(Errc::not_found,
                "distren-scene was not found beside distrend nor where it is installed; set scene_program");
  if (auto boxed = checker.sandboxed ? sandbox_available() : Result<void>(); !boxed)
    return fail(Errc::unavailable,
                fmt::format("scenes and images from strangers are read in a sandbox, and {}", boxed.error().message));
  auto methods = load_render_methods(config.methods);
  if (!methods) return methods.error();
  if (options.check) {
    for (auto const& [name, method] : *methods) fmt::print("render method {}\n", name);
    fmt::print("the configuration is valid\n");
    return {};
  }

  DatabaseThread const main_thread;
  std::optional<PrivateMariadb> mariadb;
  if (grid) {
    auto started = PrivateMariadb::start(grid->dir, config.sql);
    if (!started) return started.error();
    mariadb.emplace(std::move(*started));
    config.database = mariadb->address();
  }
  {
    Database database(config.database);
    if (auto done = check_schema(database); !done)
      return fail(done.error().code,
                  fmt::format("{}: {}", config.database.socket.empty() ? config.database.host : config.database.socket,
                              done.error().message));
    if (auto done = store::change_setting(database, "points.grant_by", config.points.grant_by); !done) return done;
  }
  if (auto done = ensure_methods(config.database, *methods); !done) return done;

  // The store.
  sweep_removed_jobs(config.stor);
  sweep_unpacked(config.stor / "unpacking");
  auto blobs = BlobStore::open(config.stor);
  if (!blobs) return blobs.error();
  auto uploads =
      Uploads::open(config.stor, {.free_bytes = config.limits.min_free_bytes}, [] { return unix_ms() / 1000; });
  if (!uploads) return uploads.error();
  StagedResults staged(config.stor, [] { return unix_ms() / 1000; });
  if (auto opened = staged.open(); !opened) return opened;
  auto signer = Signer::load(config.stor / "key");
  if (!signer) return signer.error();
  auto renderer_key = RendererKey::load(config.stor / "renderer_key");
  if (!renderer_key) return renderer_key.error();
  std::string const lease_key = signer->derive("lease", "");

  // The parts that work: dispatcher, workers, loops.
  DispatchSettings settings = dispatch_settings(config, lease_key);
  if (config.benchmark_seconds > 0) {
    auto plans = prepare_benchmarks(*methods, *blobs);
    if (!plans) return plans.error();
    settings.benchmarks = std::move(*plans);
  }
  Dispatcher dispatcher(std::move(settings), order_links(*signer, config), std::make_unique<FairShare>(),
                        config.database);
  {
    Database database(config.database);
    if (auto done = restore_job_folders(database, *blobs, config.stor); !done) return done;
    if (auto done = finish_staged_results(database, staged); !done) return done;
    if (auto done = dispatcher.load(database); !done) return done;
  }
  EventBroker live({.per_user = static_cast<std::size_t>(config.limits.event_streams_per_user),
                    .total = static_cast<std::size_t>(config.limits.event_streams)},
                   random_secret().substr(0, 12), unix_ms);
  dispatcher.publish_to(live);
  dispatcher.settle_images([&staged](std::int64_t attempt, bool accepted) { staged.settle(attempt, accepted); });
  dispatcher.start();
  {
    Database database(config.database);
    tell_renderers(database, dispatcher, renderer_key->public_key());
  }
  SlaveAuthenticator slave_authenticator(unix_ms);
  ResultReceiver results({lease_key, std::int64_t{1000} * config.times.lease_seconds, config.stor, checker}, dispatcher,
                         **uploads, staged);
  HttpCounters counters;
  TelemetryHistory telemetry;
  PreviewEncoder previews(config.stor, checker);
  Loops loops(config.limits.io_threads);
  WorkerPool workers(config.database, config.limits.worker_threads,
                     static_cast<std::size_t>(config.limits.request_queue));
  std::atomic<bool> stopping = false;
  auto patient = config.database;
  patient.answer_timeout_s = 3600;      // a check of a large ledger takes its time
  WorkerPool long_work(patient, 1, 2);  // one at it, and one more behind it sees what was queued meanwhile
  SlaveServices slave_services{.workers = workers,
                               .dispatcher = dispatcher,
                               .results = results,
                               .slave_authenticator = slave_authenticator,
                               .telemetry = telemetry,
                               .welcome = {.heartbeat_ms = std::int64_t{1000} * config.times.heartbeat_seconds,
                                           .telemetry_ms = std::int64_t{1000} * config.times.telemetry_seconds},
                               .connections_per_address = config.listen.connections_per_address};
  HttpsSessions slave_sessions(*loops.all.front(), slave_services);

  // The listeners.
  auto tls = config.tls.certificate.empty() ? Result<TlsContext>(TlsContext())
                                            : server_tls(config.tls.certificate, config.tls.key);
  if (!tls) return tls.error();
  Services services{.config = config,
                    .dispatcher = dispatcher,
                    .blobs = *blobs,
                    .uploads = **uploads,
                    .signer = *signer,
                    .renderer_key = *renderer_key,
                    .methods = *methods,
                    .slave_sessions = slave_sessions,
                    .results = results,
                    .counters = counters,
                    .telemetry = telemetry,
                    .previews = previews,
                    .live = live,
                    .now_ms = unix_ms,
                    .workers = &workers};
  {
    Database database(config.database);
    auto kept = store::list_settings(database);
    if (!kept) return kept.error();
    services.runtime.take(std::move(*kept));
  }
  Notifier notifier(config, services.runtime, dispatcher, live, services.signer, unix_ms);
  services.wake_operations = [&] {
    static_cast<void>(
        long_work.submit([&](Worker& worker) { run_operations(services.jobs, worker.database, stopping); }));
  };
  services.wake_notifier = [&notifier] { notifier.wake(); };
  Router const router(api_routes(), services, handle_page);
  HttpOptions http_options;
  http_options.listener.always = security_headers(!config.listen.https.empty());
  http_options.connections_per_address = config.listen.connections_per_address;
  http_options.address_limit = [&services](Request const& request) { return address_limit(services, request); };
  http_options.finish = [&config](Request const& request, Reply& reply) {
    add_cors_headers(reply, request, config.cors_origins);
  };
  HttpServer http(
      loops.pointers(), workers,
      [&router](Request const& request, Worker& worker) { return router.answer(request, worker); }, http_options,
      counters);
  auto const https_port = open_http_door(http, config.listen.https, tls->get());
  if (!https_port) return https_port.error();
  auto const http_port = open_http_door(http, config.listen.http, nullptr);
  if (!http_port) return http_port.error();
  // Beyond loopback only the administrator knows the name; without it slaves use the line's host and port 8443.
  if (auto const https = parse_listen_address(config.listen.https);
      config.public_url.empty() && https && https->loopback)
    config.public_url = fmt::format("https://localhost:{}", *https_port);

  slave_services.welcome.base_url = config.public_url;

  LineServer line(loops.all, slave_services);
  for (auto const& [where, context] :
       {std::pair{config.listen.line, tls->get()}, {config.listen.line_plain, nullptr}}) {
    if (where.empty()) continue;
    if (auto opened = line.listen(where, context); !opened) return opened;
  }
  EventPtr const maintenance = loops.all.front()->every(60000, [&] {
    bool const queued =
        workers.submit([&](Worker& worker) { run_maintenance(services.maintenance(), worker.database); });
    if (!queued) spdlog::warn("maintenance: the workers are busy, next try in a minute");
    services.wake_operations();
  });
  EventPtr const beats = loops.all.front()->every(20000, [&live] { live.heartbeat(); });
  // A client that reads the file and connects at once waits in the listeners' queues. The last thing that may fail:
  // once the loops run, only the order below ends what they work with.
  int const line_port = line.ports().empty() ? 0 : line.ports().front();
  if (grid) {
    GridEndpoints const doors{config.public_url, fmt::format("http://127.0.0.1:{}", *http_port), line_port};
    if (auto written = write_grid_file(*grid, doors); !written) return written;
  }
  notifier.start();
  services.wake_operations();
  loops.start();
  spdlog::info("distrend {}: ready line={} https={} http={}", PACKAGE_VERSION, line_port, *https_port, *http_port);

  wait_for_the_end(signals, mariadb);

  // The end, in the order that loses nothing: no new work, finish what is being handled, write the journal, close.
  live.close();
  http.stop_accepting();
  line.stop();
  slave_sessions.stop();
  workers.stop();
  stopping = true;
  notifier.stop();
  previews.stop();
  write_telemetry(telemetry, config.database);
  dispatcher.stop();
  http.stop();
  loops.stop();
  long_work.stop();  // last: nothing waits for it, and a kill meanwhile loses nothing
  spdlog::info("distrend: stopped");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Run the server of a DistRen grid.", "distrend");
  app.set_version_flag("-V,--version", "distrend " PACKAGE_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--config", options.config, "Configuration file (default " DISTREN_SYSCONFDIR "/distrend.toml)");
  app.add_option("--standalone", options.standalone, "Run a grid for this machine alone in DIR, with its own database")
      ->type_name("DIR");
  app.add_option("--log-level", options.log_level,
                 "Log level: trace, debug, info, warn, error or off (default from the configuration)");
  app.add_flag("--check", options.check, "Check the configuration and exit");
  if (auto const ended = parse_command_line(app, argc, argv)) return *ended;
  if (options.config.empty()) options.config = DISTREN_SYSCONFDIR "/distrend.toml";

  allow_descriptors();
  // All threads inherit this: signals are taken in one place, and a vanished peer is an error code, not a death.
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  try {
    if (auto served = serve(options, signals); !served) {
      fmt::print(stderr, "distrend: {}\n", served.error().message);
      return 1;
    }
  } catch (std::exception const& problem) {
    fmt::print(stderr, "distrend: {}\n", problem.what());
    return 1;
  }
  return 0;
}

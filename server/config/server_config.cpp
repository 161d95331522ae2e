#include "server/config/server_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/config.h"
#include "common/base/files.h"
#include "common/base/places.h"
#include "server/config/mail_address.h"
#include "server/config/web_origin.h"
#include "server/net/listen_address.h"

namespace distren {

namespace {

// Of version 0.1.
constexpr std::array<RenamedSetting, 15> renamed_settings{
    {{"url", "public_url"},
     {"trust", "points.grant_by"},
     {"limits.loops", "limits.io_threads"},
     {"limits.workers", "limits.worker_threads"},
     {"limits.queue", "limits.request_queue"},
     {"limits.streams", "limits.event_streams"},
     {"limits.streams_per_person", "limits.event_streams_per_user"},
     {"limits.frames_per_person", "limits.frames_per_user"},
     {"limits.free_bytes", "limits.min_free_bytes"},
     {"times.lease", "times.lease_seconds"},
     {"times.deadline", "times.frame_limit_seconds"},
     {"times.heartbeat", "times.heartbeat_seconds"},
     {"times.telemetry", "times.telemetry_seconds"},
     {"times.session", "times.session_seconds"},
     {"times.signed_url", "times.signed_url_seconds"}}};

constexpr std::size_t max_origins = 100;

void fill_in_places(ServerConfig& config) {
  if (config.methods.empty()) config.methods = find_data("methods");
  if (config.sql.empty()) config.sql = find_data("sql");
  if (config.openapi.empty()) config.openapi = find_data("openapi.yaml");
  if (config.openapi.empty()) config.openapi = find_data("doc/openapi.yaml");
  if (config.htdocs.empty()) config.htdocs = find_data("htdocs/dist");  // as it is built
  if (config.htdocs.empty()) config.htdocs = DISTREN_HOME "/htdocs";
  if (config.image_program.empty()) config.image_program = find_helper("distren-image");
  if (config.scene_program.empty()) config.scene_program = find_helper("distren-scene");
}

Result<void> check_mail(ServerConfig::Mail const& mail) {
  if (mail.tls != "required" && mail.tls != "off")
    return fail(Errc::invalid, fmt::format("mail.tls = \"{}\": it takes \"required\" or \"off\"", mail.tls));
  if (mail.server.empty()) return {};
  if (auto const good = check_mail_server(mail.server, mail.tls == "required"); !good)
    return fail(Errc::invalid, fmt::format("mail.server = \"{}\": {}", mail.server, good.error().message));
  if (!is_mail_address(mail.from))
    return fail(Errc::invalid,
                fmt::format("mail.from = \"{}\" is not an e-mail address, and mail needs a sender", mail.from));
  return {};
}

Result<void> check_origins(std::vector<std::string> const& origins) {
  if (origins.size() > max_origins)
    return fail(Errc::invalid,
                fmt::format("cors_origins: {} are above the maximum of {}", origins.size(), max_origins));
  for (auto const& origin : origins) {
    if (auto const good = check_web_origin(origin); !good)
      return fail(Errc::invalid, fmt::format("cors_origins: {}", good.error().message));
  }
  return {};
}

}  // namespace

Result<ServerConfig> load_server_config(std::filesystem::path const& file) {
  auto toml = Config::load(file);
  if (!toml) return toml.error();
  ServerConfig config;
  toml->read("name", config.name);
  toml->read("stor", config.stor);
  toml->read("htdocs", config.htdocs);
  toml->read("methods", config.methods);
  toml->read("sql", config.sql);
  toml->read("openapi", config.openapi);
  toml->read("image_program", config.image_program);
  toml->read("scene_program", config.scene_program);
  toml->read("public_url", config.public_url);
  toml->read("cors_origins", config.cors_origins);
  toml->read("registration", config.registration);
  toml->read("sandbox", config.sandbox);

  toml->read("listen.line", config.listen.line);
  toml->read("listen.https", config.listen.https);
  toml->read("listen.http", config.listen.http);
  toml->read("listen.line_plain", config.listen.line_plain);
  toml->read("listen.connections_per_address", config.listen.connections_per_address, 1, 100000);

  toml->read("tls.certificate", config.tls.certificate);
  toml->read("tls.key", config.tls.key);

  toml->read("database.socket", config.database.socket);
  toml->read("database.host", config.database.host);
  toml->read("database.port", config.database.port, 1, 65535);
  toml->read("database.schema", config.database.schema);
  toml->read("database.user", config.database.user);
  std::filesystem::path password_file;
  toml->read("database.password_file", password_file);

  toml->read("limits.io_threads", config.limits.io_threads, 1, 64);
  toml->read("limits.worker_threads", config.limits.worker_threads, 1, 256);
  toml->read("limits.request_queue", config.limits.request_queue, 1, 1000000);
  toml->read("limits.event_streams", config.limits.event_streams, 0, 1000000);
  toml->read("limits.event_streams_per_user", config.limits.event_streams_per_user, 1, 1000000);
  toml->read("limits.upload_bytes", config.limits.upload_bytes, 1, std::int64_t{1} << 44);
  toml->read("limits.result_bytes", config.limits.result_bytes, 1, std::int64_t{1} << 34);
  toml->read("limits.min_free_bytes", config.limits.min_free_bytes, 0, std::int64_t{1} << 50);
  toml->read("limits.renderer_bytes", config.limits.renderer_bytes, 1, std::int64_t{1} << 40);
  toml->read("limits.renderer_entries", config.limits.renderer_entries, 1, std::int64_t{1} << 30);
  toml->read("limits.renderer_ratio", config.limits.renderer_ratio, 1, 100000);
  toml->read("limits.frames_per_job", config.limits.frames_per_job, 1, 100000);
  toml->read("limits.frames_per_user", config.limits.frames_per_user, 1, std::int64_t{1} << 40);
  toml->read("limits.files_per_job", config.limits.files_per_job, 1, 100000);
  toml->read("limits.address_requests_per_second", config.limits.address_requests_per_second, 20, 1000000);
  toml->read("limits.user_requests_per_second", config.limits.user_requests_per_second, 20, 1000000);

  toml->read("times.lease_seconds", config.times.lease_seconds, 5, 86400);
  toml->read("times.frame_limit_seconds", config.times.frame_limit_seconds, 10, 30 * 86400);
  toml->read("points.grant_by", config.points.grant_by);
  toml->read("benchmark_seconds", config.benchmark_seconds, 0, 3600);
  toml->read("times.heartbeat_seconds", config.times.heartbeat_seconds, 1, 3600);
  toml->read("times.telemetry_seconds", config.times.telemetry_seconds, 0, 3600);
  toml->read("times.session_seconds", config.times.session_seconds, 60, 366 * 86400);
  toml->read("times.signed_url_seconds", config.times.signed_url_seconds, 10, 7 * 86400);

  toml->read("mail.server", config.mail.server);
  toml->read("mail.from", config.mail.from);
  toml->read("mail.user", config.mail.user);
  toml->read("mail.tls", config.mail.tls);
  std::filesystem::path mail_password_file;
  toml->read("mail.password_file", mail_password_file);
  toml->read("webhook.enabled", config.webhook.enabled);
  toml->read("webhook.private_addresses", config.webhook.private_addresses);

  toml->read("log.level", config.log_level);
  toml->read("log.file", config.log_file);
  if (auto done = toml->finish(renamed_settings); !done) return done.error();
  fill_in_places(config);

  if (!password_file.empty()) {
    // The password is in a file of its own, so that distrend.toml can be shown to others.
    auto password = read_secret_file(password_file);
    if (!password) return password.error();
    config.database.password = std::move(*password);
  }
  if (!mail_password_file.empty()) {
    auto password = read_secret_file(mail_password_file);
    if (!password) return password.error();
    config.mail.password = std::move(*password);
  }
  return config;
}

Result<void> check_server_config(ServerConfig const& config) {
  if (auto good = check_origins(config.cors_origins); !good) return good;
  struct Listener {
    std::string_view key;
    std::string const& address;
    bool encrypted;
  };
  bool needs_tls = false;
  for (Listener const& listener :
       {Listener{"listen.line", config.listen.line, true}, Listener{"listen.https", config.listen.https, true},
        Listener{"listen.http", config.listen.http, false},
        Listener{"listen.line_plain", config.listen.line_plain, false}}) {
    if (listener.address.empty()) continue;
    auto const address = parse_listen_address(listener.address);
    if (!address) return fail(address.error().code, fmt::format("{}: {}", listener.key, address.error().message));
    if (!listener.encrypted && !address->loopback)
      return fail(Errc::invalid,
                  fmt::format("{} = \"{}\" would send passwords in clear over the network; leave it on 127.0.0.1 and "
                              "set listen.https and tls.certificate for everyone else",
                              listener.key, listener.address));
    needs_tls = needs_tls || listener.encrypted;
  }
  if (needs_tls) {
    for (auto const& [key, file] :
         {std::pair{"tls.certificate", config.tls.certificate}, {"tls.key", config.tls.key}}) {
      if (file.empty())
        return fail(Errc::invalid,
                    fmt::format("{} is not set; name a PEM file, or use --standalone DIR, which makes one", key));
      if (!std::filesystem::exists(file))
        return fail(Errc::not_found, fmt::format("{} = \"{}\" does not exist", key, file.string()));
    }
  }
  for (auto const& [key, folder] : {std::pair{"stor", config.stor}, {"methods", config.methods}}) {
    if (!std::filesystem::is_directory(folder))
      return fail(Errc::not_found,
                  fmt::format("{} = \"{}\" is not a folder; make it, or name another", key, folder.string()));
  }
  if (config.points.grant_by != "fair_value" && config.points.grant_by != "claim")
    return fail(Errc::invalid,
                fmt::format("points.grant_by = \"{}\": it takes \"fair_value\" or \"claim\"", config.points.grant_by));
  if (config.sandbox != "on" && config.sandbox != "off")
    return fail(Errc::invalid, fmt::format("sandbox = \"{}\": it takes \"on\" or \"off\"", config.sandbox));
  return check_mail(config.mail);
}

}  // namespace distren

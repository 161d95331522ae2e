// distrend.toml as a struct; the members carry the defaults. Read once at start-up. See man/distrend.toml.5.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren {

struct ServerConfig {
  std::string name = "DistRen";  // the grid's name on the pages
  std::filesystem::path stor = DISTREN_HOME "/stor";
  std::filesystem::path htdocs;  // this and the next three: the installed ones, or those of a source tree
  std::filesystem::path methods;
  std::filesystem::path sql;
  std::filesystem::path openapi;
  std::filesystem::path image_program;  // distren-image; empty: beside this program or where it is installed
  std::filesystem::path scene_program;  // distren-scene, likewise

  std::string public_url;  // for slaves and users; empty: from the listen address

  std::vector<std::string> cors_origins;  // whose pages may use the API with a bearer token

  struct Listen {
    std::string line = "127.0.0.1:4554";   // TLS always, except plain = true on loopback
    std::string https = "127.0.0.1:8443";  // empty: disabled
    std::string http = "127.0.0.1:8080";   // loopback only
    std::string line_plain;                // the line protocol without TLS, loopback only; empty: disabled
    int connections_per_address = 64;      // not counted on loopback
  } listen;

  struct Tls {
    std::filesystem::path certificate;  // PEM, the whole chain
    std::filesystem::path key;
  } tls;

  DatabaseAddress database;

  struct Limits {
    int io_threads = 2;
    int worker_threads = 4;
    int request_queue = 1000;         // requests that wait for a worker
    int event_streams = 4000;         // concurrent
    int event_streams_per_user = 24;  // concurrent
    std::int64_t upload_bytes = std::int64_t{8} << 30;
    std::int64_t result_bytes = std::int64_t{256} << 20;
    std::int64_t min_free_bytes = std::int64_t{1} << 30;  // reject uploads below this free space
    std::int64_t renderer_bytes = std::int64_t{8} << 30;  // of the archive of a renderer, unpacked
    std::int64_t renderer_entries = 200'000;
    std::int64_t renderer_ratio = 60;  // unpacked to packed
    int frames_per_job = 100000;
    std::int64_t frames_per_user = 2'000'000;  // of all jobs of one user, tiles counted
    int files_per_job = 100000;
    int address_requests_per_second = 500;  // both in bursts of ten seconds' worth
    int user_requests_per_second = 500;
  } limits;

  int benchmark_seconds = 20;  // of a reference PC, before a slave's first order and monthly; 0: all cores are equal
  bool registration = true;    // whether anyone may create an account
  std::string sandbox = "on";  // for distren-image and distren-scene; "off" only where user namespaces are impossible

  struct Times {
    int lease_seconds = 600;
    int frame_limit_seconds = 900;
    int heartbeat_seconds = 30;
    int telemetry_seconds = 60;  // interval of the slaves' telemetry; 0: never
    int session_seconds = 30 * 24 * 3600;
    int signed_url_seconds = 3600;
  } times;

  struct Points {
    // "fair_value": what a frame is worth is settled by what it cost others. "claim": the slave's own measurement
    // counts, for a grid of few users who know each other.
    std::string grant_by = "fair_value";
  } points;

  struct Mail {                    // notifications by e-mail
    std::string server;            // smtp://host:587 or smtps://host:465; empty: none are sent
    std::string from;              // the sender's address
    std::string user;              // empty: without a login
    std::string password;          // from mail.password_file
    std::string tls = "required";  // "off" only to this machine
  } mail;

  struct Webhook {
    bool enabled = true;
    bool private_addresses = false;  // whether webhooks may lead into this machine's own networks
  } webhook;

  std::string log_level = "info";
  std::string log_file;  // empty: stderr
};

Result<ServerConfig> load_server_config(std::filesystem::path const& file);
// Validates combinations: a listener beyond loopback without TLS, a missing certificate, missing
// folders.
Result<void> check_server_config(ServerConfig const& config);

}  // namespace distren

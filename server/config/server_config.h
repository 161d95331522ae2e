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

  std::string url;  // public URL for slaves and users; empty: from the listen address

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
    int loops = 2;  // threads
    int workers = 4;
    int queue = 1000;             // request queue of the workers
    int streams = 4000;           // concurrent event streams
    int streams_per_person = 24;  // ... per user
    std::int64_t upload_bytes = std::int64_t{8} << 30;
    std::int64_t result_bytes = std::int64_t{256} << 20;
    std::int64_t free_bytes = std::int64_t{1} << 30;  // reject uploads below this free space
    int frames_per_job = 100000;
    std::int64_t frames_per_person = 2'000'000;  // of all jobs of one user, tiles counted
    int files_per_job = 100000;
  } limits;

  int benchmark_seconds = 20;  // of a reference PC, before a slave's first order and monthly; 0: all cores are equal
  std::string trust = "open";  // "private": grants need no fair value, for a grid of few users who know each other
  bool registration = true;    // whether anyone may create an account
  std::string sandbox = "on";  // for distren-image and distren-scene; "off" only where user namespaces are impossible

  struct Times {  // seconds unless the name says otherwise
    int lease = 600;
    int deadline = 900;
    int heartbeat = 30;
    int telemetry = 60;  // interval of the slaves' telemetry; 0: never
    int session = 30 * 24 * 3600;
    int signed_url = 3600;
  } times;

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

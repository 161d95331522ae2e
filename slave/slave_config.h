// distren-slave.toml: the volunteer's settings. Read once at start, then a value; any thread. Errors: every problem of
// the file, one a line, or the missing file or setting with its remedy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "slave/availability.h"

namespace distren {

struct SlaveConfig {
  std::string server = "localhost";
  int port = 4554;
  std::string files_url;          // base for relative URLs; empty: as the server sends it
  std::filesystem::path ca_file;  // PEM; empty: the system's certificates
  bool plain = false;             // the line protocol without TLS; loopback addresses only

  std::string slavekey;
  std::string slavepassword;                 // alternatively
  std::filesystem::path slavepassword_file;  // its first line

  std::filesystem::path state;  // jobs, outbox, the renderer's home
  std::filesystem::path cache;  // may be shared by slaves of a user; empty: below the state
  int cache_mib = 10240;        // of scene files kept for later orders
  int threads = 0;              // 0: all
  int memory_mib = 0;           // limit of a renderer; 0: the machine's memory less 512
  int nice = 10;
  int minutes_per_frame = 0;        // longer frames are returned; 0: no limit
  int download_kib_per_second = 0;  // 0: no limit
  int upload_kib_per_second = 0;
  int max_orders = 8;                    // maximum number of orders; one is rendered, the others are queued
  std::string cgroup = "auto";           // "on": required; "off"
  int max_processes = 512;               // processes and threads of a renderer, with cgroup
  std::vector<std::string> gpu_devices;  // allowed devices: "auto", words of names, ids; empty: none
  std::string sandbox = "on";            // "off": untrusted files run with the volunteer's own rights
  std::filesystem::path methods;         // definitions of render methods
  std::filesystem::path image_program;
  // By method: its programs, or root folders of trees with one, in the order of preference; else that of its
  // definition.
  std::map<std::string, std::vector<std::string>> programs;
  std::vector<std::string> delivered{"signed"};  // renderers of the grid: "signed", "own" for none, or their digests
  std::string renderer_key;                      // of the grid, base64; empty: the first that it names

  std::vector<std::string> trusted_owners;  // names or ids of users
  bool allow_scripts = false;               // whether their scenes may run scripts and drivers, inside the sandbox
  // Whether scripts of this user's scenes may run; decided by the volunteer alone.
  [[nodiscard]] bool may_run_scripts(std::int64_t owner, std::string const& name) const;

  AvailabilitySettings availability;  // when it may work
  bool allow_full_screen = true;      // also while a program fills the screen or keeps it on
  bool remote_settings = false;       // whether the slave's owner may lower limits remotely

  std::string log_level = "info";
  std::string log_file;

  // Whether renderers that the grid delivers are run. Never without a sandbox.
  [[nodiscard]] bool takes_delivered() const { return sandboxed() && delivered != std::vector<std::string>{"own"}; }
  [[nodiscard]] std::filesystem::path cache_folder() const { return cache.empty() ? state / "cache" : cache; }
  [[nodiscard]] bool sandboxed() const { return sandbox != "off"; }
};

// named: from --config; empty: ./distren-slave.toml, ~/.config/distren/slave.toml, then SYSCONFDIR/slave.toml.
Result<std::filesystem::path> find_slave_config(std::filesystem::path const& named);
Result<SlaveConfig> load_slave_config(std::filesystem::path const& file);

// Locations of an installation or a build tree; empty if not found.
std::filesystem::path default_methods_folder();
std::filesystem::path default_image_program();
// For root /var/lib/distren-slave, else $XDG_STATE_HOME/distren-slave.
std::filesystem::path default_state_folder();

}  // namespace distren

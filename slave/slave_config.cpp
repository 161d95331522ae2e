#include "slave/slave_config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "common/base/config.h"
#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/places.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

// Of version 0.1.
constexpr std::array<RenamedSetting, 18> renamed_settings{
    {{"url", "files_url"},
     {"orders", "max_orders"},
     {"tasks", "max_processes"},
     {"log_level", "log.level"},
     {"log_file", "log.file"},
     {"limits.download_kib", "limits.download_kib_per_second"},
     {"limits.upload_kib", "limits.upload_kib_per_second"},
     {"trust.scripts", "trust.allow_scripts"},
     {"neighbour.schedule", "availability.schedule"},
     {"neighbour.idle_minutes", "availability.idle_minutes"},
     {"neighbour.load_by_others", "availability.max_other_load_percent"},
     {"neighbour.programs", "availability.not_while_running"},
     {"neighbour.full_screen", "availability.allow_full_screen"},
     {"neighbour.temperature", "availability.max_temperature_c"},
     {"neighbour.on_battery", "availability.allow_on_battery"},
     {"neighbour.battery_percent", "availability.min_battery_percent"},
     {"neighbour.give_back_minutes", "availability.return_after_minutes"},
     {"neighbour.remote_settings", "availability.remote_settings"}}};

fs::path home_folder() {
  char const* const home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? fs::path(home) : fs::path();
}

// Paths are relative to the file's folder, not to the current one; a name without a slash is looked up in PATH. The
// names of the settings are those of the installed methods. Returns what is wrong.
std::string read_programs(Config& config, fs::path const& folder, SlaveConfig& out) {
  std::error_code error;
  std::string wrong;
  for (auto const& item : fs::directory_iterator(out.methods, error)) {
    if (!item.is_directory(error)) continue;
    std::string const name = item.path().filename().string();
    std::string program;
    std::vector<std::string> programs;
    config.read("programs." + name, program);
    config.read_text_or_list("renderers." + name, programs);
    if (!program.empty() && !programs.empty())
      wrong = fmt::format("programs.{0} and renderers.{0} are both set; keep one of them", name);
    if (!program.empty()) programs = {program};
    for (auto& each : programs)
      if (each.find('/') != std::string::npos && program.empty()) each = (folder / each).lexically_normal().string();
    if (!programs.empty()) out.programs.emplace(name, std::move(programs));
  }
  return wrong;
}

std::string check_delivered(SlaveConfig const& config) {
  for (auto const& each : config.delivered) {
    bool const word = (each == "signed" || each == "own") && config.delivered.size() == 1;
    if (!word && !is_sha256_hex(each))
      return fmt::format(
          "renderers: {} is not usable; it is \"signed\", \"own\" or a list of SHA-256 digests of 64 "
          "hexadecimal digits each",
          each);
  }
  auto const key = from_base64(config.renderer_key);
  if (!config.renderer_key.empty() && (!key || key->size() != 32))
    return fmt::format(
        "renderer_key: {} is no key; it is the base64 text of 32 bytes that the grid's administrator "
        "names",
        config.renderer_key);
  return {};
}

Result<void> read_availability(Config& config, AvailabilitySettings& out) {
  config.read("availability.idle_minutes", out.idle_minutes, 0, 1440);
  config.read("availability.max_other_load_percent", out.max_other_load_percent, 0, 100);
  config.read("availability.allow_on_battery", out.allow_on_battery);
  config.read("availability.min_battery_percent", out.min_battery_percent, 0, 100);
  config.read("availability.max_temperature_c", out.max_temperature_c, 0, 150);
  config.read("availability.not_while_running", out.not_while_running);
  config.read("availability.return_after_minutes", out.return_after_minutes, 0, 1440);
  std::vector<std::string> lines;
  config.read("availability.schedule", lines);
  auto schedule = parse_schedule(lines);
  if (!schedule) return schedule.error();
  out.schedule = *schedule;
  return {};
}

}  // namespace

fs::path default_methods_folder() {
  return find_data("methods");
}

fs::path default_image_program() {
  return find_helper("distren-image");
}

fs::path default_state_folder() {
  if (::geteuid() == 0) return "/var/lib/distren-slave";
  char const* const state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return fs::path(state) / "distren-slave";
  return home_folder() / ".local/state/distren-slave";
}

Result<fs::path> find_slave_config(fs::path const& named) {
  std::error_code error;
  if (!named.empty()) {
    if (fs::exists(named, error)) return named;
    return fail(Errc::not_found, fmt::format("configuration file {} does not exist", named.string()));
  }
  std::vector<fs::path> places{"distren-slave.toml"};
  if (!home_folder().empty()) places.push_back(home_folder() / ".config/distren/slave.toml");
  places.push_back(fs::path(DISTREN_SYSCONFDIR) / "slave.toml");
  if (places.back() != "/etc/distren/slave.toml") places.emplace_back("/etc/distren/slave.toml");
  std::string tried;
  for (auto const& place : places) {
    if (fs::exists(place, error)) return place;
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  return fail(Errc::not_found, fmt::format("no configuration file was found in {}; name one with --config FILE, and "
                                           "create credentials with: distren slave create NAME",
                                           tried));
}

bool SlaveConfig::may_run_scripts(std::int64_t owner, std::string const& name) const {
  if (!allow_scripts || owner <= 0 || !sandboxed()) return false;
  return std::ranges::any_of(trusted_owners, [&](std::string const& each) {
    return !each.empty() && (each == name || each == std::to_string(owner));
  });
}

Result<SlaveConfig> load_slave_config(fs::path const& file) {
  auto config = Config::load(file);
  if (!config) return config.error();
  SlaveConfig out;
  out.state = default_state_folder();
  out.methods = default_methods_folder();
  out.image_program = default_image_program();
  config->read("server", out.server);
  config->read("port", out.port, 1, 65535);
  config->read("files_url", out.files_url);
  config->read("ca_file", out.ca_file);
  config->read("plain", out.plain);
  config->read("slavekey", out.slavekey);
  config->read("slavepassword", out.slavepassword);
  config->read("slavepassword_file", out.slavepassword_file);
  config->read("state", out.state);
  config->read("cache", out.cache);
  config->read("cache_mib", out.cache_mib, 64, 100 << 20);
  config->read("threads", out.threads, 0, 1024);
  config->read("memory_mib", out.memory_mib, 0, 1 << 30);
  config->read("nice", out.nice, 0, 19);
  config->read("max_orders", out.max_orders, 1, 64);
  config->read("sandbox", out.sandbox);
  config->read("methods", out.methods);
  config->read("image_program", out.image_program);
  config->read("log.level", out.log_level);
  config->read("log.file", out.log_file);
  config->read("trust.owners", out.trusted_owners);
  config->read("trust.allow_scripts", out.allow_scripts);
  config->read("cgroup", out.cgroup);
  config->read("max_processes", out.max_processes, 16, 1 << 20);
  config->read("gpu.devices", out.gpu_devices);
  std::erase(out.gpu_devices, "none");
  config->read("limits.minutes_per_frame", out.minutes_per_frame, 0, 100'000);
  config->read("limits.download_kib_per_second", out.download_kib_per_second, 0, 10 << 20);
  config->read("limits.upload_kib_per_second", out.upload_kib_per_second, 0, 10 << 20);
  config->read("availability.allow_full_screen", out.allow_full_screen);
  config->read("availability.remote_settings", out.remote_settings);
  config->read("renderer_key", out.renderer_key);
  config->read_text_or_list("renderers", out.delivered);
  config->read_text_or_list("renderers.delivered", out.delivered);
  std::string const programs_wrong = read_programs(*config, fs::absolute(file).parent_path(), out);
  auto const schedule = read_availability(*config, out.availability);
  if (auto const good = config->finish(renamed_settings); !good) return good.error();
  if (!schedule) return fail(Errc::invalid, fmt::format("{}: {}", file.string(), schedule.error().message));

  auto const wrong = [&file](std::string const& what) {
    return fail(Errc::invalid, fmt::format("{}: {}", file.string(), what));
  };
  for (auto const& problem : {programs_wrong, check_delivered(out)})
    if (!problem.empty()) return wrong(problem);
  if (out.sandbox != "on" && out.sandbox != "off") return wrong("sandbox is \"on\" or \"off\"");
  if (out.cgroup != "auto" && out.cgroup != "on" && out.cgroup != "off")
    return wrong("cgroup is \"auto\", \"on\" or \"off\"");
  for (int const limit : {out.download_kib_per_second, out.upload_kib_per_second})
    if (limit > 0 && limit < 16)
      return wrong(
          fmt::format("{} is below the minimum of 16 KiB/s for downloads and uploads; 0 means no limit", limit));
  if (out.slavekey.empty()) return wrong("slavekey is missing; create one with: distren slave create NAME");
  if (!out.slavepassword.empty() && !out.slavepassword_file.empty())
    return wrong("slavepassword and slavepassword_file are both set; keep one of them");
  if (out.slavepassword.empty() && out.slavepassword_file.empty())
    return wrong("slavepassword_file (or slavepassword) is missing");
  if (out.methods.empty()) return wrong("no folder of render methods was found; set methods = \"DIR\"");
  if (!out.slavepassword_file.empty()) {
    auto secret = read_secret_file(out.slavepassword_file);
    if (!secret) return secret.error();
    out.slavepassword = std::move(*secret);
  }
  return out;
}

}  // namespace distren

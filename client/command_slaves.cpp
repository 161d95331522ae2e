// slaves, slave show, create, rename, enable, disable, rotate-password, revoke: the user's rendering machines.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/command_slaves.h"
#include "client/context.h"
#include "client/points_format.h"
#include "client/table.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

// "blender 3.4.1", "blender 4.3.2 (build 0123456789ab) on OPTIX".
std::string renderer_name(Json const& renderer) {
  auto const device = text_of(renderer, "device");
  return job_renderer(renderer) + (device.empty() ? "" : " on " + device);
}

// "CYCLES, BLENDER_EEVEE"; "" when it is not known, "not fetched yet" of what the grid delivers.
std::string engines_of(Json const& renderer) {
  if (renderer.contains("fetched") && renderer["fetched"] == false)
    return renderer_name(renderer) + ": not fetched yet";
  std::string names;
  for (auto const& engine : list_of(renderer, "engines"))
    if (engine.is_string()) names += (names.empty() ? "" : ", ") + printable(engine.get<std::string>(), 60);
  return names.empty() ? names : renderer_name(renderer) + ": " + names;
}

std::string renderers_of(Json const& slave) {
  std::string out;
  for (auto const& renderer : list_of(slave, "renderers")) out += (out.empty() ? "" : ", ") + renderer_name(renderer);
  return out;
}

// Power of one core relative to the grid's reference core; "" when never benchmarked.
std::string power_of(Json const& renderer) {
  auto const power = decimal_of(renderer, "power");
  if (power.empty()) return {};
  return fmt::format("{}: {} of the reference core (benchmark {}, {})", renderer_name(renderer), power,
                     decimal_of(renderer, "benchmark_power"), ago(text_of(renderer, "benchmarked_at"), now_ms()));
}

std::string work_of(Json const& slave) {
  std::string out;
  for (auto const& work : list_of(slave, "current_tasks"))
    out += fmt::format("{}job {} frame {} ({:.0f} %)", out.empty() ? "" : ", ", id_of(work, "job_id"),
                       number_of(work, "frame"), fraction_of(work, "progress") * 100);
  return out;
}

// "load 2.1, CPU 97 %, ..." of the latest telemetry; "" when there is none.
std::string machine_now(Json const& slave) {
  if (!slave.contains("telemetry") || !slave["telemetry"].is_object()) return {};
  Json const& now = slave["telemetry"];
  std::string out = ago(text_of(now, "sampled_at"), now_ms());
  auto const add_member = [&](char const* name, std::string text) {
    if (now.contains(name) && now[name].is_number()) out += ", " + std::move(text);
  };
  add_member("cpu_percent", fmt::format("CPU {} %", number_of(now, "cpu_percent")));
  add_member("load", fmt::format("load {}", decimal_of(now, "load")));
  add_member("memory_free_mib", human_size(number_of(now, "memory_free_mib") << 20) + " memory free");
  add_member("disk_free_mib", human_size(number_of(now, "disk_free_mib") << 20) + " disk free");
  add_member("temperature_c", fmt::format("{} °C", number_of(now, "temperature_c")));
  add_member("battery_percent", fmt::format("battery {} %{}", number_of(now, "battery_percent"),
                                            flag_of(now, "on_battery") ? ", discharging" : ""));
  return out;
}

std::string condition_of(Json const& slave) {
  auto const state = text_of(slave, "state");
  if (!state.empty() && state != "enabled") return state;
  return flag_of(slave, "online") ? "online" : "offline";
}

// A slave that never connected has reported nothing.
std::string known(std::int64_t number, std::string text) {
  return number == 0 ? "" : std::move(text);
}

Result<int> list_slaves(Context const& context, bool all) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"SLAVE", Align::right},
               {"NAME"},
               {"STATE"},
               {"OWNER"},
               {"CORES", Align::right},
               {"MEMORY", Align::right},
               {"RENDERERS"},
               {"FRAMES", Align::right},
               {"LAST SEEN"},
               {"RENDERING"}});
  Json items = Json::array();
  auto listed =
      session->each_item(all ? "/api/v1/slaves?owner=any" : "/api/v1/slaves", "the slaves", [&](Json const& slave) {
        items.push_back(slave);
        table.add({id_of(slave), text_of(slave, "name"), condition_of(slave),
                   text_of(object_of(slave, "owner"), "name"),
                   known(number_of(slave, "cores"), fmt::to_string(number_of(slave, "cores"))),
                   known(number_of(slave, "memory_mib"), human_size(number_of(slave, "memory_mib") << 20)),
                   renderers_of(slave), fmt::to_string(number_of(slave, "frames_finished")),
                   ago(text_of(slave, "last_seen_at"), now_ms()), work_of(slave)});
        return true;
      });
  if (!listed) return listed.error();
  context.print(
      {{"items", items}},
      table.empty() ? "You have no slaves yet; create the first one with: distren slave create NAME\n" : table.text());
  return exit_ok;
}

Result<int> show_slave(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto slave = session->get(slave_path(id), slave_name(id));
  if (!slave) return slave.error();
  std::string text;
  auto line = [&text](char const* title, std::string const& value) {
    if (!value.empty()) text += fmt::format("{:<9} {}\n", title, value);
  };
  line("slave", id_of(*slave) + " " + text_of(*slave, "name"));
  line("state", condition_of(*slave));
  line("owner", text_of(object_of(*slave, "owner"), "name"));
  line("slavekey", text_of(*slave, "slavekey"));
  line("system", text_of(*slave, "os"));
  line("CPU", fmt::format("{} ({} cores, {})", text_of(*slave, "cpu_model"), number_of(*slave, "cores"),
                          human_size(number_of(*slave, "memory_mib") << 20)));
  for (auto const& gpu : list_of(*slave, "gpus"))
    if (gpu.is_string()) line("GPU", printable(gpu.get<std::string>(), 100));
  line("address", text_of(*slave, "address"));
  line("machine", machine_now(*slave));
  line("renderers", renderers_of(*slave));
  for (auto const& renderer : list_of(*slave, "renderers")) line("engines", engines_of(renderer));
  for (auto const& renderer : list_of(*slave, "renderers")) line("power", power_of(renderer));
  line("frames", fmt::to_string(number_of(*slave, "frames_finished")));
  line("last seen", ago(text_of(*slave, "last_seen_at"), now_ms()));
  line("rendering", work_of(*slave));
  line("settings", settings_text(*slave));
  context.print(*slave, text);
  return exit_ok;
}

Result<int> print_secret(Context const& context, Result<Json> const& answer) {
  if (!answer) return answer.error();
  context.print(*answer, fmt::format("slavekey       {}\nslavepassword  {}\n", text_of(*answer, "slavekey"),
                                     text_of(*answer, "slavepassword")));
  if (!context.options.json)
    context.note("Write both into distren-slave.toml on that machine now: the password is not shown again.");
  return exit_ok;
}

Result<int> create_slave(Context const& context, std::string const& name) {
  auto session = context.session();
  if (!session) return session.error();
  return print_secret(context, session->send_once("/api/v1/slaves", Json{{"name", name}}, "the slave"));
}

Result<int> rotate_password(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  return print_secret(context, session->send("POST", slave_path(id) + "/rotate", std::nullopt, slave_name(id)));
}

Result<int> rename_slave(Context const& context, std::int64_t id, std::string const& name) {
  auto session = context.session();
  if (!session) return session.error();
  auto slave = session->send("PATCH", slave_path(id), Json{{"name", name}}, slave_name(id));
  if (!slave) return slave.error();
  context.report(*slave, fmt::format("Slave {} renamed to {}.\n", id, text_of(*slave, "name")));
  return exit_ok;
}

Result<int> set_state(Context const& context, std::int64_t id, std::string const& state) {
  auto session = context.session();
  if (!session) return session.error();
  auto slave = session->send("POST", fmt::format("{}/{}", slave_path(id), state == "enabled" ? "enable" : "disable"),
                             std::nullopt, slave_name(id));
  if (!slave) return slave.error();
  context.report(*slave, fmt::format("Slave {} {}.\n", id, state));
  return exit_ok;
}

Result<int> revoke_slave(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto gone = session->send("POST", slave_path(id) + "/revoke", std::nullopt, slave_name(id));
  if (!gone) return gone.error();
  context.report(*gone, fmt::format("Slave {} revoked; its key no longer works.\n", id));
  return exit_ok;
}

}  // namespace

void add_slave_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto all = std::make_shared<bool>(false);
  auto id = std::make_shared<std::int64_t>(0);
  auto name = std::make_shared<std::string>();

  auto* slaves = app.add_subcommand("slaves", "List your slaves");
  slaves->add_flag("--all", *all, "List the slaves of all users (moderators only)");
  slaves->callback([&context, all] { context.run = [&context, all] { return list_slaves(context, *all); }; });

  auto* slave = app.add_subcommand("slave", "Create, show or change a slave")->require_subcommand(1);
  auto* create = slave->add_subcommand("create", "Create a slave; print its key and password once")->alias("new");
  create->add_option("NAME", *name, "Name of the machine")->required();
  create->callback([&context, name] { context.run = [&context, name] { return create_slave(context, *name); }; });

  auto add = [&](char const* word, char const* help, Result<int> (*act)(Context const&, std::int64_t)) {
    auto* command = slave->add_subcommand(word, help);
    command->add_option("SLAVE", *id, "Number of the slave")->required()->check(CLI::PositiveNumber);
    command->callback([&context, id, act] { context.run = [&context, id, act] { return act(context, *id); }; });
    return command;
  };
  add("show", "Show a slave and its machine", show_slave);
  auto* rename = slave->add_subcommand("rename", "Rename a slave");
  rename->add_option("SLAVE", *id, "Number of the slave")->required()->check(CLI::PositiveNumber);
  rename->add_option("NAME", *name, "New name of the slave, at most 64 characters")->required();
  rename->callback(
      [&context, id, name] { context.run = [&context, id, name] { return rename_slave(context, *id, *name); }; });
  add("enable", "Let a disabled slave render again",
      [](Context const& c, std::int64_t slave_id) { return set_state(c, slave_id, "enabled"); });
  add("disable", "Stop a slave and reject it until it is enabled; its frames are reassigned",
      [](Context const& c, std::int64_t slave_id) { return set_state(c, slave_id, "disabled"); });
  add_slave_limit_commands(*slave, context);
  add("rotate-password", "Create a new password; the old one stops working now", rotate_password)->alias("rotate");
  add("revoke", "Revoke a slave for good; its key stops working", revoke_slave);
}

}  // namespace distren::client

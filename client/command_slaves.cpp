// slaves, slave ...: the user's rendering machines.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

#include "client/context.h"
#include "client/points_format.h"
#include "client/table.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

std::string methods_of(Json const& slave) {
  std::string out;
  for (auto const& method : list_of(slave, "methods"))
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", text_of(method, "name"), text_of(method, "version"));
  return out;
}

// Power of one core relative to the grid's reference core; "" when never benchmarked.
std::string power_of(Json const& method) {
  auto const power = decimal_of(method, "power");
  if (power.empty()) return {};
  return fmt::format("{} {}: {} of the reference core (benchmark {}, {} old)", text_of(method, "name"),
                     text_of(method, "version"), power, decimal_of(method, "benchmark"),
                     human_time(number_of(method, "age")));
}

std::string work_of(Json const& slave) {
  std::string out;
  for (auto const& work : list_of(slave, "working_on"))
    out += fmt::format("{}job {} frame {} ({:.0f} %)", out.empty() ? "" : ", ", id_of(work, "job"),
                       number_of(work, "frame"), fraction_of(work, "fraction") * 100);
  return out;
}

// "load 2.1, CPU 97 %, ..." of the latest telemetry; "" when there is none.
std::string machine_now(Json const& slave) {
  if (!slave.contains("telemetry") || !slave["telemetry"].is_object()) return {};
  Json const& now = slave["telemetry"];
  std::string out = ago(text_of(now, "at"), now_ms());
  auto const add_member = [&](char const* name, std::string text) {
    if (now.contains(name) && now[name].is_number()) out += ", " + std::move(text);
  };
  add_member("cpu", fmt::format("CPU {} %", number_of(now, "cpu")));
  add_member("load", fmt::format("load {}", decimal_of(now, "load")));
  add_member("memory_free", human_size(number_of(now, "memory_free") << 20) + " memory free");
  add_member("disk_free", human_size(number_of(now, "disk_free") << 20) + " disk free");
  add_member("temperature", fmt::format("{} degrees", number_of(now, "temperature")));
  add_member("battery",
             fmt::format("battery {} %{}", number_of(now, "battery"), flag_of(now, "on_battery") ? ", in use" : ""));
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

// The remote settings that were requested, and the effective ones.
std::string settings_text(Json const& slave) {
  if (!slave.contains("settings") || !slave["settings"].is_object()) return {};
  auto const joined_settings = [](Json const& of) {
    std::string out;
    for (auto const& [name, value] : of.items())
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, value.dump());
    return printable(out, 300);
  };
  Json const& settings = slave["settings"];
  std::string const wanted = settings.contains("wanted") ? joined_settings(settings["wanted"]) : "";
  std::string const hold =
      settings.contains("hold") && settings["hold"].is_object() ? joined_settings(settings["hold"]) : "";
  if (wanted.empty() && hold.empty()) return {};
  return fmt::format("asked for: {}; in force: {}", wanted.empty() ? "nothing" : wanted,
                     hold.empty() ? "not known now" : hold);
}

std::string slave_path(std::int64_t id) {
  return fmt::format("/api/v1/slaves/{}", id);
}
std::string slave_name(std::int64_t id) {
  return fmt::format("slave {}", id);
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
               {"RENDERS"},
               {"FRAMES", Align::right},
               {"SEEN"},
               {"WORKING ON"}});
  Json items = Json::array();
  auto listed = session->each_item(
      all ? "/api/v1/slaves?owner=any" : "/api/v1/slaves", "the slaves", [&](Json const& slave) {
        items.push_back(slave);
        table.add({id_of(slave), text_of(slave, "name"), condition_of(slave), text_of(slave, "user_name"),
                   known(number_of(slave, "cores"), fmt::to_string(number_of(slave, "cores"))),
                   known(number_of(slave, "memory"), human_size(number_of(slave, "memory") << 20)), methods_of(slave),
                   fmt::to_string(number_of(slave, "frames_accepted")), ago(text_of(slave, "last_seen_at"), now_ms()),
                   work_of(slave)});
        return true;
      });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty()
                                        ? "You have no slaves yet; make the first one with: distren slave new NAME\n"
                                        : table.text());
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
  line("owner", text_of(*slave, "user_name"));
  line("slavekey", text_of(*slave, "slavekey"));
  line("system", text_of(*slave, "os"));
  line("CPU", fmt::format("{} ({} cores, {})", text_of(*slave, "cpu"), number_of(*slave, "cores"),
                          human_size(number_of(*slave, "memory") << 20)));
  for (auto const& gpu : list_of(*slave, "gpus"))
    if (gpu.is_string()) line("GPU", printable(gpu.get<std::string>(), 100));
  line("address", text_of(*slave, "address"));
  line("machine", machine_now(*slave));
  line("renders", methods_of(*slave));
  for (auto const& method : list_of(*slave, "methods")) line("power", power_of(method));
  line("frames", fmt::to_string(number_of(*slave, "frames_accepted")));
  line("seen", ago(text_of(*slave, "last_seen_at"), now_ms()));
  line("works on", work_of(*slave));
  line("settings", settings_text(*slave));
  context.print(*slave, text);
  return exit_ok;
}

Result<int> print_secret(Context const& context, Result<Json> const& answer) {
  if (!answer) return answer.error();
  context.print(*answer, fmt::format("slavekey       {}\nslavepassword  {}\n", text_of(*answer, "slavekey"),
                                     text_of(*answer, "slavepassword")));
  if (!context.options.json)
    Context::note("Write both into distren-slave.toml on that machine now: the password is not shown again.");
  return exit_ok;
}

Result<int> new_slave(Context const& context, std::string const& name) {
  auto session = context.session();
  if (!session) return session.error();
  return print_secret(context, session->send("POST", "/api/v1/slaves", Json{{"name", name}}, "the slave"));
}

Result<int> rotate_slave(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  return print_secret(context, session->send("POST", slave_path(id) + "/password", std::nullopt, slave_name(id)));
}

Result<int> set_state(Context const& context, std::int64_t id, std::string const& state) {
  auto session = context.session();
  if (!session) return session.error();
  auto slave = session->send("PATCH", slave_path(id), Json{{"state", state}}, slave_name(id));
  if (!slave) return slave.error();
  context.print(*slave, fmt::format("Slave {} is {}.\n", id, state));
  return exit_ok;
}

std::string blocks_text(Json const& answer) {
  Table table({{"KIND"}, {"NUMBER", Align::right}, {"NAME"}});
  for (auto const& block : list_of(answer, "items"))
    table.add({text_of(block, "kind"), fmt::to_string(number_of(block, "target")), text_of(block, "name")});
  return table.empty() ? "Nothing is blocked there from here; the slave may have blocks of its own.\n" : table.text();
}

Result<int> list_blocks(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto blocks = session->get(slave_path(id) + "/blocks", slave_name(id));
  if (!blocks) return blocks.error();
  context.print(*blocks, blocks_text(*blocks));
  return exit_ok;
}

Result<std::int64_t> number_in(std::string const& kind, std::string const& what) {
  std::int64_t number = 0;
  auto const [end, problem] = std::from_chars(what.data(), what.data() + what.size(), number);
  if (problem == std::errc() && end == what.data() + what.size() && number > 0) return number;
  return fail(Errc::invalid, fmt::format("'{}' is no number of a {}", printable(what, 40), kind));
}

Result<int> block(Context const& context, std::int64_t id, std::string const& kind, std::string const& what) {
  Json body;
  if (kind == "user") {
    body[kind] = what;
  } else {
    auto const number = number_in(kind, what);
    if (!number) return number.error();
    body[kind] = *number;
  }
  auto session = context.session();
  if (!session) return session.error();
  auto blocks = session->send("POST", slave_path(id) + "/blocks", body, slave_name(id));
  if (!blocks) return blocks.error();
  context.print(*blocks, blocks_text(*blocks));
  return exit_ok;
}

Result<int> unblock(Context const& context, std::int64_t id, std::string const& kind, std::string const& what) {
  auto session = context.session();
  if (!session) return session.error();
  std::int64_t target = 0;
  if (kind == "user") {
    auto blocks = session->get(slave_path(id) + "/blocks", slave_name(id));
    if (!blocks) return blocks.error();
    for (auto const& each : list_of(*blocks, "items"))
      if (text_of(each, "kind") == kind && text_of(each, "name") == what) target = number_of(each, "target");
    if (target == 0)
      return fail(Errc::not_found, fmt::format("slave {} has not blocked user {}; see: distren slave blocks {}", id,
                                               printable(what, 60), id));
  } else {
    auto const number = number_in(kind, what);
    if (!number) return number.error();
    target = *number;
  }
  auto deleted = session->send("DELETE", fmt::format("{}/blocks/{}/{}", slave_path(id), kind, target), std::nullopt,
                               slave_name(id));
  if (!deleted) return deleted.error();
  context.print({{"kind", kind}, {"target", target}},
                fmt::format("Slave {} is offered work of {} {} again.\n", id, kind, printable(what, 60)));
  return exit_ok;
}

// changes: null removes a remote setting.
Result<int> change_settings(Context const& context, std::int64_t id, Json const& changes) {
  if (changes.empty())
    return fail(Errc::invalid,
                "say what to change: --threads, --memory, --minutes-per-frame, --schedule, --pause, "
                "--resume or --as-it-was");
  auto session = context.session();
  if (!session) return session.error();
  auto slave = session->send("PATCH", slave_path(id) + "/settings", changes, slave_name(id));
  if (!slave) return slave.error();
  context.print(*slave, settings_text(*slave) + "\n");
  return exit_ok;
}

Result<int> revoke_slave(Context const& context, std::int64_t id) {
  auto session = context.session();
  if (!session) return session.error();
  auto deleted = session->send("DELETE", slave_path(id), std::nullopt, slave_name(id));
  if (!deleted) return deleted.error();
  context.print({{"id", id}, {"state", "revoked"}}, fmt::format("Slave {} is revoked; its key works no more.\n", id));
  return exit_ok;
}

}  // namespace

void add_slave_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto all = std::make_shared<bool>(false);
  auto id = std::make_shared<std::int64_t>(0);
  auto name = std::make_shared<std::string>();

  auto* slaves = app.add_subcommand("slaves", "List your slaves");
  slaves->add_flag("--all", *all, "Everybody's (moderators only)");
  slaves->callback([&context, all] { context.run = [&context, all] { return list_slaves(context, *all); }; });

  auto* slave = app.add_subcommand("slave", "Make, show and change a slave")->require_subcommand(1);
  auto* make = slave->add_subcommand("new", "Make a slave and show its key and password once");
  make->add_option("NAME", *name, "How you call the machine")->required();
  make->callback([&context, name] { context.run = [&context, name] { return new_slave(context, *name); }; });

  auto add = [&](char const* word, char const* help, Result<int> (*act)(Context const&, std::int64_t)) {
    auto* command = slave->add_subcommand(word, help);
    command->add_option("SLAVE", *id, "The slave's number")->required()->check(CLI::PositiveNumber);
    command->callback([&context, id, act] { context.run = [&context, id, act] { return act(context, *id); }; });
  };
  add("show", "Show one slave", show_slave);
  add("blocks", "What is blocked there", list_blocks);
  add("enable", "Let it work again",
      [](Context const& c, std::int64_t slave_id) { return set_state(c, slave_id, "enabled"); });
  add("disable", "Give it no more work",
      [](Context const& c, std::int64_t slave_id) { return set_state(c, slave_id, "disabled"); });
  struct Blocked {
    std::string kind, what;
  };
  auto blocked = std::make_shared<Blocked>();
  for (bool const unblocking : {false, true}) {
    auto* command =
        slave->add_subcommand(unblocking ? "unblock" : "block",
                              unblocking ? "Offer it such work again" : "Offer it no work of a user, project or job");
    command->add_option("SLAVE", *id, "The slave's number")->required()->check(CLI::PositiveNumber);
    command->add_option("KIND", blocked->kind, "user, project or job")
        ->required()
        ->check(CLI::IsMember({"user", "project", "job"}));
    command->add_option("WHAT", blocked->what, "The user's name, or the number of the project or job")->required();
    command->callback([&context, id, blocked, unblocking] {
      context.run = [&context, id, blocked, unblocking] {
        return (unblocking ? unblock : block)(context, *id, blocked->kind, blocked->what);
      };
    });
  }
  struct RemoteSettingsOptions {
    int threads = 0, memory = 0, minutes = 0;
    std::vector<std::string> schedule;
    bool pause = false, resume = false, as_it_was = false;
  };
  auto settings = std::make_shared<RemoteSettingsOptions>();
  auto* set = slave->add_subcommand("set", "Ask it to lend less, where its volunteer allows that");
  set->add_option("SLAVE", *id, "The slave's number")->required()->check(CLI::PositiveNumber);
  set->add_option("--threads", settings->threads, "Threads of a renderer")->check(CLI::Range(1, 1024));
  set->add_option("--memory", settings->memory, "Memory of a renderer in MiB")->check(CLI::Range(64, 1 << 26));
  set->add_option("--minutes-per-frame", settings->minutes, "Longer frames go back")->check(CLI::Range(1, 100000));
  set->add_option("--schedule", settings->schedule,
                  "Part of the week, like \"mon-fri 18:00-08:00\"; may be given again");
  auto* pause = set->add_flag("--pause", settings->pause, "Stand still until --resume");
  set->add_flag("--resume", settings->resume, "Go on")->excludes(pause);
  set->add_flag("--as-it-was", settings->as_it_was, "What its own file says, but for what else is said here");
  set->callback([&context, id, settings] {
    context.run = [&context, id, settings] {
      Json changes = Json::object();
      if (settings->as_it_was)
        for (char const* each : {"threads", "memory", "minutes_per_frame", "schedule", "paused"})
          changes[each] = nullptr;
      if (settings->threads > 0) changes["threads"] = settings->threads;
      if (settings->memory > 0) changes["memory"] = settings->memory;
      if (settings->minutes > 0) changes["minutes_per_frame"] = settings->minutes;
      if (!settings->schedule.empty()) changes["schedule"] = settings->schedule;
      if (settings->pause) changes["paused"] = true;
      if (settings->resume) changes["paused"] = nullptr;
      return change_settings(context, *id, changes);
    };
  });
  add("rotate", "Give it a new password; the old one ends at once", rotate_slave);
  add("revoke", "Remove it for good", revoke_slave);
}

}  // namespace distren::client

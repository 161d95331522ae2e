// slave blocks, block, unblock, edit: what a slave renders, and how much of its machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

#include "client/command_slaves.h"
#include "client/context.h"
#include "client/table.h"
#include "common/base/text.h"

namespace distren::client {

std::string slave_path(std::int64_t id) {
  return fmt::format("/api/v1/slaves/{}", id);
}
std::string slave_name(std::int64_t id) {
  return fmt::format("slave {}", id);
}

std::string settings_text(Json const& slave) {
  auto const joined_settings = [](Json const& of) {
    std::string out;
    for (auto const& [name, value] : of.items())
      if (!value.is_null() && !(value.is_array() && value.empty()))
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, value.dump());
    return printable(out, 300);
  };
  auto const& settings = object_of(slave, "remote_settings");
  auto const requested = joined_settings(object_of(settings, "requested"));
  auto const effective = joined_settings(object_of(settings, "effective"));
  if (requested.empty() && effective.empty()) return {};
  return fmt::format("requested: {}; effective: {}", requested.empty() ? "nothing" : requested,
                     effective.empty() ? "unknown" : effective);
}

namespace {

std::string blocks_text(Json const& answer) {
  Table table({{"KIND"}, {"NUMBER", Align::right}, {"NAME"}});
  for (auto const& block : list_of(answer, "items"))
    table.add({text_of(block, "kind"), id_of(object_of(block, "target")), text_of(object_of(block, "target"), "name")});
  return table.empty() ? "Nothing is blocked here; the slave may have blocks of its own.\n" : table.text();
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
  return fail(Errc::invalid, fmt::format("'{}' is not the number of a {}", printable(what, 40), kind));
}

Result<std::int64_t> user_of_name(Session& session, std::string const& name) {
  auto found = session.get(with_query("/api/v1/users", "name", name), "the user");
  if (!found) return found.error();
  auto const& users = list_of(*found, "items");
  if (!users.empty()) return number_of(users.front(), "id");
  return fail(Errc::not_found, fmt::format("there is no user '{}'", printable(name, 60)));
}

std::string block_path(std::int64_t slave, std::string const& kind, std::int64_t target) {
  return fmt::format("{}/blocks/{}s/{}", slave_path(slave), kind, target);
}

Result<int> block(Context const& context, std::int64_t id, std::string const& kind, std::string const& what) {
  auto session = context.session();
  if (!session) return session.error();
  auto const target = kind == "user" ? user_of_name(*session, what) : number_in(kind, what);
  if (!target) return target.error();
  auto blocked = session->send("PUT", block_path(id, kind, *target), std::nullopt, slave_name(id));
  if (!blocked) return blocked.error();
  context.report(*blocked, fmt::format("Slave {} is never offered work of {} {}.\n", id, kind, printable(what, 60)));
  return exit_ok;
}

Result<int> unblock(Context const& context, std::int64_t id, std::string const& kind, std::string const& what) {
  auto session = context.session();
  if (!session) return session.error();
  auto const target = kind == "user" ? user_of_name(*session, what) : number_in(kind, what);
  if (!target) return target.error();
  auto gone = session->send("DELETE", block_path(id, kind, *target), std::nullopt, slave_name(id));
  if (!gone) return gone.error();
  context.report({{"kind", kind}, {"target_id", *target}},
                 fmt::format("Slave {} is offered work of {} {} again.\n", id, kind, printable(what, 60)));
  return exit_ok;
}

// changes: null removes a remote setting.
Result<int> edit_settings(Context const& context, std::int64_t id, Json const& changes) {
  if (changes.empty())
    return fail(Errc::invalid,
                "nothing to change; use --threads, --memory-mib, --minutes-per-frame, --schedule, --pause, --resume "
                "or --reset");
  auto session = context.session();
  if (!session) return session.error();
  auto slave = session->send("PATCH", slave_path(id) + "/remote-settings", changes, slave_name(id));
  if (!slave) return slave.error();
  context.report(*slave, settings_text(*slave) + "\n");
  return exit_ok;
}

struct Limits {
  int threads = 0;
  int memory_mib = 0;
  int minutes = 0;
  std::vector<std::string> schedule;
  bool pause = false;
  bool resume = false;
  bool reset = false;
};

// The settings to change; null: as the slave's own configuration has it.
Json changes_of(Limits const& limits) {
  Json changes = Json::object();
  if (limits.reset)
    for (char const* each : {"threads", "memory_mib", "max_frame_ms", "schedule", "paused"}) changes[each] = nullptr;
  if (limits.threads > 0) changes["threads"] = limits.threads;
  if (limits.memory_mib > 0) changes["memory_mib"] = limits.memory_mib;
  if (limits.minutes > 0) changes["max_frame_ms"] = std::int64_t{60'000} * limits.minutes;
  if (!limits.schedule.empty()) changes["schedule"] = limits.schedule;
  if (limits.pause) changes["paused"] = true;
  if (limits.resume) changes["paused"] = nullptr;
  return changes;
}

}  // namespace

void add_slave_limit_commands(CLI::App& slave, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  struct Blocked {
    std::string kind;
    std::string what;
  };
  auto id = std::make_shared<std::int64_t>(0);
  auto blocked = std::make_shared<Blocked>();
  auto limits = std::make_shared<Limits>();
  auto add = [&](char const* word, char const* help) {
    auto* command = slave.add_subcommand(word, help);
    command->add_option("SLAVE", *id, "Number of the slave")->required()->check(CLI::PositiveNumber);
    return command;
  };

  add("blocks", "List what a slave is not offered")->callback([&context, id] {
    context.run = [&context, id] { return list_blocks(context, *id); };
  });
  for (bool const unblocking : {false, true}) {
    auto* command = unblocking ? add("unblock", "Offer a slave work of a user, project or job again")
                               : add("block", "Never offer a slave work of a user, project or job");
    command->add_option("KIND", blocked->kind, "user, project or job")
        ->required()
        ->check(CLI::IsMember({"user", "project", "job"}));
    command->add_option("WHAT", blocked->what, "Name of the user, or number of the project or job")->required();
    command->callback([&context, id, blocked, unblocking] {
      context.run = [&context, id, blocked, unblocking] {
        return (unblocking ? unblock : block)(context, *id, blocked->kind, blocked->what);
      };
    });
  }

  auto* edit = add("edit", "Change a slave's remote settings, where its configuration allows that")->alias("set");
  edit->add_option("--threads", limits->threads, "Maximum threads of a renderer, 1 to 1024")
      ->check(CLI::Range(1, 1024));
  edit->add_option("--memory-mib", limits->memory_mib, "Maximum memory of a renderer in MiB, at least 64")
      ->check(CLI::Range(64, 1 << 26));
  edit->add_option("--minutes-per-frame", limits->minutes, "Maximum minutes per frame; longer ones are returned")
      ->check(CLI::Range(1, 100000));
  edit->add_option("--schedule", limits->schedule, "Working hours, like \"mon-fri 18:00-08:00\"; repeatable");
  auto* pause = edit->add_flag("--pause", limits->pause, "Pause the slave until --resume");
  edit->add_flag("--resume", limits->resume, "Resume the slave")->excludes(pause);
  edit->add_flag("--reset", limits->reset, "Reset what the other options do not set to the slave's own configuration");
  edit->callback([&context, id, limits] {
    context.run = [&context, id, limits] { return edit_settings(context, *id, changes_of(*limits)); };
  });
}

}  // namespace distren::client

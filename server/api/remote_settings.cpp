// What the owner of a slave requests of it: blocks and remote settings.
#include <fmt/format.h>

#include "common/base/json_body.h"
#include "common/base/text.h"
#include "common/protocol/codec.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"
#include "server/live/publish.h"
#include "server/slaves/remote_settings.h"

namespace distren {

namespace {

nlohmann::json to_json(store::SlaveBlock const& block) {
  return {{"kind", block.kind}, {"target", named_or_null(block.target, block.name)}};
}

// What stands in the path; the kind is a plural there.
struct BlockPlace {
  store::Slave slave;
  std::string_view kind;
  std::int64_t target = 0;
};
Result<BlockPlace> find_block(Context& context) {
  auto slave = find_accessible_slave(context);
  if (!slave) return slave.error();
  auto const kind = context.value("kind");
  if (kind != "users" && kind != "projects" && kind != "jobs")
    return fail(Errc::not_found,
                fmt::format("'{}' cannot be blocked; there are users, projects and jobs", printable(kind, 30)));
  auto const target = context.id("target_id");
  if (!target) return target.error();
  return BlockPlace{std::move(*slave), kind.substr(0, kind.size() - 1), *target};
}

// Under slaves_mutex: from the change in the database to the word to the dispatcher. All of them as they are now.
Result<std::vector<store::SlaveBlock>> send_blocks(Context& context, std::int64_t slave) {
  auto blocks = store::list_blocks(context.database(), slave);
  if (!blocks) return blocks.error();
  auto by_slave = blocks_by_slave(*blocks);
  context.services.dispatcher.tell([slave, of = std::move(by_slave[slave])](DispatchCore& core, std::int64_t now) {
    change_blocks(core, slave, of, now);
  });
  return blocks;
}

}  // namespace

Reply handle_list_blocks(Request const&, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  auto const blocks = store::list_blocks(context.database(), slave->id);
  if (!blocks) return error_reply(blocks.error());
  auto items = nlohmann::json::array();
  for (auto const& block : *blocks) items.push_back(to_json(block));
  return whole_list_reply(std::move(items));
}

Reply handle_add_block(Request const&, Context& context) {
  auto const place = find_block(context);
  if (!place) return error_reply(place.error());
  std::lock_guard const lock(context.services.slaves_mutex);
  auto const is_new = store::add_block(context.database(), place->slave.id, place->kind, place->target);
  if (!is_new) return error_reply(is_new.error());
  auto const blocks = send_blocks(context, place->slave.id);
  if (!blocks) return error_reply(blocks.error());
  for (auto const& block : *blocks)
    if (block.kind == place->kind && block.target == place->target)
      return json_reply(*is_new ? 201 : 200, to_json(block));
  return error_reply(404, "the block was taken away meanwhile");
}

Reply handle_delete_block(Request const&, Context& context) {
  auto const place = find_block(context);
  if (!place) return error_reply(place.error());
  std::lock_guard const lock(context.services.slaves_mutex);
  auto const removed = store::delete_block(context.database(), place->slave.id, place->kind, place->target);
  if (!removed) return error_reply(removed.error());
  if (auto const sent = send_blocks(context, place->slave.id); !sent) return error_reply(sent.error());
  return empty_reply(204);
}

Reply handle_change_remote_settings(Request const& request, Context& context) {
  auto slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  auto const& services = context.services;
  auto const changes = parse_json(request.body);
  if (!changes) return error_reply(changes.error());
  if (slave->state == store::SlaveState::revoked)
    return error_reply(409, fmt::format("slave {} was revoked; make a new one", slave->id));
  // What is offline may allow it when it comes back.
  if (auto const status = slave_status_of(services.dispatcher, slave->id); status.online && status.settings.empty())
    return error_reply("remote_settings_refused",
                       fmt::format("slave {} accepts no remote settings; its volunteer can allow them by "
                                   "remote_settings = true under [availability] in its distren-slave.toml",
                                   slave->id));
  {
    std::lock_guard const lock(context.services.slaves_mutex);
    slave = store::show_slave(context.database(), slave->id);
    if (!slave) return error_reply(slave.error());
    auto const settings = change_settings(slave->remote_settings, *changes);
    if (!settings) return error_reply(settings.error());
    if (auto const done = store::change_remote_settings(context.database(), slave->id, *settings); !done)
      return error_reply(done.error());
    context.services.dispatcher.tell(
        [id = slave->id, line = protocol::write(protocol::SettingsMessage{remote_settings_of(*settings)})](
            DispatchCore& core, std::int64_t) { send_to_slave(core, id, line); });
  }
  publish_slave(context, slave->id);
  return handle_show_slave(request, context);
}

}  // namespace distren

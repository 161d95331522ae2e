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

Reply list(Context& context, std::int64_t slave) {
  auto const blocks = store::list_blocks(context.database(), slave);
  if (!blocks) return error_reply(blocks.error());
  auto items = nlohmann::json::array();
  for (auto const& block : *blocks) items.push_back(to_json(block));
  return whole_list_reply(std::move(items));
}

// Under slaves_mutex: from the change in the database to the word to the dispatcher.
Result<void> send_blocks(Context& context, std::int64_t slave) {
  auto const blocks = store::list_blocks(context.database(), slave);
  if (!blocks) return blocks.error();
  auto by_slave = blocks_by_slave(*blocks);
  context.services.dispatcher.tell([slave, of = std::move(by_slave[slave])](DispatchCore& core, std::int64_t now) {
    change_blocks(core, slave, of, now);
  });
  return {};
}

}  // namespace

Reply handle_list_blocks(Request const&, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  return list(context, slave->id);
}

Reply handle_add_block(Request const& request, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string user;
  std::int64_t project = 0, job = 0;
  int const said = int{body->read("user_name", JsonBody::optional, user, 200)} +
                   int{body->read("project_id", JsonBody::optional, project, 1, INT64_MAX)} +
                   int{body->read("job_id", JsonBody::optional, job, 1, INT64_MAX)};
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (said != 1)
    return error_reply(400, R"(say one of {"user_name":NAME}, {"project_id":NUMBER} and {"job_id":NUMBER})");
  std::lock_guard const lock(context.services.slaves_mutex);
  auto const added = store::add_block(context.database(), slave->id,
                                      project > 0 ? "project"
                                      : job > 0   ? "job"
                                                  : "user",
                                      user, project > 0 ? project : job);
  if (!added) return error_reply(added.error());
  if (auto const sent = send_blocks(context, slave->id); !sent) return error_reply(sent.error());
  return list(context, slave->id);
}

Reply handle_delete_block(Request const&, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  auto const target = context.id("target_id");
  if (!target) return error_reply(target.error());
  std::lock_guard const lock(context.services.slaves_mutex);
  if (auto const removed = store::delete_block(context.database(), slave->id, context.value("kind"), *target); !removed)
    return error_reply(removed.error());
  if (auto const sent = send_blocks(context, slave->id); !sent) return error_reply(sent.error());
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

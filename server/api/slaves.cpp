#include <fmt/format.h>

#include "common/base/digest.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/dispatch/explain.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"
#include "server/live/publish.h"

namespace distren {

namespace {

// Keys are names, not secrets: the K distinguishes them from slavepasswords when a user confuses them.
std::string new_slavekey() {
  return "K" + random_secret().substr(0, 20);
}

nlohmann::json shape(Context const& context, store::Slave const& slave, SlaveStatus const& status) {
  Services const& services = context.services;
  return slave_to_json(slave, status, services.telemetry.latest(slave.id, services.now_ms()),
                       context.caller.user.id == slave.user);
}

nlohmann::json shape(Context const& context, store::Slave const& slave) {
  return shape(context, slave, slave_status_of(context.services.dispatcher, slave.id));
}

Result<void> check_slave_name(std::string_view name) {
  if (!name.empty() && name.size() <= 64 && printable(name) == name) return {};
  return fail(Errc::invalid, fmt::format("name: '{}' cannot be a slave's name; it has 1 to 64 printable characters",
                                         printable(name, 60)));
}

Reply credentials_reply(int status, std::int64_t id, std::string_view name, std::string_view key,
                        std::string_view password) {
  return json_reply(status, {{"id", id}, {"name", name}, {"slavekey", key}, {"slavepassword", password}});
}

}  // namespace

// Without its address, which moderators may not see.
void publish_slave(Context const& context, std::int64_t slave) {
  auto& live = context.services.live;
  if (!live.has_subscribers()) return live.mark_missed();
  auto const now = store::show_slave(context.database(), slave);
  if (!now) return live.mark_missed();
  auto patch = shape(context, *now);
  patch.erase("address");
  publish_slave_updated(live, patch);
}

Reply handle_list_slaves(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto const owner = read_list_owner(request, context.caller);
  if (!owner) return error_reply(owner.error());
  auto slaves = store::list_slaves(context.database(), owner->filter(), page->position(), page->rows());
  if (!slaves) return error_reply(slaves.error());
  page->cut(*slaves);
  auto items = nlohmann::json::array();
  std::vector<std::int64_t> ids;
  for (auto const& slave : *slaves) ids.push_back(slave.id);
  std::vector<SlaveStatus> statuses;
  if (!ids.empty())
    statuses = context.services.dispatcher.ask(
        [&ids](DispatchCore const& core, std::int64_t) { return slave_statuses(core, ids); });
  statuses.resize(slaves->size());  // none, when the server is stopping
  for (std::size_t i = 0; i < slaves->size(); ++i) items.push_back(shape(context, (*slaves)[i], statuses[i]));
  return page->reply(std::move(items), slaves->empty() ? 0 : slaves->back().id);
}

Reply handle_create_slave(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  body->read("name", JsonBody::required, name, 200);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (auto const good = check_slave_name(name); !good) return error_reply(good.error());
  auto const key = new_slavekey();
  auto const password = random_secret();
  auto id = store::create_slave(context.database(), context.caller.user.id, name, key, secret_hash(password));
  if (!id) return error_reply(id.error());
  publish_slave(context, *id);
  return credentials_reply(201, *id, name, key, password);
}

Reply handle_show_slave(Request const&, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  return json_reply(200, shape(context, *slave));
}

Reply handle_explain_slave(Request const&, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  if (slave->state == store::SlaveState::enabled)
    return json_reply(200,
                      explanation_to_json(context.services.dispatcher.ask(
                          [&](DispatchCore const& core, std::int64_t) { return explain_slave(core, slave->id); })));
  auto const state = slave_state_name(slave->state);
  return json_reply(200, explanation_to_json({.rule = std::string(state), .sentence = fmt::format("it is {}", state)}));
}

Reply handle_change_slave(Request const& request, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  auto body = JsonBody::parse_patch(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  body->read("name", JsonBody::required, name, 200);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (slave->state == store::SlaveState::revoked)
    return error_reply(409, fmt::format("slave {} was revoked; create another one", slave->id));
  if (auto const good = check_slave_name(name); !good) return error_reply(good.error());
  if (auto const done = store::rename_slave(context.database(), slave->id, name); !done)
    return error_reply(done.error());
  publish_slave(context, slave->id);
  return handle_show_slave(request, context);
}

namespace {

// reason: told to the slave whose connection ends; empty: it goes on.
Reply change_state(Request const& request, Context& context, store::SlaveState state, std::string_view reason) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  if (auto const done = store::change_slave_state(context.database(), slave->id, state); !done)
    return error_reply(done.error());
  if (!reason.empty()) disable_slave(context.services.dispatcher, slave->id, std::string(reason));
  publish_slave(context, slave->id);
  return handle_show_slave(request, context);
}

}  // namespace

Reply handle_enable_slave(Request const& request, Context& context) {
  return change_state(request, context, store::SlaveState::enabled, "");
}

Reply handle_disable_slave(Request const& request, Context& context) {
  return change_state(request, context, store::SlaveState::disabled, "this slave was disabled by its owner");
}

Reply handle_revoke_slave(Request const& request, Context& context) {
  return change_state(request, context, store::SlaveState::revoked, "this slave was revoked by its owner");
}

Reply handle_rotate_slave(Request const&, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  if (slave->state == store::SlaveState::revoked) {
    return error_reply(409, fmt::format("slave {} was revoked; make a new one", slave->id));
  }
  auto const password = random_secret();
  auto done = store::change_slave_password(context.database(), slave->id, secret_hash(password));
  if (!done) return error_reply(done.error());
  // Whoever is signed on with the old one must show the new.
  disable_slave(context.services.dispatcher, slave->id, "this slave's slavepassword was changed");
  return credentials_reply(200, slave->id, slave->name, slave->slavekey, password);
}

}  // namespace distren

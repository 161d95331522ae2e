// What an administrator may change while the server runs: looked at here, written with an event, in force at once.
#include "common/base/json_body.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/store/administration.h"

namespace distren {

namespace {

Reply settings_reply(Services const& services) {
  return whole_list_reply(services.runtime.list());
}

}  // namespace

Reply handle_list_settings(Request const&, Context& context) {
  if (context.caller.user.role != store::Role::administrator)
    return error_reply(403, "this is for administrators of the grid");
  return settings_reply(context.services);
}

Reply handle_change_settings(Request const& request, Context& context) {
  if (context.caller.user.role != store::Role::administrator)
    return error_reply(403, "this is for administrators of the grid");
  auto const parsed = parse_json(request.body);
  if (!parsed) return error_reply(parsed.error());
  if (!parsed->is_object() || parsed->empty())
    return error_reply(400, "send {\"NAME\": VALUE, ...}; null resets a setting to the value in distrend.toml");
  store::SettingChanges changes;
  for (auto const& [name, value] : parsed->items()) {
    auto checked = context.services.runtime.check(name, value.is_null() ? nlohmann::json(false) : value);
    if (!checked && !(value.is_null() && checked.error().code == Errc::invalid)) return error_reply(checked.error());
    changes.emplace_back(name, value.is_null() ? std::nullopt : std::optional(*checked));
  }
  if (auto const done = store::override_settings(context.database(), context.caller.user.id, changes); !done)
    return error_reply(done.error());
  auto kept = store::list_settings(context.database());
  if (!kept) return error_reply(kept.error());
  context.services.runtime.take(std::move(*kept));
  return settings_reply(context.services);
}

}  // namespace distren

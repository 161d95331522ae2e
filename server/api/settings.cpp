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

Reply handle_edit_setting(Request const& request, Context& context) {
  if (context.caller.user.role != store::Role::administrator)
    return error_reply(403, "this is for administrators of the grid");
  auto const parsed = parse_json(request.body);
  if (!parsed) return error_reply(parsed.error());
  if (!parsed->is_object() || parsed->size() != 1 || !parsed->contains("value"))
    return error_reply(400, "say {\"value\": ...}; null takes back what was set");
  auto const name = context.value("name");
  auto const& value = (*parsed)["value"];
  std::optional<std::string> text;
  if (!value.is_null()) {
    auto checked = context.services.runtime.check(name, value);
    if (!checked) return error_reply(checked.error());
    text = std::move(*checked);
  } else if (auto const known = context.services.runtime.check(name, false);
             !known && known.error().code == Errc::not_found) {
    return error_reply(known.error());
  }
  auto const done = store::override_setting(context.database(), context.caller.user.id, name, text);
  if (!done) return error_reply(done.error());
  auto kept = store::list_settings(context.database());
  if (!kept) return error_reply(kept.error());
  context.services.runtime.take(std::move(*kept));
  return settings_reply(context.services);
}

}  // namespace distren

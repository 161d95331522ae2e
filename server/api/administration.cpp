// For administrators: accounts and their roles, who is kept out, what happened, which methods slaves have. The
// procedures check the caller's role; the dispatcher gets the effects on jobs and slaves.
#include <fmt/format.h>

#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/dispatch/slave_events.h"
#include "server/store/administration.h"

namespace distren {

namespace {

using nlohmann::json;

json to_json(store::Activity const& entry) {
  return {{"id", entry.id},
          {"created_at", entry.created_at},
          {"kind", entry.kind},
          {"user", named_or_null(entry.user, entry.user_name)},
          {"slave", named_or_null(entry.slave, entry.slave_name)},
          {"job", named_or_null(entry.job, entry.job_name)},
          {"message", entry.message}};
}

// A filter of free text, at most `longest` bytes.
Result<std::string> read_text(Request const& request, std::string_view name, std::size_t longest) {
  auto const text = request.parameter(name).value_or("");
  if (text.size() > longest) return fail(Errc::invalid, fmt::format("{}= has more than {} letters", name, longest));
  return std::string(text);
}

// After a change of it, to an administrator.
Reply user_reply(Context& context, std::int64_t user) {
  auto const shown = store::show_user(context.database(), user);
  return shown ? json_reply(200, user_to_json(*shown)) : error_reply(shown.error());
}

bool sees_private(Caller const& caller, std::int64_t user) {
  return caller.user.id == user || caller.administers();
}

// One or none, so that nobody who knows no name learns one.
Reply named_user_reply(Context& context, std::string_view name) {
  auto const user = store::find_user(context.database(), name);
  if (!user && user.error().code != Errc::not_found) return error_reply(user.error());
  auto items = json::array();
  if (user) items.push_back(user_to_json(*user, sees_private(context.caller, user->id)));
  return whole_list_reply(std::move(items));
}

}  // namespace

Reply handle_show_user(Request const&, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const user = store::show_user(context.database(), *id);
  if (!user) return error_reply(user.error());
  return json_reply(200, user_to_json(*user, sees_private(context.caller, *id)));
}

Reply handle_list_users(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  if (auto const name = request.parameter("name")) return named_user_reply(context, *name);
  if (!context.caller.administers())
    return error_reply("forbidden", "only administrators list accounts; look one up by ?name=NAME");
  auto const search = read_text(request, "q", 200);
  if (!search) return error_reply(search.error());
  auto const filter = read_text(request, "filter", 32);
  if (!filter) return error_reply(filter.error());
  auto users =
      store::list_users(context.database(), context.caller.user.id, *search, *filter, page->position(), page->rows());
  if (!users) return error_reply(users.error());
  page->cut(*users);
  auto items = json::array();
  for (auto const& user : *users) items.push_back(user_to_json(user));
  return page->reply(std::move(items), users->empty() ? 0 : users->back().id);
}

Reply handle_change_user(Request const& request, Context& context) {
  auto const user = context.id();
  if (!user) return error_reply(user.error());
  auto body = JsonBody::parse_patch(request.body);
  if (!body) return error_reply(body.error());
  std::string role;
  body->read("role", JsonBody::required, role, 32);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const changed = store::change_role(context.database(), context.caller.user.id, *user, role);
  return changed ? user_reply(context, *user) : error_reply(changed.error());
}

Reply handle_block_user(Request const& request, Context& context) {
  auto const user = context.id();
  if (!user) return error_reply(user.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string reason;
  body->read("reason", JsonBody::required, reason, 2000);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const blocked = context.services.jobs.block_user(context.database(), context.caller.user.id, *user, reason);
  if (!blocked) return error_reply(blocked.error());
  auto& dispatcher = context.services.dispatcher;
  for (auto const slave : blocked->slaves) disable_slave(dispatcher, slave, "the account of its owner was blocked");
  return user_reply(context, *user);
}

Reply handle_unblock_user(Request const&, Context& context) {
  auto const user = context.id();
  if (!user) return error_reply(user.error());
  auto const done = store::unblock_user(context.database(), context.caller.user.id, *user);
  return done ? user_reply(context, *user) : error_reply(done.error());
}

Reply handle_list_audit_log(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto const kind = read_text(request, "kind", 32);
  if (!kind) return error_reply(kind.error());
  auto activity =
      store::list_activity(context.database(), context.caller.user.id, *kind, page->position(), page->rows());
  if (!activity) return error_reply(activity.error());
  page->cut(*activity);
  auto items = json::array();
  for (auto const& entry : *activity) items.push_back(to_json(entry));
  return page->reply(std::move(items), activity->empty() ? 0 : activity->back().id);
}

Reply handle_list_methods(Request const&, Context& context) {
  auto const versions = store::list_methods(context.database(), context.caller.user.id);
  if (!versions) return error_reply(versions.error());
  auto items = json::array();
  for (auto const& version : *versions) {
    if (items.empty() || items.back()["name"] != version.name) {
      auto const here = context.services.methods.find(version.name);
      bool const defined = here != context.services.methods.end();
      items.push_back({{"name", version.name},
                       {"is_defined", defined},
                       {"has_benchmark", defined && here->second.benchmark.has_value()},
                       {"versions", json::array()}});
    }
    if (version.version.empty()) continue;
    items.back()["versions"].push_back({{"version", version.version},
                                        {"slave_count", version.slaves},
                                        {"seen_last_day_count", version.seen_last_day},
                                        {"power", version.power == 0 ? json(nullptr) : decimal(version.power)}});
  }
  return whole_list_reply(std::move(items));
}

}  // namespace distren

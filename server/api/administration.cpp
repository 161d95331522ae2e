// For administrators: accounts and their roles, who is kept out, what happened, which methods slaves have. The
// procedures check who asks; the dispatcher is told what follows for jobs and slaves.
#include <fmt/format.h>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/http/json_body.h"
#include "server/store/administration.h"

namespace distren {

namespace {

using nlohmann::json;

json named_or_null(std::int64_t id, std::string const& name) {
  return id == 0 ? json(nullptr) : json{{"id", id}, {"name", text_or_null(name)}};
}

json account_shape(store::Account const& account) {
  return {{"id", account.id},
          {"name", account.name},
          {"email", text_or_null(account.email)},
          {"role", account.role},
          {"created_at", account.created_at},
          {"blocked_at", text_or_null(account.blocked_at)},
          {"blocked_reason", text_or_null(account.blocked_reason)},
          {"jobs", account.jobs},
          {"slaves", account.slaves},
          {"total", decimal(account.total)},
          {"login_at", text_or_null(account.login_at)}};
}

json event_shape(store::Event const& event) {
  return {{"id", event.id},
          {"created_at", event.created_at},
          {"kind", event.kind},
          {"user", named_or_null(event.user, event.user_name)},
          {"slave", named_or_null(event.slave, event.slave_name)},
          {"job", named_or_null(event.job, event.job_name)},
          {"message", event.message}};
}

struct Listing {
  int limit = 100;
  std::int64_t before = 0;
  std::string search;
  std::string which;
};

// limit, before, and of the other two those that this list takes.
Result<Listing> read_listing(Request const& request, std::string_view search, std::string_view which) {
  Listing listing;
  for (auto const& [name, value] : request.query) {
    if (name == "limit") {
      auto const number = whole_number(value, 1, 1000);
      if (!number) return fail(Errc::invalid, fmt::format("limit={} is not between 1 and 1000", printable(value, 30)));
      listing.limit = static_cast<int>(*number);
    } else if (name == "before") {
      auto const number = whole_number(value, 0, INT64_MAX);
      if (!number) return fail(Errc::invalid, fmt::format("before={} is no number", printable(value, 30)));
      listing.before = *number;
    } else if (!search.empty() && name == search) {
      if (value.size() > 200) return fail(Errc::invalid, fmt::format("{}= has more than 200 letters", search));
      listing.search = value;
    } else if (!which.empty() && name == which) {
      if (value.size() > 32) return fail(Errc::invalid, fmt::format("{}= has more than 32 letters", which));
      listing.which = value;
    } else {
      return fail(Errc::invalid, fmt::format("there is no '{}' here", printable(name, 30)));
    }
  }
  return listing;
}

}  // namespace

Reply handle_list_accounts(Request const& request, Context& context) {
  auto const asked = read_listing(request, "search", "which");
  if (!asked) return error_reply(asked.error());
  auto const accounts = store::list_accounts(context.database(), context.caller.user.id, asked->search, asked->which,
                                             asked->before, asked->limit);
  if (!accounts) return error_reply(accounts.error());
  auto items = json::array();
  for (auto const& account : *accounts) items.push_back(account_shape(account));
  bool const more = accounts->size() == static_cast<std::size_t>(asked->limit);
  return list_reply(std::move(items), more ? std::optional(accounts->back().id) : std::nullopt);
}

Reply handle_change_account(Request const& request, Context& context) {
  auto const user = context.id();
  if (!user) return error_reply(user.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string role;
  body->read("role", JsonBody::required, role, 32);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const changed = store::change_role(context.database(), context.caller.user.id, *user, role);
  return changed ? empty_reply(204) : error_reply(changed.error());
}

Reply handle_block_account(Request const& request, Context& context) {
  auto const user = context.id();
  if (!user) return error_reply(user.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string reason;
  body->read("reason", JsonBody::required, reason, 2000);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const blocked = store::block_user(context.database(), context.caller.user.id, *user, reason);
  if (!blocked) return error_reply(blocked.error());
  auto& dispatcher = context.services.dispatcher;
  for (auto const job : blocked->jobs) dispatcher.pause_job(job);
  for (auto const slave : blocked->slaves) dispatcher.disable_slave(slave, "the account of its owner was blocked");
  return json_reply(200, {{"jobs", blocked->jobs.size()}, {"slaves", blocked->slaves.size()}});
}

Reply handle_unblock_account(Request const&, Context& context) {
  auto const user = context.id();
  if (!user) return error_reply(user.error());
  auto const done = store::unblock_user(context.database(), context.caller.user.id, *user);
  return done ? empty_reply(204) : error_reply(done.error());
}

Reply handle_list_happenings(Request const& request, Context& context) {
  auto const asked = read_listing(request, "", "kind");
  if (!asked) return error_reply(asked.error());
  auto const events =
      store::list_events(context.database(), context.caller.user.id, asked->which, asked->before, asked->limit);
  if (!events) return error_reply(events.error());
  auto items = json::array();
  for (auto const& event : *events) items.push_back(event_shape(event));
  bool const more = events->size() == static_cast<std::size_t>(asked->limit);
  return list_reply(std::move(items), more ? std::optional(events->back().id) : std::nullopt);
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
                       {"defined", defined},
                       {"benchmark", defined && here->second.benchmark.has_value()},
                       {"versions", json::array()}});
    }
    if (version.version.empty()) continue;
    items.back()["versions"].push_back({{"version", version.version},
                                        {"slaves", version.slaves},
                                        {"lately", version.lately},
                                        {"power", version.power == 0 ? json(nullptr) : decimal(version.power)}});
  }
  return json_reply(200, {{"items", std::move(items)}, {"next", nullptr}});
}

}  // namespace distren

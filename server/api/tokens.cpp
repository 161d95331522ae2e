#include <fmt/format.h>

#include <algorithm>

#include "common/base/digest.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"

namespace distren {

namespace {

std::string all_scopes() {
  return fmt::format("{}", fmt::join(scope_names(static_cast<unsigned>(Scope::all)), ", "));
}

}  // namespace

Reply handle_list_tokens(Request const& request, Context& context) {
  if (auto const page = ListPage::read(request); !page) return error_reply(page.error());
  auto tokens = store::list_tokens(context.database(), context.caller.user.id);
  if (!tokens) return error_reply(tokens.error());
  auto items = nlohmann::json::array();
  for (auto const& token : *tokens) items.push_back(token_to_json(token));
  return whole_list_reply(std::move(items));
}

Reply handle_create_token(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string name;
  std::vector<std::string> names;
  if (body->read("name", JsonBody::required, name, 100) && name.empty())
    body->problem("name", "bad_format", "name: it is empty");
  body->read_texts("scopes", JsonBody::required, names, 20);
  unsigned wanted = 0;
  for (auto const& each : names) {
    auto const scope = scope_by_name(each);
    if (scope) wanted |= static_cast<unsigned>(*scope);
    if (!scope) {
      body->problem("scopes", "bad_format",
                    fmt::format("scopes: '{}' is not one of {}", printable(each, 30), all_scopes()));
    }
  }
  std::string expires_at;
  std::optional<std::int64_t> expires_ms;  // of a token that ends
  if (body->read("expires_at", JsonBody::optional, expires_at, 40)) {
    expires_ms = parse_iso_time(expires_at);
    if (!expires_ms)
      body->problem("expires_at", "bad_format",
                    fmt::format("expires_at: '{}' is not a time like 2026-12-31T23:59:59Z, or null", expires_at));
  }
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (wanted == 0) return error_reply(400, fmt::format("scopes: name at least one of {}", all_scopes()));
  if ((wanted & ~context.caller.scopes) != 0) {
    return error_reply(403, "an API token cannot make one that may do more than itself");
  }
  if (auto const end = context.caller.token_expires_ms; end && (!expires_ms || *expires_ms > *end)) {
    return error_reply(403, fmt::format("an API token cannot make one that lasts longer than itself; give it an "
                                        "expires_at of at most {}",
                                        iso_time(*end)));
  }
  auto const kept = scope_names(wanted);
  auto const secret = std::string(token_prefix) + random_secret();
  auto id = store::create_token(context.database(), context.caller.user.id, name,
                                fmt::format("{}", fmt::join(kept, " ")), secret_hash(secret), expires_ms);
  if (!id) return error_reply(id.error());
  return json_reply(201, {{"id", *id},
                          {"name", name},
                          {"scopes", kept},
                          {"expires_at", expires_ms ? time_or_null(*expires_ms) : nlohmann::json(nullptr)},
                          {"secret", secret}});
}

Reply handle_revoke_token(Request const&, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto deleted = store::delete_token(context.database(), context.caller.user.id, *id);
  if (!deleted) return error_reply(deleted.error());
  return empty_reply(204);
}

}  // namespace distren

// The logins of one's account: where they are, and how to end one that is not known.
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/store/accounts.h"

namespace distren {

namespace {

using nlohmann::json;

json to_json(store::Session const& session) {
  return {{"id", session.id},
          {"created_at", session.created_at},
          {"last_seen_at", session.last_seen_at},
          {"expires_at", session.expires_at},
          {"address", text_or_null(session.address)},
          {"user_agent", text_or_null(session.user_agent)},
          {"is_current", session.is_current}};
}

}  // namespace

Reply handle_list_sessions(Request const& request, Context& context) {
  if (auto const page = ListPage::read(request); !page) return error_reply(page.error());
  auto const sessions = store::list_sessions(context.database(), context.caller.user.id, context.caller.secret_hash);
  if (!sessions) return error_reply(sessions.error());
  auto items = json::array();
  for (auto const& session : *sessions) items.push_back(to_json(session));
  return whole_list_reply(std::move(items));
}

Reply handle_end_session(Request const&, Context& context) {
  auto const session = context.id();
  if (!session) return error_reply(session.error());
  auto const ended = store::end_session(context.database(), context.caller.user.id, *session);
  if (!ended) return error_reply(ended.error());
  context.services.live.end_session(*ended);
  return empty_reply(204);
}

// What a page that was loaded again has lost: who it is for, and the token that goes with its cookie.
Reply handle_show_current_session(Request const&, Context& context) {
  auto const& caller = context.caller;
  if (caller.secret_hash.empty()) return error_reply(404, "an API token is no session; see GET /api/v1/users/me");
  auto const user = store::show_user(context.database(), caller.user.id);
  if (!user) return error_reply(user.error());
  auto csrf = caller.by_cookie ? json(csrf_token(context.services, caller.secret_hash)) : json();
  return json_reply(
      200,
      {{"kind", caller.by_cookie ? "cookie" : "bearer"}, {"user", user_to_json(*user)}, {"csrf", std::move(csrf)}});
}

}  // namespace distren

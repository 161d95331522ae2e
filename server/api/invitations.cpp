// Invitations: with one of them somebody makes an account while registration is closed. Moderators and administrators
// make them, see all and revoke them.
#include <fmt/format.h>

#include "common/base/digest.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/store/invitations.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::int64_t day_ms = 86'400'000;

json to_json(store::Invitation const& invitation) {
  return {{"id", invitation.id},
          {"created_by", named_or_null(invitation.user, invitation.user_name)},
          {"note", text_or_null(invitation.note)},
          {"created_at", invitation.created_at},
          {"expires_at", invitation.expires_at},
          {"used_at", text_or_null(invitation.used_at)},
          {"used_by", named_or_null(invitation.used_by, invitation.used_by_name)}};
}

std::optional<Reply> not_staff(Context const& context) {
  if (context.caller.moderates()) return std::nullopt;
  return error_reply("forbidden", "moderators and administrators invite; ask one of them");
}

}  // namespace

Reply handle_list_invitations(Request const& request, Context& context) {
  if (auto refused = not_staff(context)) return std::move(*refused);
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto found = store::list_invitations(context.database(), 0, page->position(), page->rows());
  if (!found) return error_reply(found.error());
  page->cut(*found);
  auto items = json::array();
  for (auto const& invitation : *found) items.push_back(to_json(invitation));
  return page->reply(std::move(items), found->empty() ? 0 : found->back().id);
}

Reply handle_create_invitation(Request const& request, Context& context) {
  if (auto refused = not_staff(context)) return std::move(*refused);
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string note;
  std::int64_t valid_ms = 7 * day_ms;
  if (body->read("note", JsonBody::optional, note, 400) && (note.empty() || printable(note) != note))
    body->problem("note", "bad_format",
                  fmt::format("note: '{}' is empty or has characters that cannot be shown", printable(note, 60)));
  body->read("valid_for_ms", JsonBody::optional, valid_ms, 60'000, 90 * day_ms);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const secret = random_secret();
  auto const id =
      store::create_invitation(context.database(), context.caller.user.id, note, valid_ms, secret_hash(secret));
  if (!id) return error_reply(id.error());
  auto const made = store::show_invitation(context.database(), *id);
  if (!made) return error_reply(made.error());
  auto answer = to_json(*made);
  answer["secret"] = secret;
  return json_reply(201, answer);
}

Reply handle_revoke_invitation(Request const&, Context& context) {
  if (auto refused = not_staff(context)) return std::move(*refused);
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const done = store::delete_invitation(context.database(), *id);
  return done ? empty_reply(204) : error_reply(done.error());
}

}  // namespace distren

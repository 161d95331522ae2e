// Notification settings of a user, and what was sent.
#include <fmt/format.h>

#include <algorithm>

#include "common/base/digest.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/live/publish.h"
#include "server/store/notifications.h"

namespace distren {

namespace {

using nlohmann::json;

json to_json(store::NotificationSettings const& settings, ServerConfig const& config) {
  auto choices = json::array();
  for (auto const& [kind, channel] : settings.choices) choices.push_back({{"kind", kind}, {"channel", channel}});
  return {{"email", text_or_null(settings.email)},
          {"email_confirmed", settings.confirmed},
          {"email_available", !config.mail.server.empty()},
          {"choices", std::move(choices)},
          {"latest_id", settings.newest}};
}

json to_json(store::Notification const& notification) {
  return {{"id", notification.id},
          {"kind", notification.kind},
          {"channel", notification.channel},
          {"message", notification.message},
          {"job_id", number_or_null(notification.job)},
          {"slave_id", number_or_null(notification.slave)},
          {"state", notification.state},
          {"try_count", notification.attempts},
          {"problem", text_or_null(notification.problem)},
          {"created_at", notification.created_at},
          {"ended_at", text_or_null(notification.ended_at)}};
}

Reply settings_reply(Context& context) {
  auto const settings = store::show_notification_settings(context.database(), context.caller.user.id);
  return settings ? json_reply(200, to_json(*settings, context.services.config)) : error_reply(settings.error());
}

// [{"kind","channel"}...] as the procedure takes them.
Result<std::string> read_choices(json const& given) {
  auto out = json::array();
  for (auto const& choice : given) {
    if (!choice.is_object() || choice.size() != 2 || !choice.contains("kind") || !choice.contains("channel") ||
        !choice["kind"].is_string() || !choice["channel"].is_string())
      return fail(Errc::invalid, "choices: each is {\"kind\": ..., \"channel\": ...}");
    out.push_back({choice["kind"], choice["channel"]});
  }
  return out.dump();
}

}  // namespace

Reply handle_show_preferences(Request const&, Context& context) {
  return settings_reply(context);
}

Reply handle_change_preferences(Request const& request, Context& context) {
  auto body = JsonBody::parse_patch(request.body);
  if (!body) return error_reply(body.error());
  store::NotificationChange change;
  json choices;
  if (body->read_array("choices", JsonBody::optional, choices, 100)) {
    auto read = read_choices(choices);
    if (read)
      change.choices = std::move(*read);
    else
      body->problem("choices", "bad_format", read.error().message);
  }
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const done = store::change_notification_settings(context.database(), context.caller.user.id, change);
  return done ? settings_reply(context) : error_reply(done.error());
}

Reply handle_send_email_code(Request const&, Context& context) {
  if (context.services.config.mail.server.empty())
    return error_reply(409, "this grid sends no e-mail: mail.server is not set");
  // Of 64 random bits: no digit is likelier than another by more than chance can show.
  std::uint64_t number = 0;
  for (unsigned char const byte : random_bytes(sizeof number)) number = number << 8 | byte;
  auto const done =
      store::create_email_code(context.database(), context.caller.user.id, fmt::format("{:08}", number % 100'000'000));
  if (!done) return error_reply(done.error());
  if (context.services.wake_notifier) context.services.wake_notifier();
  return empty_reply(204);
}

Reply handle_confirm_email(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string code;
  body->read("code", JsonBody::required, code, 32);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  std::erase(code, ' ');  // as people copy it
  auto const done = store::confirm_email_code(context.database(), context.caller.user.id, code);
  return done ? settings_reply(context) : error_reply(done.error());
}

Reply handle_test_notification(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string channel;
  body->read("channel", JsonBody::required, channel, 32);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const done = store::test_notification(
      context.database(), context.caller.user.id, channel,
      fmt::format("This is a test of {}: notifications reach you here", context.services.runtime.now().name));
  if (!done) return error_reply(done.error());
  if (channel == "browser") publish_notification(context.services.live, context.caller.user.id);
  if (context.services.wake_notifier) context.services.wake_notifier();
  return empty_reply(204);
}

Reply handle_list_notifications(Request const& request, Context& context) {
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  std::string const channel(request.parameter("channel").value_or(""));
  if (!channel.empty() && channel != "mail" && channel != "browser")
    return error_reply(400, fmt::format("there is no channel '{}'", printable(channel, 30)));
  // What is new since the one that was seen last, oldest first.
  std::optional<std::int64_t> after;
  if (auto const text = request.parameter("after_id")) {
    after = whole_number(*text, 0, INT64_MAX);
    if (!after) return error_reply(400, fmt::format("after_id={} is not a number", printable(*text, 30)));
    if (page->position() > 0) after = page->position();
  }
  auto found = store::list_notifications(context.database(), context.caller.user.id, channel,
                                         after ? 0 : page->position(), after, page->rows());
  if (!found) return error_reply(found.error());
  page->cut(*found);
  auto items = json::array();
  for (auto const& each : *found) items.push_back(to_json(each));
  return page->reply(std::move(items), found->empty() ? 0 : found->back().id);
}

}  // namespace distren

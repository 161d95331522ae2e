// A user's webhooks, and what was sent to them.
#include <fmt/format.h>

#include <algorithm>

#include "common/base/json_body.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/live/event_names.h"
#include "server/notify/webhook.h"
#include "server/store/webhooks.h"

namespace distren {

namespace {

using nlohmann::json;

json webhook_to_json(store::Webhook const& webhook) {
  auto topics = json::array();
  for (std::string_view rest = webhook.topics; !rest.empty();) {
    auto const end = std::min(rest.find(','), rest.size());
    topics.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {{"id", webhook.id},
          {"revision", webhook.revision},
          {"url", webhook.url},
          {"topics", std::move(topics)},
          {"is_enabled", webhook.enabled},
          {"disabled_reason", text_or_null(webhook.disabled_reason)},
          {"failing_since", text_or_null(webhook.failing_since)},
          {"previous_secret_expires_at", text_or_null(webhook.previous_secret_until)},
          {"created_at", webhook.created_at}};
}

json delivery_to_json(store::WebhookDelivery const& delivery) {
  return {{"id", delivery.id},
          {"message_id", webhook_message_id(delivery.id)},
          {"event", delivery.event},
          {"state", delivery.state},
          {"try_count", delivery.tries},
          {"response_status", number_or_null(delivery.response_status)},
          {"problem", text_or_null(delivery.problem)},
          {"created_at", delivery.created_at},
          {"next_attempt_at", text_or_null(delivery.next_attempt_at)},
          {"ended_at", text_or_null(delivery.ended_at)}};
}

// secret: shown in this answer and never again; empty: in none.
Reply webhook_reply(int status, Context& context, std::int64_t id, std::string const& secret = {}) {
  auto const webhook = store::show_webhook(context.database(), context.caller.user.id, id);
  if (!webhook) return error_reply(webhook.error());
  auto shown = webhook_to_json(*webhook);
  if (!secret.empty()) shown["secret"] = secret;
  return json_reply(status, shown);
}

// Reads url, topics and is_enabled.
Result<store::WebhookChange> read_webhook(Request const& request, Context const& context, JsonBody::Need need) {
  auto body = need == JsonBody::required ? JsonBody::parse(request.body) : JsonBody::parse_patch(request.body);
  if (!body) return body.error();
  store::WebhookChange change;
  std::string url;
  std::vector<std::string> names;
  bool enabled = true;
  if (body->read("url", need, url, 1000)) {
    if (auto const good = check_webhook_url(url, context.services.config.webhook.private_addresses); !good)
      body->problem("url", "bad_format", "url: " + good.error().message);
    change.url = std::move(url);
  }
  if (body->read_texts("topics", need, names, 50)) {
    auto const topics = Topics::parse_for_webhook(names);
    if (names.empty()) body->problem("topics", "missing", "topics: name at least one event");
    if (!topics) body->problem("topics", "bad_format", "topics: " + topics.error().message);
    if (topics) change.topics = fmt::format("{}", fmt::join(topics->names(), ","));
  }
  if (body->read("is_enabled", JsonBody::optional, enabled)) change.enabled = enabled;
  if (auto const finished = body->finish(); !finished) return finished.error();
  return change;
}

}  // namespace

Reply handle_list_webhooks(Request const& request, Context& context) {
  if (auto const page = ListPage::read(request); !page) return error_reply(page.error());
  auto const webhooks = store::list_webhooks(context.database(), context.caller.user.id);
  if (!webhooks) return error_reply(webhooks.error());
  auto items = json::array();
  for (auto const& each : *webhooks) items.push_back(webhook_to_json(each));
  return whole_list_reply(std::move(items));
}

Reply handle_create_webhook(Request const& request, Context& context) {
  auto const made = read_webhook(request, context, JsonBody::required);
  if (!made) return error_reply(made.error());
  if (!context.services.config.webhook.enabled)
    return error_reply(409, "this grid sends to no webhooks; its administrator can set webhook.enabled");
  auto const secret = new_webhook_secret();
  auto const id = store::create_webhook(context.database(), context.caller.user.id, *made->url, *made->topics,
                                        made->enabled.value_or(true), secret);
  if (!id) return error_reply(id.error());
  return webhook_reply(201, context, *id, secret).with("Location", fmt::format("/api/v1/webhooks/{}", *id));
}

Reply handle_show_webhook(Request const&, Context& context) {
  auto const id = context.id();
  return id ? webhook_reply(200, context, *id) : error_reply(id.error());
}

Reply handle_change_webhook(Request const& request, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const change = read_webhook(request, context, JsonBody::optional);
  if (!change) return error_reply(change.error());
  auto const done = store::change_webhook(context.database(), context.caller.user.id, *id, *change);
  return done ? webhook_reply(200, context, *id) : error_reply(done.error());
}

Reply handle_delete_webhook(Request const&, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const done = store::delete_webhook(context.database(), context.caller.user.id, *id);
  return done ? empty_reply(204) : error_reply(done.error());
}

Reply handle_rotate_webhook(Request const&, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const secret = new_webhook_secret();
  auto const done = store::rotate_webhook(context.database(), context.caller.user.id, *id, secret);
  return done ? webhook_reply(200, context, *id, secret) : error_reply(done.error());
}

Reply handle_test_webhook(Request const&, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const delivery = store::test_webhook(
      context.database(), context.caller.user.id, *id,
      fmt::format("This is a test of {}: events reach you here", context.services.runtime.now().name));
  if (!delivery) return error_reply(delivery.error());
  if (context.services.wake_notifier) context.services.wake_notifier();
  return json_reply(202, delivery_to_json(*delivery));
}

Reply handle_list_deliveries(Request const& request, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto page = ListPage::read(request);
  if (!page) return error_reply(page.error());
  auto found =
      store::list_webhook_deliveries(context.database(), context.caller.user.id, *id, page->position(), page->rows());
  if (!found) return error_reply(found.error());
  page->cut(*found);
  auto items = json::array();
  for (auto const& each : *found) items.push_back(delivery_to_json(each));
  return page->reply(std::move(items), found->empty() ? 0 : found->back().id);
}

Reply handle_resend_delivery(Request const&, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const delivery = context.id("delivery_id");
  if (!delivery) return error_reply(delivery.error());
  auto const again = store::resend_webhook_delivery(context.database(), context.caller.user.id, *id, *delivery);
  if (!again) return error_reply(again.error());
  if (context.services.wake_notifier) context.services.wake_notifier();
  return json_reply(202, delivery_to_json(*again));
}

}  // namespace distren

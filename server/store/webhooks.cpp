#include "server/store/webhooks.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "server/store/values.h"

namespace distren::store {

namespace {

Result<std::vector<Webhook>> webhooks_of(Database& database, std::int64_t user, std::int64_t webhook) {
  std::vector<Webhook> webhooks;
  auto const listed = database.call("webhook_list", {user, webhook}, [&](SqlRow const& row) {
    webhooks.push_back({.id = row.integer(0),
                        .revision = row.integer(1),
                        .url = row.text(2),
                        .topics = row.text(3),
                        .enabled = row.integer(4) != 0,
                        .disabled_reason = row.text(5),
                        .failing_since = row.text(6),
                        .previous_secret_until = row.text(7),
                        .created_at = row.text(8)});
  });
  if (!listed) return listed.error();
  return webhooks;
}

Result<WebhookDelivery> delivery_of(Database& database, std::int64_t user, std::int64_t webhook,
                                    std::int64_t delivery) {
  auto found = list_webhook_deliveries(database, user, webhook, delivery + 1, 1);
  if (!found) return found.error();
  if (found->empty() || found->front().id != delivery)
    return fail(Errc::not_found, fmt::format("webhook {} has no delivery {}", webhook, delivery));
  return std::move(found->front());
}

}  // namespace

Result<std::int64_t> create_webhook(Database& database, std::int64_t user, std::string_view url,
                                    std::string_view topics, bool enabled, std::string_view secret) {
  std::int64_t id = 0;
  auto const created = database.call("webhook_create", {user, url, topics, std::int64_t{enabled}, secret},
                                     [&id](SqlRow const& row) { id = row.integer(0); });
  if (!created) return created.error();
  return id;
}

Result<std::vector<Webhook>> list_webhooks(Database& database, std::int64_t user) {
  return webhooks_of(database, user, 0);
}

Result<Webhook> show_webhook(Database& database, std::int64_t user, std::int64_t webhook) {
  auto found = webhooks_of(database, user, webhook);
  if (!found) return found.error();
  if (webhook == 0 || found->empty()) return fail(Errc::not_found, fmt::format("you have no webhook {}", webhook));
  return std::move(found->front());
}

Result<void> change_webhook(Database& database, std::int64_t user, std::int64_t webhook, WebhookChange const& change) {
  return database.call("webhook_change",
                       {user, webhook, or_null(change.url), or_null(change.topics),
                        change.enabled ? SqlValue(std::int64_t{*change.enabled}) : SqlValue(nullptr)});
}

Result<void> delete_webhook(Database& database, std::int64_t user, std::int64_t webhook) {
  return database.call("webhook_delete", {user, webhook});
}

Result<void> rotate_webhook(Database& database, std::int64_t user, std::int64_t webhook, std::string_view secret) {
  return database.call("webhook_rotate", {user, webhook, secret});
}

Result<std::vector<WebhookDelivery>> list_webhook_deliveries(Database& database, std::int64_t user,
                                                             std::int64_t webhook, std::int64_t before, int limit) {
  std::vector<WebhookDelivery> deliveries;
  auto const listed =
      database.call("webhook_delivery_list", {user, webhook, before, std::int64_t{limit}}, [&](SqlRow const& row) {
        deliveries.push_back({.id = row.integer(0),
                              .event = row.text(1),
                              .state = row.text(2),
                              .tries = static_cast<int>(row.integer(3)),
                              .response_status = static_cast<int>(row.integer(4)),
                              .problem = row.text(5),
                              .created_at = row.text(6),
                              .next_attempt_at = row.text(7),
                              .ended_at = row.text(8)});
      });
  if (!listed) return listed.error();
  return deliveries;
}

Result<WebhookDelivery> test_webhook(Database& database, std::int64_t user, std::int64_t webhook,
                                     std::string_view message) {
  std::int64_t delivery = 0;
  auto const made = database.call("webhook_test", {user, webhook, message},
                                  [&delivery](SqlRow const& row) { delivery = row.integer(0); });
  if (!made) return made.error();
  return delivery_of(database, user, webhook, delivery);
}

Result<WebhookDelivery> resend_webhook_delivery(Database& database, std::int64_t user, std::int64_t webhook,
                                                std::int64_t delivery) {
  if (auto const done = database.call("webhook_delivery_resend", {user, webhook, delivery}); !done) return done.error();
  return delivery_of(database, user, webhook, delivery);
}

Result<std::optional<DueWebhook>> dequeue_webhook(Database& database, std::vector<std::int64_t> const& passed_over) {
  std::optional<DueWebhook> due;
  auto const users = nlohmann::json(passed_over).dump();
  auto const taken = database.call("webhook_dequeue", {std::string_view(users)}, [&due](SqlRow const& row) {
    due = {.id = row.integer(0),
           .event = row.text(1),
           .data = row.text(2),
           .occurred_at = row.text(3),
           .webhook = row.integer(4),
           .url = row.text(5),
           .secret = row.text(6),
           .previous_secret = row.text(7),
           .user = row.integer(8)};
  });
  if (!taken) return taken.error();
  return due;
}

Result<void> finish_webhook_delivery(Database& database, std::int64_t delivery, std::string_view url,
                                     WebhookOutcome const& outcome) {
  return database.call("webhook_delivery_finish",
                       {delivery, url, std::int64_t{outcome.response_status}, std::string_view(outcome.problem),
                        std::int64_t{outcome.final}, std::int64_t{outcome.disable}});
}

}  // namespace distren::store

// Webhooks of users, and the outbox of what is sent to them. One function per stored procedure. Worker threads, the
// notifier; see users.h for the rules of this folder, its errors among them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct Webhook {
  std::int64_t id = 0;
  std::int64_t revision = 0;
  std::string url;
  std::string topics;  // names of events, separated by commas
  bool enabled = false;
  std::string disabled_reason;        // empty: its owner disabled it
  std::string failing_since;          // empty: the last delivery was taken
  std::string previous_secret_until;  // empty: one secret signs
  std::string created_at;
};
// secret: "whsec_" and base64. conflict: ten of them (quota_exceeded).
Result<std::int64_t> create_webhook(Database&, std::int64_t user, std::string_view url, std::string_view topics,
                                    bool enabled, std::string_view secret);
Result<std::vector<Webhook>> list_webhooks(Database&, std::int64_t user);
Result<Webhook> show_webhook(Database&, std::int64_t user, std::int64_t webhook);

struct WebhookChange {  // what is absent stays as it is
  std::optional<std::string> url{};
  std::optional<std::string> topics{};
  std::optional<bool> enabled{};
};
Result<void> change_webhook(Database&, std::int64_t user, std::int64_t webhook, WebhookChange const& change);
Result<void> delete_webhook(Database&, std::int64_t user, std::int64_t webhook);
// The secret before signs, too, for 24 hours.
Result<void> rotate_webhook(Database&, std::int64_t user, std::int64_t webhook, std::string_view secret);

struct WebhookDelivery {
  std::int64_t id = 0;
  std::string event;
  std::string state;  // waiting, sent, given_up
  int tries = 0;
  int response_status = 0;  // 0: no answer
  std::string problem;
  std::string created_at;
  std::string next_attempt_at;  // empty: none
  std::string ended_at;
};
// Newest first below `before` (0: from the start).
Result<std::vector<WebhookDelivery>> list_webhook_deliveries(Database&, std::int64_t user, std::int64_t webhook,
                                                             std::int64_t before, int limit);
// Both return the delivery, in the outbox. conflict: the webhook is disabled, or 60 within an hour (quota_exceeded);
// resend: it is in the outbox already.
Result<WebhookDelivery> test_webhook(Database&, std::int64_t user, std::int64_t webhook, std::string_view message);
Result<WebhookDelivery> resend_webhook_delivery(Database&, std::int64_t user, std::int64_t webhook,
                                                std::int64_t delivery);

struct DueWebhook {  // a delivery with where it goes
  std::int64_t id = 0;
  std::string event;
  std::string data;         // a JSON object
  std::string occurred_at;  // ISO 8601
  std::int64_t webhook = 0;
  std::string url;
  std::string secret;
  std::string previous_secret;  // empty: it does not sign any more
  std::int64_t user = 0;
};
// Nothing: none is due, but for the users that are passed over.
Result<std::optional<DueWebhook>> dequeue_webhook(Database&, std::vector<std::int64_t> const& passed_over);

struct WebhookOutcome {
  int response_status = 0;  // 0: nothing answered
  std::string problem{};    // empty: it was taken
  bool final = false;       // it is not tried again
  bool disable = false;     // nor is anything else sent there
};
// url: where it was sent. When the webhook has another by now, that one is not judged by the outcome.
Result<void> finish_webhook_delivery(Database&, std::int64_t delivery, std::string_view url,
                                     WebhookOutcome const& outcome);

}  // namespace distren::store

// Sends to webhooks as Standard Webhooks (https://www.standardwebhooks.com) has it: headers webhook-id,
// webhook-timestamp and webhook-signature, body {type, timestamp, data}. Blocks, for at most 20 seconds; follows no
// redirection, reads at most 64 KiB of an answer, and connects to no private address unless the grid allows it. Thread:
// the notifier's; what sends nothing, any. Errors: invalid, an address that cannot be a webhook.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "server/config/server_config.h"
#include "server/store/webhooks.h"

namespace distren {

// https://..., or http:// where private addresses are allowed; without credentials, at most 1,000 characters.
Result<void> check_webhook_url(std::string const& url, bool private_addresses);

std::string new_webhook_secret();  // "whsec_" and base64 of 32 random bytes

// "v1," and base64 of the HMAC-SHA256 over "ID.TIMESTAMP.BODY" by the bytes behind "whsec_"; timestamp in UNIX s.
std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp_s,
                              std::string_view body);
// Of each secret that holds, with a space between.
std::string webhook_signatures(store::DueWebhook const& due, std::string_view id, std::int64_t timestamp_s,
                               std::string_view body);

std::string webhook_message_id(std::int64_t delivery);  // the same for each try of a delivery
// data gets the page of its thing as url; null when no public URL is configured.
std::string webhook_body(ServerConfig const& config, store::DueWebhook const& due);

// What is not taken by a 2xx is tried again, but for a 410, after which nothing is sent there any more, and for an
// address where nothing may be sent.
store::WebhookOutcome send_webhook(ServerConfig const& config, store::DueWebhook const& due, std::int64_t now_s,
                                   std::atomic<bool> const& cancelled);

}  // namespace distren

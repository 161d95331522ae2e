// Delivers one notification: as an e-mail, or as a signed request to a webhook. Blocks. Thread: the notifier's. Errors:
// invalid and denied are permanent, unavailable is temporary.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "server/config/server_config.h"
#include "server/notify/mail_client.h"
#include "server/store/notifications.h"

namespace distren {

// https://..., or http:// where private addresses are allowed; without credentials, at most 1,000 characters.
Result<void> check_webhook(std::string const& url, bool private_addresses);

Mail notification_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery);
// Contains nothing that the requester could choose, because the address may not be theirs.
Mail confirmation_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery);
// The link in it is a fragment, which reaches no server and no log.
Mail reset_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery);
std::string webhook_body(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery);
// "sha256=" and the HMAC-SHA256 over "TIMESTAMP.BODY" in hexadecimal digits.
std::string webhook_signature(std::string_view secret, std::int64_t timestamp_s, std::string_view body);

Result<void> deliver(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery,
                     std::int64_t now_s, std::atomic<bool> const& cancelled);

}  // namespace distren

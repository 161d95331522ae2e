// Delivers one notification as an e-mail. Blocks. Thread: the notifier's. Errors: invalid and denied are permanent,
// unavailable is temporary.
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

Mail notification_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery);
// Contains nothing that the requester could choose, because the address may not be theirs.
Mail confirmation_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery);
// The link in it is a fragment, which reaches no server and no log.
Mail reset_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery);

Result<void> deliver(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery,
                     std::atomic<bool> const& cancelled);

}  // namespace distren

// Who wants to be told what, and the outbox. One function per stored procedure. Worker threads, the notifier;
// see users.h for the rules of this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct NotificationSettings {
  std::string email;
  std::vector<std::pair<std::string, std::string>> choices;  // kind, channel
  std::int64_t newest = 0;                                   // notification
  bool confirmed = false;                                    // the e-mail address
};
Result<NotificationSettings> show_notification_settings(Database&, std::int64_t user);

struct NotificationChange {              // what is absent stays as it is
  std::optional<std::string> choices{};  // JSON [[kind, channel]...]
};
Result<void> change_notification_settings(Database&, std::int64_t user, NotificationChange const& change);
// Sends 8 digits to the user's e-mail address. conflict: there is none, it is confirmed, or many were sent.
Result<void> create_email_code(Database&, std::int64_t user, std::string_view code);
// Confirms the address. invalid: it is another code; conflict: none holds.
Result<void> confirm_email_code(Database&, std::int64_t user, std::string_view code);
// conflict: ten within an hour, or no confirmed e-mail address.
Result<void> test_notification(Database&, std::int64_t user, std::string_view channel, std::string_view message);

struct Notification {
  std::int64_t id = 0;
  std::string kind;
  std::string channel;
  std::string message;
  std::int64_t job = 0;    // 0: none
  std::int64_t slave = 0;  // 0: none
  std::string state;       // waiting, sent, given_up
  int attempts = 0;
  std::string problem;
  std::string created_at;
  std::string ended_at;
};
// Newest first below `before` (0: from the start), or with `after` the oldest first above it. channel empty: all.
Result<std::vector<Notification>> list_notifications(Database&, std::int64_t user, std::string_view channel,
                                                     std::int64_t before, std::optional<std::int64_t> after, int limit);

struct Delivery {  // a notification with where it goes
  std::int64_t id = 0;
  std::string user_name;
  std::string kind;
  std::string channel;
  std::string message;
  std::int64_t job = 0;
  std::int64_t slave = 0;
  std::string email;  // empty: none that may be written to
  std::int64_t created_s = 0;
  int tried = 0;
  std::string code{};  // of a mail that confirms its address
};
// Puts what happened into the outbox; returns the users with something new for their browser.
Result<std::vector<std::int64_t>> enqueue_notifications(Database&);
Result<std::vector<Delivery>> dequeue_notifications(Database&, int limit);
// problem empty: it was sent. for_good: it is not tried again.
Result<void> finish_notification(Database&, std::int64_t id, std::string_view problem, bool for_good);
Result<void> trim_notifications(Database&);

struct OfflineSlave {
  std::int64_t slave = 0;
  std::int64_t user = 0;
};
// Those that have just been offline for ten minutes, of owners who want to hear of it.
Result<std::vector<OfflineSlave>> check_offline_slaves(Database&, std::vector<std::int64_t> const& online);

}  // namespace distren::store

#include "server/store/notifications.h"

#include <nlohmann/json.hpp>

#include "server/store/values.h"

namespace distren::store {

Result<NotificationSettings> show_notification_settings(Database& database, std::int64_t user) {
  NotificationSettings settings;
  auto const shown = database.call("notification_settings_show", {user}, [&](SqlRow const& row) {
    settings = {.email = row.text(0), .choices = {}, .newest = row.integer(2), .confirmed = row.integer(3) != 0};
    auto const choices = nlohmann::json::parse(row.text(1), nullptr, false);
    if (!choices.is_array()) return;
    for (auto const& choice : choices)
      settings.choices.emplace_back(choice.at(0).get<std::string>(), choice.at(1).get<std::string>());
  });
  if (!shown) return shown.error();
  return settings;
}

Result<void> change_notification_settings(Database& database, std::int64_t user, NotificationChange const& change) {
  return database.call("notification_settings_change", {user, or_null(change.choices)});
}

Result<void> create_email_code(Database& database, std::int64_t user, std::string_view code) {
  return database.call("email_code_create", {user, code});
}

Result<void> confirm_email_code(Database& database, std::int64_t user, std::string_view code) {
  return database.call("email_code_confirm", {user, code});
}

Result<void> test_notification(Database& database, std::int64_t user, std::string_view channel,
                               std::string_view message) {
  return database.call("notification_test", {user, channel, message});
}

Result<std::vector<Notification>> list_notifications(Database& database, std::int64_t user, std::string_view channel,
                                                     std::int64_t before, std::optional<std::int64_t> after,
                                                     int limit) {
  std::vector<Notification> notifications;
  auto const listed = database.call(
      "notification_list", {user, channel, before, after ? SqlValue(*after) : SqlValue(nullptr), std::int64_t{limit}},
      [&](SqlRow const& row) {
        notifications.push_back({.id = row.integer(0),
                                 .kind = row.text(1),
                                 .channel = row.text(2),
                                 .message = row.text(3),
                                 .job = row.integer(4),
                                 .slave = row.integer(5),
                                 .state = row.text(6),
                                 .attempts = static_cast<int>(row.integer(7)),
                                 .problem = row.text(8),
                                 .created_at = row.text(9),
                                 .ended_at = row.text(10)});
      });
  if (!listed) return listed.error();
  return notifications;
}

Result<std::vector<std::int64_t>> enqueue_notifications(Database& database) {
  std::vector<std::int64_t> users;
  auto const gathered =
      database.call("notification_enqueue", {}, [&](SqlRow const& row) { users.push_back(row.integer(0)); });
  if (!gathered) return gathered.error();
  return users;
}

Result<std::vector<Delivery>> dequeue_notifications(Database& database, int limit) {
  std::vector<Delivery> deliveries;
  auto const taken = database.call("notification_dequeue", {std::int64_t{limit}}, [&](SqlRow const& row) {
    deliveries.push_back({.id = row.integer(0),
                          .user_name = row.text(1),
                          .kind = row.text(2),
                          .channel = row.text(3),
                          .message = row.text(4),
                          .job = row.integer(5),
                          .slave = row.integer(6),
                          .email = row.text(7),
                          .created_s = row.integer(8),
                          .tried = static_cast<int>(row.integer(9)),
                          .code = row.text(10)});
  });
  if (!taken) return taken.error();
  return deliveries;
}

Result<void> finish_notification(Database& database, std::int64_t id, std::string_view problem, bool for_good) {
  return database.call("notification_finish", {id, problem, std::int64_t{for_good}});
}

Result<void> trim_notifications(Database& database) {
  return database.call("notification_trim", {});
}

Result<std::vector<OfflineSlave>> check_offline_slaves(Database& database, std::vector<std::int64_t> const& online) {
  std::vector<OfflineSlave> offline;
  auto const ids = nlohmann::json(online).dump();
  auto const checked = database.call("slave_offline_check", {std::string_view(ids)}, [&offline](SqlRow const& row) {
    offline.push_back({row.integer(0), row.integer(1)});
  });
  if (!checked) return checked.error();
  return offline;
}

}  // namespace distren::store

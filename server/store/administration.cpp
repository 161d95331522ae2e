#include "server/store/administration.h"

#include <nlohmann/json.hpp>

#include "common/base/json_text.h"

namespace distren::store {

namespace {

UserDetails read_details(SqlRow const& row) {
  return {.id = row.integer(0),
          .name = row.text(1),
          .email = row.text(2),
          .role = row.text(3),
          .created_at = row.text(4),
          .blocked_at = row.text(5),
          .blocked_reason = row.text(6),
          .jobs = row.integer(7),
          .slaves = row.integer(8),
          .total_points = row.integer(9),
          .last_login_at = row.text(10),
          .revision = row.integer(11)};
}

}  // namespace

Result<UserDetails> show_user(Database& database, std::int64_t user) {
  UserDetails found;
  auto const shown = database.call("user_show", {user}, [&](SqlRow const& row) { found = read_details(row); });
  if (!shown) return shown.error();
  return found;
}

Result<UserDetails> find_user(Database& database, std::string_view name) {
  UserDetails found;
  auto const shown = database.call("user_find", {name}, [&](SqlRow const& row) { found = read_details(row); });
  if (!shown) return shown.error();
  return found;
}

Result<std::vector<UserDetails>> list_users(Database& database, std::int64_t administrator, std::string_view search,
                                            std::string_view filter, std::int64_t before, int limit) {
  std::vector<UserDetails> users;
  auto const listed = database.call("user_list", {administrator, search, filter, before, std::int64_t{limit}},
                                    [&](SqlRow const& row) { users.push_back(read_details(row)); });
  if (!listed) return listed.error();
  return users;
}

Result<void> change_role(Database& database, std::int64_t administrator, std::int64_t user, std::string_view role) {
  return database.call("user_role_change", {administrator, user, role});
}

Result<Blocked> block_user(Database& database, std::int64_t administrator, std::int64_t user, std::string_view reason) {
  Blocked out;
  auto const blocked = database.call("user_block", {administrator, user, reason}, [&](SqlRow const& row) {
    (row.integer(0) == 1 ? out.jobs : out.slaves).push_back(row.integer(1));
  });
  if (!blocked) return blocked.error();
  return out;
}

Result<void> unblock_user(Database& database, std::int64_t administrator, std::int64_t user) {
  return database.call("user_unblock", {administrator, user});
}

Result<std::map<std::string, std::string>> list_settings(Database& database) {
  std::map<std::string, std::string> settings;
  auto const listed =
      database.call("setting_list", {}, [&](SqlRow const& row) { settings[row.text(0)] = row.text(1); });
  if (!listed) return listed.error();
  return settings;
}

Result<void> override_settings(Database& database, std::int64_t administrator, SettingChanges const& changes) {
  auto list = nlohmann::json::array();
  for (auto const& [name, value] : changes)
    list.push_back({name, value ? nlohmann::json(*value) : nlohmann::json(nullptr)});
  auto const text = to_text(list);
  return database.call("setting_override", {administrator, std::string_view(text)});
}

Result<std::vector<Activity>> list_activity(Database& database, std::int64_t administrator, std::string_view kind,
                                            std::int64_t before, int limit) {
  std::vector<Activity> activity;
  auto const listed =
      database.call("activity_list", {administrator, kind, before, std::int64_t{limit}}, [&](SqlRow const& row) {
        activity.push_back({.id = row.integer(0),
                            .created_at = row.text(1),
                            .kind = row.text(2),
                            .user = row.integer(3),
                            .user_name = row.text(4),
                            .slave = row.integer(5),
                            .slave_name = row.text(6),
                            .job = row.integer(7),
                            .job_name = row.text(8),
                            .message = row.text(9)});
      });
  if (!listed) return listed.error();
  return activity;
}

Result<void> trim_activity(Database& database, std::int64_t keep) {
  return database.call("activity_trim", {keep});
}

Result<std::vector<MethodVersion>> list_methods(Database& database, std::int64_t administrator) {
  std::vector<MethodVersion> methods;
  auto const listed = database.call("method_list", {administrator}, [&](SqlRow const& row) {
    methods.push_back({row.text(0), row.text(1), row.integer(2), row.integer(3), row.integer(4)});
  });
  if (!listed) return listed.error();
  return methods;
}

Result<std::vector<TableSize>> database_sizes(Database& database, std::int64_t administrator) {
  std::vector<TableSize> tables;
  auto const listed = database.call("database_health", {administrator}, [&](SqlRow const& row) {
    tables.push_back({row.text(0), row.integer(1), row.integer(2)});
  });
  if (!listed) return listed.error();
  return tables;
}

}  // namespace distren::store

// What administrators do and see. Each procedure checks that `administrator` is one (denied). Worker threads; see
// users.h for the rules of this folder.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct UserDetails {
  std::int64_t id = 0;
  std::string name;
  std::string email;  // empty: none
  std::string role;
  std::string created_at;
  std::string blocked_at;  // empty: not blocked
  std::string blocked_reason;
  std::int64_t jobs = 0;
  std::int64_t slaves = 0;        // not revoked
  std::int64_t total_points = 0;  // millipoints ever earned
  std::string last_login_at;      // of the newest session; empty: none is open
  std::int64_t revision = 0;      // raised by each change of role or block
};
// Newest first; ids below `before` (0: from the start). search: in name or address; which: "", "staff" or "blocked".
Result<std::vector<UserDetails>> list_users(Database&, std::int64_t administrator, std::string_view search,
                                            std::string_view filter, std::int64_t before, int limit);
// not_found: no such user.
Result<UserDetails> show_user(Database&, std::int64_t user);
Result<UserDetails> find_user(Database&, std::string_view name);
// conflict: it is the last administrator.
Result<void> change_role(Database&, std::int64_t administrator, std::int64_t user, std::string_view role);

struct Blocked {
  std::vector<std::int64_t> jobs;    // paused now
  std::vector<std::int64_t> slaves;  // that are to be sent away
};
Result<Blocked> block_user(Database&, std::int64_t administrator, std::int64_t user, std::string_view reason);
Result<void> unblock_user(Database&, std::int64_t administrator, std::int64_t user);

Result<std::map<std::string, std::string>> list_settings(Database&);  // all that were ever set
// All or none; nullopt: the file's value again.
using SettingChanges = std::vector<std::pair<std::string, std::optional<std::string>>>;
Result<void> override_settings(Database&, std::int64_t administrator, SettingChanges const& changes);

struct Activity {
  std::int64_t id = 0;
  std::string created_at;
  std::string kind;
  std::int64_t user = 0;  // this and the next: 0 none; names are empty for what is gone
  std::string user_name;
  std::int64_t slave = 0;
  std::string slave_name;
  std::int64_t job = 0;
  std::string job_name;
  std::string message;
};
Result<std::vector<Activity>> list_activity(Database&, std::int64_t administrator, std::string_view kind,
                                            std::int64_t before, int limit);
Result<void> trim_activity(Database&, std::int64_t keep);

struct MethodVersion {
  std::string name;
  std::string version;             // empty: no slave has the method
  std::int64_t slaves = 0;         // that have it
  std::int64_t seen_last_day = 0;  // of these, seen within a day
  std::int64_t power = 0;          // mean per core, thousandths; 0: never measured
};
Result<std::vector<MethodVersion>> list_methods(Database&, std::int64_t administrator);

struct TableSize {
  std::string name;
  std::int64_t rows = 0;  // about
  std::int64_t bytes = 0;
};
Result<std::vector<TableSize>> database_sizes(Database&, std::int64_t administrator);  // largest first

}  // namespace distren::store

// One private MariaDB for a program of tests: started when the first chosen test needs it, seen by all of them, each of
// which is a fork. Its first account, `admin`, administers the grid and is logged in; tests make names of their own.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/digest.h"
#include "server/api/caller.h"
#include "server/database/connection.h"
#include "server/standalone/private_mariadb.h"
#include "server/store/users.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

namespace distren {

inline std::optional<DatabaseAddress> the_database;
inline constexpr char const* admin_password = "long enough";
inline constexpr char const* admin_session = "the-administrators-session";

struct SharedDatabase {
  ScratchFolder folder;
  DatabaseThread thread;
  Result<PrivateMariadb> mariadb = PrivateMariadb::start(folder.path(), source_folder() / "sql");
};

// A plain pointer: forked tests end without touching what they only share.
inline SharedDatabase* shared_database = nullptr;

inline Result<void> write_first_account(Database& database) {
  auto const made = store::create_user(database, "admin", "", hash_password(admin_password));
  if (!made) return made.error();
  return store::create_session(database, made->id, secret_hash(admin_session), 3600, "::1", "tests");
}

inline void start_database() {
  if (shared_database != nullptr) return;
  shared_database = new SharedDatabase;
  after_all_tests([] { delete std::exchange(shared_database, nullptr); });
  if (!shared_database->mariadb) bail_out("no private MariaDB: " + shared_database->mariadb.error().message);
  the_database = shared_database->mariadb->address();
  Database first(*the_database);
  if (auto const written = write_first_account(first); !written) bail_out(written.error().message);
}

// For a group of tests over the database.
inline constexpr TestGroup::Options with_database{.timeout_s = 120, .before_all = start_database};

}  // namespace distren

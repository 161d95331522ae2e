// A program of tests over one private MariaDB: started by main, seen by every case, each of which is a fork of it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>

#include "common/base/digest.h"
#include "server/database/connection.h"
#include "server/standalone/private_mariadb.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

namespace distren {

inline std::optional<DatabaseAddress> the_database;

inline TCase* database_cases(char const* name, std::initializer_list<TTest const*> tests) {
  TCase* const group = tcase_create(name);
  tcase_set_timeout(group, 120);
  for (auto const* test : tests) tcase_add_test(group, test);
  return group;
}

// prepare writes what all cases find there. What cannot be started or written is TAP's "Bail out!".
inline int run_database_suite(char const* name, std::initializer_list<TCase*> groups,
                              std::function<Result<void>(Database&)> const& prepare = {}) {
  auto const bail_out = [](Error const& error) {
    std::printf("Bail out! %s\n", error.message.c_str());
    return EXIT_FAILURE;
  };
  auto const folder = std::filesystem::temp_directory_path() / ("distren-db-" + random_secret());
  std::filesystem::create_directories(folder);
  DatabaseThread const thread;
  auto database = PrivateMariadb::start(folder, source_folder() / "sql");
  if (!database) return bail_out(database.error());
  the_database = database->address();
  if (prepare) {
    Database first(*the_database);
    if (auto const prepared = prepare(first); !prepared) return bail_out(prepared.error());
  }
  int const failed = run_suite(name, groups);
  database->stop();
  std::filesystem::remove_all(folder);
  return failed;
}

}  // namespace distren

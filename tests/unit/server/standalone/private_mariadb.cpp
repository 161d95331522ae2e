// The private MariaDB: made once, found again, taken over from a server that was killed.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "tests/support/private_database.h"

using namespace distren;

START_TEST(a_database_is_made_once_and_keeps_what_it_was_told) {
  TemporaryFolder folder;
  auto const start = std::chrono::steady_clock::now();
  {
    auto mariadb = PrivateMariadb::start(folder.path, sql_folder());
    ck_assert_good(mariadb);
    Database database(mariadb->address());
    ck_assert_good(store::create_user(database, "kept", "", "hash"));
    ck_assert(mariadb->alive());
  }
  auto const made = std::chrono::steady_clock::now();
  auto mariadb = PrivateMariadb::start(folder.path, sql_folder());
  ck_assert_good(mariadb);
  Database database(mariadb->address());
  ck_assert_good(store::find_credentials(database, "kept"));
  auto const seconds = [](auto from, auto to) { return std::chrono::duration<double>(to - from).count(); };
  std::printf("# a new database, from start to clean end: %.2f s; an existing one is ready after %.2f s\n",
              seconds(start, made), seconds(made, std::chrono::steady_clock::now()));
  std::fflush(stdout);
}
END_TEST

START_TEST(it_serves_procedures_on_a_private_socket_and_nothing_else) {
  TemporaryFolder folder;
  auto mariadb = PrivateMariadb::start(folder.path, sql_folder());
  ck_assert_good(mariadb);
  Database database(mariadb->address());
  ck_assert_refused(database.execute("SELECT * FROM user"), Errc::unavailable, "denied");
  std::string networking;
  ck_assert_good(database.execute("SELECT @@skip_networking, @@innodb_flush_log_at_trx_commit",
                                  [&](SqlRow const& row) { networking = row.text(0) + row.text(1); }));
  ck_assert_text(networking, "11");
  auto const mode = [&](char const* name) { return std::filesystem::status(folder.path / name).permissions(); };
  ck_assert(mode("db") == std::filesystem::perms::owner_all);
  ck_assert(mode("db/password") == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  DatabaseAddress address = mariadb->address();
  address.password = "";
  ck_assert_refused(Database(address).ping(), Errc::unavailable, "refuses");
}
END_TEST

START_TEST(a_second_server_on_the_same_folder_is_refused) {
  TemporaryFolder folder;
  auto mariadb = PrivateMariadb::start(folder.path, sql_folder());
  ck_assert_good(mariadb);
  auto const second = PrivateMariadb::start(folder.path, sql_folder());
  ck_assert_refused(second, Errc::conflict, "another distrend is using " + folder.path.string());
  ck_assert(mariadb->alive());
}
END_TEST

START_TEST(after_a_killed_server_the_next_one_finds_everything) {
  TemporaryFolder folder;
  pid_t const child = fork();
  if (child == 0) {
    auto mariadb = PrivateMariadb::start(folder.path, sql_folder());
    if (mariadb) {
      Database database(mariadb->address());
      if (store::create_user(database, "kept", "", "hash")) raise(SIGKILL);
    }
    _exit(1);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status));
  auto mariadb = PrivateMariadb::start(folder.path, sql_folder());
  ck_assert_good(mariadb);
  Database database(mariadb->address());
  ck_assert_good(store::find_credentials(database, "kept"));
}
END_TEST

START_TEST(a_mariadb_that_dies_is_started_again_and_connections_return) {
  TemporaryFolder folder;
  auto mariadb = PrivateMariadb::start(folder.path, sql_folder());
  ck_assert_good(mariadb);
  Database database(mariadb->address());
  ck_assert_good(store::create_user(database, "kept", "", "hash"));
  std::ifstream file(folder.path / "db/mariadb.pid");
  pid_t pid = 0;
  file >> pid;
  ck_assert_int_gt(pid, 1);
  kill(pid, SIGKILL);
  while (mariadb->alive()) usleep(1000);
  ck_assert_refused(database.ping(), Errc::unavailable, "does not answer");
  ck_assert_good(mariadb->restart());
  ck_assert(mariadb->alive());
  ck_assert_good(store::find_credentials(database, "kept"));
  ck_assert_good(mariadb->restart());
}
END_TEST

START_TEST(a_folder_too_deep_for_a_socket_works_too) {
  TemporaryFolder folder;
  auto const deep = folder.path / std::string(60, 'd') / std::string(60, 'e');
  auto mariadb = PrivateMariadb::start(deep, sql_folder());
  ck_assert_good(mariadb);
  ck_assert_uint_le(mariadb->address().socket.size(), 107);
  ck_assert_good(Database(mariadb->address()).ping());
  std::filesystem::remove_all(std::filesystem::path(mariadb->address().socket).parent_path());
}
END_TEST

START_TEST(an_interrupted_installation_is_made_again) {
  TemporaryFolder folder;
  std::filesystem::create_directories(folder.path / "db/data.new/mysql");
  std::ofstream(folder.path / "db/data.new/ibdata1") << "half";
  ck_assert_good(PrivateMariadb::start(folder.path, sql_folder()));
}
END_TEST

START_TEST(a_database_that_cannot_start_says_why) {
  TemporaryFolder folder;
  std::filesystem::create_directories(folder.path / "db/data");
  std::ofstream(folder.path / "db/data/ibdata1") << "this is no database";
  auto const mariadb = PrivateMariadb::start(folder.path, sql_folder());
  ck_assert_refused(mariadb, Errc::unavailable, (folder.path / "db/mariadb.log").string());
  ck_assert_says(mariadb.error().message, "ERROR");
}
END_TEST

namespace {

TestGroup const life_tests{
    "life",
    {a_database_is_made_once_and_keeps_what_it_was_told, it_serves_procedures_on_a_private_socket_and_nothing_else,
     a_second_server_on_the_same_folder_is_refused, after_a_killed_server_the_next_one_finds_everything,
     a_mariadb_that_dies_is_started_again_and_connections_return, a_folder_too_deep_for_a_socket_works_too,
     an_interrupted_installation_is_made_again, a_database_that_cannot_start_says_why},
    {.timeout_s = 120}};

}  // namespace

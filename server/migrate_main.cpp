// distren-migrate: brings a database to this version's schema with its owner's rights, which distrend does not have.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include "common/base/command_line.h"
#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/places.h"
#include "config.h"
#include "server/config/server_config.h"
#include "server/database/migrate.h"

namespace {

using namespace distren;

struct Options {
  std::string config;
  std::string socket;
  std::string host;
  int port = 0;
  std::string schema;
  std::string user = "root";
  std::string password_file;
  std::string create_user;
  std::string create_password_file;
  std::string create_user_host = "localhost";
  std::string sql_dir;
  bool check_only = false;
};

constexpr std::array<RenamedOption, 1> renamed_options{{{"--from", "--create-user-host"}}};

Result<void> run(Options const& options) {
  ServerConfig config;
  if (!options.config.empty()) {
    auto loaded = load_server_config(options.config);
    if (!loaded) return loaded.error();
    config = std::move(*loaded);
  }
  DatabaseAddress server = config.database;
  if (!options.schema.empty()) server.schema = options.schema;
  if (!options.create_user.empty()) server.user = options.create_user;
  if (!options.create_password_file.empty()) {
    auto password = read_secret_file(options.create_password_file);
    if (!password) return password.error();
    server.password = *password;
  }
  std::filesystem::path const sql_dir = !options.sql_dir.empty() ? std::filesystem::path(options.sql_dir)
                                        : !config.sql.empty()    ? config.sql
                                                                 : find_data("sql");

  DatabaseAddress owner = server;
  if (!options.socket.empty()) owner.socket = options.socket;
  if (!options.host.empty()) {
    owner.host = options.host;
    owner.socket.clear();
  }
  if (options.port > 0) owner.port = options.port;
  owner.user = options.user;
  owner.password.clear();
  owner.answer_timeout_s = 24 * 3600;  // an index over tens of millions of tasks is not made in a minute
  if (!options.password_file.empty()) {
    auto password = read_secret_file(options.password_file);
    if (!password) return password.error();
    owner.password = *password;
  }

  if (options.check_only) {
    Database database(owner);
    return check_schema(database, sql_dir);
  }
  if (auto created = create_schema(owner); !created) return created.error();
  Database database(owner);
  if (auto migrated = migrate(database, sql_dir); !migrated) return migrated.error();
  if (!options.create_user.empty()) {
    if (auto granted = grant_server(database, sql_dir, server, options.create_user_host); !granted)
      return granted.error();
  }
  return check_schema(database, sql_dir);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Migrate DistRen's database to the schema of this version, with the rights of the schema's owner.",
               "distren-migrate");
  Options options;
  app.add_option("--config", options.config,
                 "Read the database's address and the sql folder from this distrend.toml (default none)");
  app.add_option("--socket", options.socket, "Unix socket of the database server (default from --config)");
  app.add_option("--host", options.host,
                 "Host of the database server, instead of a socket (default from --config, else 127.0.0.1)");
  app.add_option("--port", options.port, "Port of the database server (default from --config, else 3306)")
      ->check(CLI::Range(1, 65535));
  app.add_option("--schema", options.schema, "Schema to create or migrate (default from --config, else distren)");
  app.add_option("--user", options.user, "Database user that owns the schema (default root)");
  app.add_option("--password-file", options.password_file, "File with the owner's password (default: send none)");
  app.add_option("--create-user", options.create_user,
                 "Create or reset this database user for distrend, with EXECUTE alone (default none)");
  app.add_option("--create-password-file", options.create_password_file,
                 "File with the password of --create-user (default from --config)");
  app.add_option("--create-user-host", options.create_user_host,
                 "Host from which --create-user connects (default localhost)");
  app.add_option("--sql-dir", options.sql_dir,
                 "Folder with migrations/, procedures/ and grants/ (default detected automatically)");
  app.add_flag("--check", options.check_only, "Change nothing; succeed if the database has the schema of this version");
  app.set_version_flag("-V,--version", "distren-migrate " PACKAGE_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  if (auto const ended = parse_command_line(app, argc, argv, renamed_options)) return *ended;

  if (auto started = start_log("distren-migrate", "info", ""); !started) {
    fmt::print(stderr, "distren-migrate: {}\n", started.error().message);
    return 1;
  }
  if (auto done = run(options); !done) {
    fmt::print(stderr, "distren-migrate: {}\n", done.error().message);
    return 1;
  }
  fmt::print("The database has schema version {}.\n", known_schema);
  return 0;
}

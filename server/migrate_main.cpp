// distren-migrate: brings a database to this version's schema with its owner's rights, which distrend does not have.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

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
  std::string from_host = "localhost";
  std::string sql_dir;
  bool check_only = false;
};

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
    if (auto granted = grant_server(database, sql_dir, server, options.from_host); !granted) return granted.error();
  }
  return check_schema(database, sql_dir);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Brings DistRen's database to the schema of this version. Run it with the rights of the schema's owner."};
  Options options;
  app.add_option("--config", options.config, "distrend.toml: where the database is and where the sql folder is");
  app.add_option("--socket", options.socket, "unix socket of the database server");
  app.add_option("--host", options.host, "its host, instead of a socket");
  app.add_option("--port", options.port, "its port")->check(CLI::Range(1, 65535));
  app.add_option("--schema", options.schema, "schema to create or migrate; default distren");
  app.add_option("--user", options.user, "owner's name")->capture_default_str();
  app.add_option("--password-file", options.password_file, "file with the owner's password; without it, none is sent");
  app.add_option("--create-user", options.create_user,
                 "make or reset this database user for distrend: EXECUTE, nothing else");
  app.add_option("--create-password-file", options.create_password_file,
                 "file with that user's password; default: the password of --config");
  app.add_option("--from", options.from_host, "host that this user connects from")->capture_default_str();
  app.add_option("--sql-dir", options.sql_dir, "folder with migrations/, procedures/ and grants/");
  app.add_flag("--check", options.check_only, "change nothing; succeed when the database belongs to this version");
  app.set_version_flag("--version", "distren-migrate " PACKAGE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }

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

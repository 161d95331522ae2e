#include "server/database/migrate.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "common/base/files.h"
#include "server/database/sql_folder.h"

namespace distren {

namespace {

constexpr int lock_wait_s = 120;

bool is_name(std::string_view text, std::string_view also) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.find(c) != also.npos;
  });
}

std::string quoted_sql(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

Result<std::int64_t> number_of(Database& database, std::string const& sql) {
  std::int64_t number = 0;
  auto const asked = database.execute(sql, [&](SqlRow const& row) { number = row.integer(0); });
  if (!asked) return asked.error();
  return number;
}

// One migration or set of grants at a time per schema, whoever runs it; given back when this goes or the connection
// does.
class MigrationLock {
public:
  static Result<MigrationLock> take(Database& owner) {
    auto const taken = number_of(
        owner, fmt::format("SELECT COALESCE(GET_LOCK(CONCAT('distren_migrate.', DATABASE()), {}), 0)", lock_wait_s));
    if (!taken) return taken.error();
    if (*taken != 1) {
      return fail(Errc::conflict,
                  fmt::format("another distren-migrate has been at work for {} s; wait for it to end, or "
                              "end it, and try again",
                              lock_wait_s));
    }
    return MigrationLock(owner);
  }
  MigrationLock(MigrationLock&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
  ~MigrationLock() {
    if (owner_ == nullptr) return;
    // A lost connection has given the lock back already.
    (void)owner_->execute("DO RELEASE_LOCK(CONCAT('distren_migrate.', DATABASE()))").has_value();
  }

private:
  explicit MigrationLock(Database& owner) : owner_(&owner) {}
  Database* owner_;
};

Result<std::int64_t> schema_version(Database& owner) {
  auto const tables = number_of(owner,
                                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND "
                                "table_name = 'schema_version'");
  if (!tables) return tables.error();
  if (*tables == 0) return std::int64_t{0};
  return number_of(owner, "SELECT COALESCE(MAX(version), 0) FROM schema_version");
}

Error newer(std::int64_t version, int known) {
  return fail(
      Errc::conflict,
      fmt::format("the database has schema version {}, this program knows {} and older: it is the program that is "
                  "too old; install the version of DistRen that the database belongs to",
                  version, known));
}

Result<void> apply(Database& owner, Migration const& migration) {
  for (std::string const& statement : split_statements(migration.text)) {
    if (auto done = owner.execute(statement); !done) {
      return fail(done.error().code,
                  fmt::format("{}: {}\nin: {}", migration.name, done.error().message, statement.substr(0, 200)));
    }
  }
  spdlog::info("database: applied {}", migration.name);
  return owner.execute(
      fmt::format("INSERT INTO schema_version (version, name, applied_at) VALUES ({}, {}, UTC_TIMESTAMP(3))",
                  migration.version, quoted_sql(migration.name)));
}

using Routine = std::pair<std::string, std::string>;  // PROCEDURE or FUNCTION, name

Result<std::set<Routine>> list_routines(Database& owner) {
  std::set<Routine> routines;
  auto const listed = owner.execute(
      "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()",
      [&](SqlRow const& row) { routines.emplace(row.text(0), row.text(1)); });
  if (!listed) return listed.error();
  return routines;
}

// A dump without routines brings the digest but not the procedures, so both are looked at.
Result<void> replace_procedures(Database& owner, std::vector<Procedure> const& procedures) {
  auto const present = list_routines(owner);
  if (!present) return present.error();
  std::set<std::string> wanted;
  for (Procedure const& procedure : procedures) wanted.insert(procedure.name);
  std::set<std::string> names;
  for (auto const& [type, name] : *present) names.insert(name);
  std::string const digest = digest_of(procedures);
  auto const same =
      number_of(owner, fmt::format("SELECT COUNT(*) FROM setting WHERE name = 'procedures_sha256' AND value = "
                                   "'{}'",
                                   digest));
  if (!same) return same.error();
  if (*same == 1 && names == wanted) return {};

  for (auto const& [type, name] : *present) {
    if (wanted.contains(name)) continue;
    if (auto dropped = owner.execute(fmt::format("DROP {} IF EXISTS `{}`", type, name)); !dropped)
      return dropped.error();
  }
  for (Procedure const& procedure : procedures) {
    if (auto made = owner.execute(procedure.text); !made) {
      return fail(made.error().code, fmt::format("{}: {}", procedure.file.string(), made.error().message));
    }
  }
  spdlog::info("database: replaced {} procedures", procedures.size());
  return owner.execute(
      fmt::format("INSERT INTO setting (name, value, changed_at) VALUES ('procedures_sha256', '{0}', UTC_TIMESTAMP(3)) "
                  "ON DUPLICATE KEY UPDATE value = '{0}', changed_at = UTC_TIMESTAMP(3)",
                  digest));
}

// Parameters of procedures take their character set from the schema, and names compare by its collation.
Result<void> correct_collation(Database& owner) {
  auto const right = number_of(owner, "SELECT @@collation_database = 'utf8mb4_unicode_ci'");
  if (!right) return right.error();
  if (*right == 1) return {};
  return owner.execute("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci");
}

}  // namespace

std::vector<std::string> split_statements(std::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  auto const finish = [&] {
    auto const first = statement.find_first_not_of(" \t\r\n");
    if (first != std::string::npos) {
      statements.push_back(statement.substr(first, statement.find_last_not_of(" \t\r\n") - first + 1));
    }
    statement.clear();
  };
  for (std::size_t at = 0; at < sql.size();) {
    std::string_view const rest = sql.substr(at);
    bool const line_comment = rest[0] == '#' || (rest.starts_with("--") && (rest.size() == 2 || rest[2] <= ' '));
    if (line_comment) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (rest.starts_with("/*")) {
      auto const end = sql.find("*/", at + 2);
      at = end == std::string_view::npos ? sql.size() : end + 2;
    } else if (rest[0] == '\'' || rest[0] == '"' || rest[0] == '`') {
      std::size_t end = at + 1;
      while (end < sql.size() && sql[end] != rest[0]) end += sql[end] == '\\' && rest[0] != '`' ? 2 : 1;
      end = std::min(end + 1, sql.size());
      statement += sql.substr(at, end - at);
      at = end;
    } else {
      if (rest[0] == ';') {
        finish();
      } else {
        statement += rest[0];
      }
      at++;
    }
  }
  finish();
  return statements;
}

Result<void> create_schema(DatabaseAddress owner) {
  std::string const schema = std::exchange(owner.schema, "");
  if (!is_name(schema, "_")) {
    return fail(Errc::invalid, fmt::format("\"{}\" cannot be the name of a schema; use letters, digits and _", schema));
  }
  Database database(std::move(owner));
  return database.execute(
      fmt::format("CREATE DATABASE IF NOT EXISTS `{}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", schema));
}

Result<void> migrate(Database& owner, std::filesystem::path const& sql_dir) {
  auto const migrations = read_migrations(sql_dir);
  if (!migrations) return migrations.error();
  auto const procedures = read_procedures(sql_dir);
  if (!procedures) return procedures.error();
  auto const lock = MigrationLock::take(owner);
  if (!lock) return lock.error();
  auto const version = schema_version(owner);
  if (!version) return version.error();
  if (*version > migrations->back().version) return newer(*version, migrations->back().version);
  if (auto corrected = correct_collation(owner); !corrected) return corrected.error();

  for (Migration const& migration : *migrations) {
    if (migration.version <= *version) continue;
    if (auto applied = apply(owner, migration); !applied) return applied.error();
  }
  return replace_procedures(owner, *procedures);
}

Result<void> grant_server(Database& owner, std::filesystem::path const& sql_dir, DatabaseAddress const& server,
                          std::string_view from_host) {
  if (!is_name(server.user, "_.-") || !is_name(from_host, "_.-%:/")) {
    return fail(Errc::invalid,
                fmt::format("\"{}\"@\"{}\" cannot be a database user; use letters, digits, '_', '.' and '-'",
                            server.user, from_host));
  }
  if (!is_name(server.schema, "_")) {
    return fail(Errc::invalid,
                fmt::format("\"{}\" cannot be the name of a schema; use letters, digits and _", server.schema));
  }
  if (server.password.size() < 8) {
    return fail(Errc::invalid, "the password of the server's database user needs 8 characters or more");
  }
  std::pair<std::string_view, std::string> const places[] = {
      {"@user@", fmt::format("'{}'@'{}'", server.user, from_host)},
      {"@schema@", fmt::format("`{}`", server.schema)},
      {"@password@", quoted_sql(server.password)}};
  auto const text = read_file(sql_dir / "grants" / "server.sql");
  if (!text) return text.error();
  for (std::string statement : split_statements(*text)) {
    for (auto const& [place, value] : places) {
      for (auto at = statement.find(place); at != std::string::npos; at = statement.find(place, at + value.size())) {
        statement.replace(at, place.size(), value);
      }
    }
    if (auto done = owner.execute(statement); !done) {
      return fail(done.error().code, fmt::format("cannot give {} his rights: {}", server.user, done.error().message));
    }
  }
  return {};
}

Result<void> check_schema(Database& database, std::filesystem::path const& sql_dir) {
  std::int64_t version = 0;
  auto const shown = database.call("schema_show", {}, [&](SqlRow const& row) { version = row.integer(0); });
  if (!shown) return shown.error();
  if (version > known_schema) return newer(version, known_schema);
  if (version < known_schema) {
    return fail(Errc::conflict,
                fmt::format("the database has schema version {}, this program needs {}: run distren-migrate", version,
                            known_schema));
  }
  if (sql_dir.empty()) return {};
  auto const procedures = read_procedures(sql_dir);
  if (!procedures) return procedures.error();
  std::string present;
  auto const found = database.call("setting_find", {std::string_view("procedures_sha256")},
                                   [&](SqlRow const& row) { present = row.text(0); });
  if (!found && found.error().code != Errc::not_found) return found.error();
  if (present != digest_of(*procedures)) {
    return fail(Errc::conflict,
                fmt::format("the database has schema version {} but procedures of another version than {}: run "
                            "distren-migrate",
                            version, (sql_dir / "procedures").string()));
  }
  return {};
}

}  // namespace distren

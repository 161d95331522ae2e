#include "server/database/connection.h"

#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <fmt/format.h>
#include <mysql_connection.h>

#include <array>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

namespace distren {

namespace {

constexpr int deadlock_attempts = 5;
constexpr int connect_timeout_s = 5;
constexpr auto idle_limit = std::chrono::seconds(10);
constexpr int could_not_send = 2006;
constexpr int connection_lost = 2013;

sql::Driver* driver() {
  static sql::Driver* const instance = get_driver_instance();
  return instance;
}

// The client's error numbers for a connection that cannot be made or is lost, and the server's for closing one.
bool is_lost(int error) {
  constexpr std::array lost{1040, 1053, 1077, 1129, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1927, 2002,
                            2003, 2004, 2005, 2006, 2011, 2012, 2013, 2014, 2024, 2026, 2048, 2055, 4031};
  for (int code : lost) {
    if (code == error) return true;
  }
  return false;
}

bool is_contention(int error) {
  return error == 1205 || error == 1213;  // lock wait timeout, deadlock: the procedure rolled back
}

// Without the address that the client's messages quote: they reach HTTP clients.
std::string without_address(std::string_view message) {
  auto const from = message.find(" '");
  auto const to = from == std::string_view::npos ? from : message.find('\'', from + 2);
  if (to == std::string_view::npos) return std::string(message);
  return std::string(message.substr(0, from)).append(message.substr(to + 1));
}

Error describe(sql::SQLException const& exception, std::string_view what) {
  // As sql/procedures/server/error_raise.sql raises them.
  struct Rejection {
    Errc code;
    std::string_view problem;
  };
  static std::map<std::string, Rejection, std::less<>> const rejections = {
      {"DR400", {Errc::invalid, ""}},
      {"DR403", {Errc::denied, ""}},
      {"DR404", {Errc::not_found, ""}},
      {"DR409", {Errc::conflict, ""}},
      {"DR402", {Errc::conflict, "insufficient_points"}},
      {"DR411", {Errc::conflict, "name_taken"}},
      {"DR412", {Errc::conflict, "precondition_failed"}},
      {"DR413", {Errc::conflict, "quota_exceeded"}},
      {"DR422", {Errc::conflict, "idempotency_key_reused"}},
      {"DR424", {Errc::conflict, "files_missing"}},
      {"DR425", {Errc::conflict, "request_in_progress"}},
      {"DR429", {Errc::conflict, "mail_limit"}}};
  if (auto found = rejections.find(exception.getSQLState()); found != rejections.end())
    return fail(found->second.code, exception.what(), found->second.problem);
  int const error = exception.getErrorCode();
  if (is_lost(error)) {
    return fail(Errc::unavailable,
                fmt::format("the database does not answer: {} ({})", without_address(exception.what()), error),
                "database_unavailable");
  }
  if (error == 1044 || error == 1045 || error == 1049 || error == 1142 || error == 1370 || error == 1698) {
    return fail(Errc::unavailable,
                fmt::format("the database refuses this server: {} ({}); see [database] in distrend.toml and "
                            "distren-migrate(8)",
                            exception.what(), error),
                "database_unavailable");
  }
  if (error == 1305) {
    return fail(Errc::unavailable,
                fmt::format("the database lacks a procedure: {} ({}); run distren-migrate", exception.what(), error),
                "database_unavailable");
  }
  if (is_contention(error)) {
    return fail(Errc::unavailable,
                fmt::format("the database is too busy for {}: {} ({})", what, exception.what(), error));
  }
  // Class 22 is a value that does not fit, 23 one that breaks a constraint.
  std::string_view const state = exception.getSQLStateCStr();
  if (state.starts_with("22") || state.starts_with("23")) {
    return fail(Errc::invalid, fmt::format("{} refused a value: {} ({})", what, exception.what(), error));
  }
  return fail(Errc::unavailable, fmt::format("{} failed in the database: {} ({})", what, exception.what(), error),
              "database_unavailable");
}

// Strict UTF-8: no overlong forms, no surrogates. Other bytes are sent as a hexadecimal literal.
bool is_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    auto const lead = static_cast<unsigned char>(bytes[at]);
    std::size_t const more = lead < 0x80 ? 0 : lead >= 0xC2 && lead < 0xE0 ? 1 : (lead & 0xF0) == 0xE0 ? 2 : 3;
    if (more == 3 && (lead < 0xF0 || lead > 0xF4)) return false;
    if (at + more >= bytes.size()) return false;
    for (std::size_t i = 1; i <= more; i++) {
      if ((static_cast<unsigned char>(bytes[at + i]) & 0xC0) != 0x80) return false;
    }
    auto const second = more > 0 ? static_cast<unsigned char>(bytes[at + 1]) : 0;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    at += more + 1;
  }
  return true;
}

std::string literal(sql::mysql::MySQL_Connection& connection, SqlValue const& value) {
  if (std::holds_alternative<std::nullptr_t>(value)) return "NULL";
  if (auto const* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  std::string_view const bytes = std::get<std::string_view>(value);
  if (is_utf8(bytes)) {
    return "'" + connection.escapeString(sql::SQLString(bytes.data(), bytes.size())).asStdString() + "'";
  }
  std::string hex = "X'";
  for (char byte : bytes) fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(byte));
  return hex + "'";
}

class ConnectorRow : public SqlRow {
public:
  explicit ConnectorRow(sql::ResultSet& result) : result_(result) {}
  std::int64_t integer(unsigned column) const override { return result_.getInt64(column + 1); }
  std::string text(unsigned column) const override { return result_.getString(column + 1).asStdString(); }
  bool is_null(unsigned column) const override { return result_.isNull(column + 1); }

private:
  sql::ResultSet& result_;
};

// Every result must be read to its end, or the next call fails (error 2014).
void drain(sql::Statement& statement, bool has_result, std::function<void(SqlRow const&)> const& on_row) {
  bool first = true;
  while (has_result) {
    std::unique_ptr<sql::ResultSet> const result(statement.getResultSet());
    if (first && on_row) {
      ConnectorRow const row(*result);
      while (result->next()) on_row(row);
    }
    first = false;
    has_result = statement.getMoreResults();
  }
}

}  // namespace

struct Database::Connection {
  std::unique_ptr<sql::mysql::MySQL_Connection> open;
  std::chrono::steady_clock::time_point used;
  bool kept = false;  // it has what a new one would lack

  // An idle connection is tested before use: servers close idle ones (wait_timeout) and restart, which must not fail a
  // request.
  void ensure(DatabaseAddress const& address) {
    auto const now = std::chrono::steady_clock::now();
    if (open && now - used > idle_limit && !open->isValid()) open.reset();
    used = now;
    if (open) return;
    if (kept) throw sql::SQLException("the connection was lost in the middle of a request", "08S01", connection_lost);
    sql::ConnectOptionsMap options;
    options["hostName"] = sql::SQLString(address.socket.empty() ? "tcp://" + address.host : "unix://" + address.socket);
    if (address.socket.empty()) options["port"] = address.port;
    options["userName"] = sql::SQLString(address.user);
    options["password"] = sql::SQLString(address.password);
    if (!address.schema.empty()) options["schema"] = sql::SQLString(address.schema);
    options["OPT_CONNECT_TIMEOUT"] = connect_timeout_s;
    options["OPT_READ_TIMEOUT"] = address.answer_timeout_s;
    options["OPT_WRITE_TIMEOUT"] = address.answer_timeout_s;
    std::unique_ptr<sql::Connection> fresh(driver()->connect(options));
    auto* const mysql = dynamic_cast<sql::mysql::MySQL_Connection*>(fresh.get());
    if (mysql == nullptr) throw sql::SQLException("the connector made a connection of an unknown kind", "HY000", 2000);
    std::unique_ptr<sql::Statement> const statement(mysql->createStatement());
    statement->execute("SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci");
    statement->execute(
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
        "time_zone = '+00:00', autocommit = 1, tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 10");
    fresh.release();
    open.reset(mysql);
  }

  // Executes `sql`, built after connecting because escaping needs the connection; retries after deadlocks, and once on
  // a new connection when the old one was closed before anything could be sent.
  Result<void> run(DatabaseAddress const& address, std::string_view what,
                   std::function<std::string(sql::mysql::MySQL_Connection&)> const& sql,
                   std::function<void(SqlRow const&)> const& on_row) {
    bool reconnected = false;
    for (int attempt = 1;; attempt++) {
      bool delivered = false;
      try {
        ensure(address);
        std::unique_ptr<sql::Statement> const statement(open->createStatement());
        bool const has_result = statement->execute(sql(*open));
        delivered = has_result;
        drain(*statement, has_result, on_row);
        return {};
      } catch (sql::SQLException const& exception) {
        if (is_contention(exception.getErrorCode()) && !delivered && attempt < deadlock_attempts) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1 << attempt));
          continue;
        }
        if (exception.getErrorCode() == could_not_send && open && !kept && !std::exchange(reconnected, true)) {
          open.reset();
          continue;
        }
        Error error = describe(exception, what);
        if (is_lost(exception.getErrorCode())) open.reset();
        return error;
      }
    }
  }
};

DatabaseThread::DatabaseThread() {
  driver()->threadInit();
}

DatabaseThread::~DatabaseThread() {
  driver()->threadEnd();
}

Database::Database(DatabaseAddress address)
    : connection_(std::make_unique<Connection>()), address_(std::move(address)) {
  driver();
}

Database::~Database() = default;
Database::Database(Database&&) noexcept = default;

// Text with escaped literals, not a prepared CALL. Measured beside each other, CPU of client and server for a call as
// text, prepared and kept, prepared each time: session_find 178, 204, 228 us; job_list with 200 rows 4.7, 5.2, 5.1 ms;
// blob_missing with 67 KiB of digests 14.7, 13.2, 13.8 ms. A CALL is cheap to parse and the binary protocol dearer by
// row, so keeping a statement for each connection and procedure would cost more than it saves.
Result<void> Database::call(std::string_view procedure, std::initializer_list<SqlValue> values,
                            std::function<void(SqlRow const&)> const& on_row) {
  auto const sql = [&](sql::mysql::MySQL_Connection& connection) {
    std::string text = fmt::format("CALL {}(", procedure);
    for (SqlValue const& value : values) {
      if (text.back() != '(') text += ',';
      text += literal(connection, value);
    }
    return text + ")";
  };
  return connection_->run(address_, procedure, sql, on_row);
}

Result<void> Database::execute(std::string const& sql, std::function<void(SqlRow const&)> const& on_row) {
  return connection_->run(
      address_, "a statement", [&](sql::mysql::MySQL_Connection&) { return sql; }, on_row);
}

void Database::keep_connection(bool kept) {
  connection_->kept = kept;
}

Result<void> Database::ping() {
  return connection_->run(address_, "a ping", [](sql::mysql::MySQL_Connection&) { return std::string("DO 1"); }, {});
}

}  // namespace distren

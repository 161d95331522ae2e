// One connection to MariaDB for calls of stored procedures. The only file that includes Connector/C++. Each
// thread has its own Database (connector rule); create DatabaseThread first in every thread but main. A
// lost connection is detected, reported as unavailable and reopened by the next call. SIGNAL SQLSTATE
// 'DRnnn' becomes the Errc of that number with the procedure's message; deadlocks are retried up to 5
// times.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct DatabaseAddress {
  std::string socket;  // unix socket path; empty: host and port
  std::string host = "127.0.0.1";
  int port = 3306;
  std::string schema = "distren";
  std::string user = "distren";
  std::string password;       // empty with a unix socket and unix_socket authentication
  int answer_timeout_s = 60;  // a call that takes longer counts as a lost connection
};

// A parameter: nullptr is NULL; strings may hold bytes.
using SqlValue = std::variant<std::nullptr_t, std::int64_t, std::string_view>;

// A row passed to a result callback; valid during the callback. Columns count from 0.
class SqlRow {
public:
  virtual ~SqlRow() = default;
  virtual std::int64_t integer(unsigned column) const = 0;  // NULL reads as 0
  virtual std::string text(unsigned column) const = 0;      // NULL reads as ""
  virtual bool is_null(unsigned column) const = 0;
};

class DatabaseThread {
public:
  DatabaseThread();
  ~DatabaseThread();
  DatabaseThread(DatabaseThread const&) = delete;
};

class Database {
public:
  explicit Database(DatabaseAddress address);
  ~Database();
  Database(Database&&) noexcept;

  // CALL procedure(values...); on_row receives each row of the first result; further results are discarded.
  Result<void> call(std::string_view procedure, std::initializer_list<SqlValue> values,
                    std::function<void(SqlRow const&)> const& on_row = {});

  // One statement of plain SQL text without parameters: for migrations only.
  Result<void> execute(std::string const& sql, std::function<void(SqlRow const&)> const& on_row = {});

  Result<void> ping();

  // While a request keeps something in the connection (server/store/requests.h), a lost one is not reopened: a call is
  // then unavailable, and what the request wanted is not done without it.
  void keep_connection(bool kept);

private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
  DatabaseAddress address_;
};

}  // namespace distren

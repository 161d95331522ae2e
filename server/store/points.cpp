#include "server/store/points.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/json_text.h"

namespace distren::store {

namespace {

std::optional<std::int64_t> points_of(SqlRow const& row, unsigned column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

Result<std::int64_t> transaction_of(Database& database, std::string_view procedure,
                                    std::initializer_list<SqlValue> values) {
  std::int64_t transaction = 0;
  auto const moved = database.call(procedure, values, [&](SqlRow const& row) { transaction = row.integer(0); });
  if (!moved) return moved.error();
  return transaction;
}

// Every row of a call, read into a value each.
template <class Read>
auto rows_of(Database& database, std::string_view procedure, std::initializer_list<SqlValue> values, Read read)
    -> Result<std::vector<decltype(read(std::declval<SqlRow const&>()))>> {
  std::vector<decltype(read(std::declval<SqlRow const&>()))> rows;
  auto const listed = database.call(procedure, values, [&](SqlRow const& row) { rows.push_back(read(row)); });
  if (!listed) return listed.error();
  return rows;
}

AuditOutcome::Kind parse_fate(std::string_view name) {
  if (name == "vested") return AuditOutcome::Kind::vested;
  if (name == "void") return AuditOutcome::Kind::voided;
  return name == "nothing" ? AuditOutcome::Kind::nothing : AuditOutcome::Kind::unknown;
}

Result<std::vector<AuditOutcome>> decide(Database& database, std::string_view procedure,
                                         std::vector<Audited> const& results) {
  std::string batch = "[";
  for (Audited const& result : results)
    fmt::format_to(std::back_inserter(batch), "{}[{},{}]", batch.size() > 1 ? "," : "", result.attempt, result.task);
  batch += ']';
  return rows_of(database, procedure, {std::string_view(batch)}, [](SqlRow const& row) {
    return AuditOutcome{parse_fate(row.text(1)), points_of(row, 2)};
  });
}

}  // namespace

Result<std::vector<std::optional<std::int64_t>>> settle_grants(Database& database,
                                                               std::vector<Settlement> const& grants) {
  std::string batch = "[";
  for (Settlement const& grant : grants) {
    fmt::format_to(std::back_inserter(batch), "{}[{},{},{},{}]", batch.size() > 1 ? "," : "", grant.attempt, grant.task,
                   grant.grant, grant.fair);
  }
  batch += ']';
  return rows_of(database, "grant_settle", {std::string_view(batch)},
                 [](SqlRow const& row) { return points_of(row, 1); });
}

Result<int> settle_overdue_grants(Database& database, int hours, int limit) {
  int settled = 0;
  auto const done = database.call("grant_settle_overdue", {std::int64_t{hours}, std::int64_t{limit}},
                                  [&](SqlRow const& row) { settled = static_cast<int>(row.integer(0)); });
  if (!done) return done.error();
  return settled;
}

Result<std::vector<AuditOutcome>> vest_grants(Database& database, std::vector<Audited> const& results) {
  return decide(database, "grant_vest", results);
}

Result<std::vector<AuditOutcome>> void_grants(Database& database, std::vector<Audited> const& results) {
  return decide(database, "grant_void", results);
}

Result<std::int64_t> boost_job(Database& database, std::int64_t user, std::int64_t job, std::int64_t points,
                               std::string_view key) {
  return transaction_of(database, "job_boost", {user, job, points, key});
}

Result<std::int64_t> give_points(Database& database, std::int64_t user, std::string_view to, std::int64_t points,
                                 std::string_view key, std::string_view reason) {
  return transaction_of(database, "points_give", {user, to, points, key, reason});
}

Result<Adjustment> adjust_points(Database& database, std::int64_t administrator, std::string_view from,
                                 std::string_view to, std::int64_t points, std::string_view reason,
                                 std::string_view key) {
  Adjustment adjustment;
  auto const moved =
      database.call("points_adjust", {administrator, from, to, points, reason, key}, [&](SqlRow const& row) {
        adjustment = {row.integer(0), row.integer(2), row.integer(3)};
      });
  if (!moved) return moved.error();
  return adjustment;
}

Result<Balance> show_balance(Database& database, std::int64_t user) {
  Balance balance;
  auto const shown = database.call("balance_show", {user}, [&](SqlRow const& row) {
    balance = {row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4), row.integer(5)};
  });
  if (!shown) return shown.error();
  return balance;
}

Result<std::vector<StatementLine>> list_statement(Database& database, std::int64_t user, std::int64_t before,
                                                  int limit) {
  return rows_of(database, "statement_list", {user, before, std::int64_t{limit}}, [](SqlRow const& row) {
    StatementLine line;
    line.transaction = row.integer(0);
    line.kind = row.text(1);
    line.created_at = row.text(2);
    line.pending = row.integer(3);
    line.available = row.integer(4);
    line.total_change = row.integer(5);
    line.job = row.integer(6);
    line.job_name = row.text(7);
    if (!row.is_null(8)) line.frame = static_cast<int>(row.integer(8));
    line.slave = row.integer(9);
    line.slave_name = row.text(10);
    line.other = row.text(11);
    line.reason = row.text(12);
    return line;
  });
}

Result<std::vector<Ranked>> list_ranking(Database& database, std::int64_t after, int limit) {
  return rows_of(database, "ranking_list", {after, std::int64_t{limit}}, [](SqlRow const& row) {
    return Ranked{static_cast<int>(row.integer(0)), row.integer(1), row.text(2), row.integer(3)};
  });
}

Result<std::vector<Invariant>> check_ledger(Database& database) {
  return rows_of(database, "ledger_check", {}, [](SqlRow const& row) {
    return Invariant{row.text(0), row.integer(1) == 1, row.text(2)};
  });
}

Result<std::vector<Power>> list_powers(Database& database, std::int64_t slave) {
  return rows_of(database, "power_list", {slave}, [](SqlRow const& row) {
    return Power{.slave = row.integer(0),
                 .method = row.text(1),
                 .version = row.text(2),
                 .benchmark = static_cast<int>(row.integer(5)),
                 .power = static_cast<int>(row.integer(6)),
                 .age_s = row.integer(7),
                 .build = row.text(3),
                 .device = row.text(4)};
  });
}

Result<void> record_power(Database& database, std::int64_t slave, Method const& method, int power) {
  return database.call("power_record",
                       {slave, std::string_view(method.name), std::string_view(method.version),
                        std::string_view(method.build), std::string_view(method.device), std::int64_t{power}});
}

Result<void> correct_powers(Database& database, std::vector<Power> const& powers) {
  nlohmann::json list = nlohmann::json::array();
  for (Power const& power : powers)
    list.push_back({power.slave, power.method, power.version, power.build, power.device, power.power});
  std::string const batch = to_text(list);
  return database.call("power_correct", {std::string_view(batch)});
}

Result<std::vector<UserPoints>> load_total_points(Database& database, std::int64_t only_user) {
  return rows_of(database, "total_points_load", {only_user}, [](SqlRow const& row) {
    return UserPoints{row.integer(0), row.integer(1)};
  });
}

Result<std::vector<AcceptedClaim>> load_claims(Database& database, std::int64_t only_job) {
  return rows_of(database, "claim_load", {only_job}, [](SqlRow const& row) {
    return AcceptedClaim{row.integer(0), static_cast<int>(row.integer(1)), row.integer(2), row.integer(3)};
  });
}

Result<std::vector<HeldGrant>> load_held_grants(Database& database, std::int64_t only_job) {
  return rows_of(database, "held_grant_load", {only_job}, [](SqlRow const& row) {
    return HeldGrant{row.integer(0), row.integer(1), row.integer(2), row.integer(3), static_cast<int>(row.integer(4)),
                     row.integer(5)};
  });
}

Result<std::vector<JobEscrow>> load_escrows(Database& database, std::int64_t only_job) {
  return rows_of(database, "escrow_load", {only_job}, [](SqlRow const& row) {
    return JobEscrow{row.integer(0), row.integer(1)};
  });
}

}  // namespace distren::store

// Points: grants, boosts, gifts, statements and the powers they are computed from. One function per stored procedure;
// worker threads, see users.h. Points are millipoints, boosts and powers thousandths. What spends takes
// an idempotency key (1 to 64 of A-Z a-z 0-9 . _ -): the same key with the same values answers the same and moves
// nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"
#include "server/store/slaves.h"

namespace distren::store {

struct Settlement {  // a held grant whose fair value is known now
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t grant = 0;
  std::int64_t fair = 0;  // 0: there is none; the smallest claim of the job bounds the grant
};
// What each attempt has earned, in order; nullopt: no grant of it is known. Settling twice is the same as once.
Result<std::vector<std::optional<std::int64_t>>> settle_grants(Database&, std::vector<Settlement> const& grants);
// Settles what has been held for `hours` or whose job has ended, at most `limit` (1 to 10,000), and returns the boosts
// that waited for it. Returns how many were settled: call again until it is 0.
Result<int> settle_overdue_grants(Database&, int hours, int limit);

struct Audited {
  std::int64_t attempt = 0;
  std::int64_t task = 0;
};
struct AuditOutcome {
  // The fate that the result has, now or already; nothing: it earned nothing; unknown: no such result.
  enum class Kind { vested, voided, nothing, unknown };
  Kind kind = Kind::unknown;
  std::optional<std::int64_t> points{};  // nullopt: its grant is held, the fate follows when it is settled
};
Result<std::vector<AuditOutcome>> vest_grants(Database&, std::vector<Audited> const& results);
Result<std::vector<AuditOutcome>> void_grants(Database&, std::vector<Audited> const& results);

// Returns the transaction. denied: another's job; conflict: more than is there, an ended job, a key used otherwise.
Result<std::int64_t> boost_job(Database&, std::int64_t user, std::int64_t job, std::int64_t points,
                               std::string_view key);
// not_found: nobody has that name; invalid: to oneself.
Result<std::int64_t> give_points(Database&, std::int64_t user, std::string_view to, std::int64_t points,
                                 std::string_view key, std::string_view reason = "");

struct Adjustment {
  std::int64_t transaction = 0;
  std::int64_t from = 0;  // user; 0: the mint
  std::int64_t to = 0;
};
// An empty name is the mint. denied: not an administrator.
Result<Adjustment> adjust_points(Database&, std::int64_t administrator, std::string_view from, std::string_view to,
                                 std::int64_t points, std::string_view reason, std::string_view key);

struct Balance {
  std::int64_t available = 0;
  std::int64_t pending = 0;      // earned, waits for an audit
  std::int64_t total = 0;        // ever vested; rank
  std::int64_t escrow = 0;       // in the boosts of one's open jobs
  std::int64_t held = 0;         // grants that wait for a fair value
  std::int64_t held_claims = 0;  // the most that they can become
};
Result<Balance> show_balance(Database&, std::int64_t user);

struct StatementLine {
  std::int64_t transaction = 0;
  std::string kind;          // earn vest void boost payout refund adjust give
  std::string created_at;    // UTC, ISO 8601
  std::int64_t pending = 0;  // what it did to the user's two accounts
  std::int64_t available = 0;
  std::int64_t total_change = 0;
  std::int64_t job = 0;  // 0: none
  std::string job_name;  // empty: the job is gone
  std::optional<int> frame{};
  std::int64_t slave = 0;
  std::string slave_name;
  std::string other;  // who gave, or to whom; for adjust the administrator
  std::string reason;
};
// Newest first, transactions below `before` (0: from the start).
Result<std::vector<StatementLine>> list_statement(Database&, std::int64_t user, std::int64_t before, int limit);

struct Ranked {
  int place = 0;
  std::int64_t user = 0;
  std::string name;
  std::int64_t total = 0;
};
// Best first, after user `after` (0: from the start).
Result<std::vector<Ranked>> list_ranking(Database&, std::int64_t after, int limit);

struct Invariant {
  std::string name;
  bool holds = false;
  std::string detail;  // the first row that breaks it
};
Result<std::vector<Invariant>> check_ledger(Database&);

struct Power {
  std::int64_t slave = 0;
  std::string method;
  std::string version;
  int benchmark = 0;       // per core, thousandths of the reference core; 0: never measured
  int power = 0;           // corrected
  std::int64_t age_s = 0;  // of the benchmark
  std::string build{};     // of the renderer, as in Method
  std::string device{};
};
// slave 0: every slave that is not revoked.
Result<std::vector<Power>> list_powers(Database&, std::int64_t slave);
// A benchmark's answer; corrections start again from it. not_found: the slave has not said that it has this renderer.
Result<void> record_power(Database&, std::int64_t slave, Method const& method, int power);
// Corrected powers, kept between a quarter and 1.25 times the benchmark; Power::benchmark and age_s are not read.
Result<void> correct_powers(Database&, std::vector<Power> const& powers);

// What the dispatcher loads at its start, of everything (0) or of one.
struct UserPoints {
  std::int64_t user = 0;
  std::int64_t total = 0;
};
Result<std::vector<UserPoints>> load_total_points(Database&, std::int64_t only_user = 0);

struct AcceptedClaim {  // a sample of the fair value; one's own job is left out
  std::int64_t job = 0;
  int frame = 0;
  std::int64_t user = 0;
  std::int64_t claim = 0;
};
Result<std::vector<AcceptedClaim>> load_claims(Database&, std::int64_t only_job = 0);

struct HeldGrant {
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t job = 0;
  std::int64_t user = 0;
  int frame = 0;
  std::int64_t claim = 0;
};
Result<std::vector<HeldGrant>> load_held_grants(Database&, std::int64_t only_job = 0);

struct JobEscrow {
  std::int64_t job = 0;
  std::int64_t points = 0;
};
Result<std::vector<JobEscrow>> load_escrows(Database&, std::int64_t only_job = 0);

}  // namespace distren::store

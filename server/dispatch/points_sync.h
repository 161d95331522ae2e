// Points between the ledger and the policy: what users have in total and what is left of the boosts of jobs, in
// millipoints. The ledger has every change first. set_...(): dispatcher's thread; the others: a thread with a database
// connection; they fail like it, with unavailable.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/result.h"
#include "server/store/points.h"

namespace distren {

class Database;
struct DispatchCore;

struct LedgerPoints {  // of all
  std::vector<store::UserPoints> totals;
  std::vector<store::JobEscrow> escrows;
};
Result<LedgerPoints> read_points(Database& database);
// Each minute: what results corrected goes out, grants that were held too long are settled, then it reads.
Result<LedgerPoints> exchange_points(Database& database, std::vector<store::Power> const& corrected);

// Ever vested: the user's rank.
void set_total(DispatchCore& core, std::int64_t user, std::int64_t millipoints);
// What is left of the job's boost.
void set_escrow(DispatchCore& core, std::int64_t job, std::int64_t millipoints);
// All that there are: a job that is not among them any more has paid its boost out.
void set_points(DispatchCore& core, LedgerPoints const& points);

}  // namespace distren

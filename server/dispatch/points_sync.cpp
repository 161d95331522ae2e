#include "server/dispatch/points_sync.h"

#include <set>
#include <utility>

#include "server/dispatch/core.h"

namespace distren {

namespace {

constexpr int held_hours = 24;
constexpr int settled_at_once = 10000;

}  // namespace

Result<LedgerPoints> read_points(Database& database) {
  auto totals = store::load_total_points(database);
  if (!totals) return totals.error();
  auto escrows = store::load_escrows(database);
  if (!escrows) return escrows.error();
  return LedgerPoints{std::move(*totals), std::move(*escrows)};
}

Result<LedgerPoints> exchange_points(Database& database, std::vector<store::Power> const& corrected) {
  if (!corrected.empty()) {
    if (auto const done = store::correct_powers(database, corrected); !done) return done.error();
  }
  if (auto const settled = store::settle_overdue_grants(database, held_hours, settled_at_once); !settled)
    return settled.error();
  return read_points(database);
}

void set_total(DispatchCore& core, std::int64_t user, std::int64_t millipoints) {
  core.policy.set_user(user, millipoints);
}

void set_escrow(DispatchCore& core, std::int64_t job, std::int64_t millipoints) {
  core.boosted.insert(job);
  core.policy.set_boost(job, millipoints);
}

void set_points(DispatchCore& core, LedgerPoints const& points) {
  for (auto const& total : points.totals) set_total(core, total.user, total.total);
  std::set<std::int64_t> paid_out = std::exchange(core.boosted, {});
  for (auto const& escrow : points.escrows) {
    core.policy.set_boost(escrow.job, escrow.points);
    if (escrow.points <= 0) continue;
    core.boosted.insert(escrow.job);
    paid_out.erase(escrow.job);
  }
  for (std::int64_t const job : paid_out) core.policy.set_boost(job, 0);
}

}  // namespace distren

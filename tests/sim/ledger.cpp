#include "tests/sim/ledger.h"

#include <fmt/format.h>

namespace distren::sim {

namespace {

constexpr std::int64_t mint = 0;
constexpr std::size_t most_told = 20;

std::int64_t pending_of(std::int64_t user) {
  return user * 4 + 1;
}
std::int64_t available_of(std::int64_t user) {
  return user * 4 + 2;
}
std::int64_t escrow_of(std::int64_t job) {
  return job * 4 + 3;
}

}  // namespace

void Ledger::expect(bool holds, std::string what) {
  if (!holds && broken_.size() < most_told) broken_.push_back(std::move(what));
}

std::int64_t Ledger::balance(std::int64_t account) const {
  auto const found = balances_.find(account);
  return found == balances_.end() ? 0 : found->second;
}

std::int64_t Ledger::total(std::int64_t user) const {
  auto const found = totals_.find(user);
  return found == totals_.end() ? 0 : found->second;
}

bool Ledger::earned(std::int64_t result) const {
  return static_cast<std::size_t>(result) < results_.size() &&
         results_[static_cast<std::size_t>(result)].kinds % 2 == 1;
}

bool Ledger::begin(Kind kind, std::int64_t result) {
  auto const at = static_cast<std::size_t>(result);
  if (at >= results_.size()) results_.resize(at + at / 2 + 1);
  auto const bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
  bool const first = (results_[at].kinds & bit) == 0;
  results_[at].kinds |= bit;
  return first;
}

void Ledger::move(std::int64_t from, std::int64_t to, std::int64_t amount) {
  ++transactions_;
  if (amount == 0) return;
  entries_.push_back({transactions_, from, -amount});
  entries_.push_back({transactions_, to, amount});
  balances_[from] -= amount;
  balances_[to] += amount;
  expect(amount > 0, fmt::format("transaction {} moves {}", transactions_, amount));
  expect(from == mint || balances_[from] >= 0, fmt::format("account {} is at {}", from, balances_[from]));
}

void Ledger::earn(std::int64_t result, std::int64_t user, std::int64_t amount) {
  if (!begin(Kind::earn, result)) return expect(false, fmt::format("result {} earned twice", result));
  auto& row = results_[static_cast<std::size_t>(result)];
  row.user = user;
  row.pending += amount;
  row.minted = amount;
  move(mint, pending_of(user), amount);
}

void Ledger::vest(std::int64_t result) {
  auto& row = results_[static_cast<std::size_t>(result)];
  std::int64_t const before = totals_[row.user];
  bool const settled = (row.kinds & (1U << static_cast<unsigned>(Kind::forfeit))) != 0;
  if (!begin(Kind::vest, result) || settled)
    return expect(false, fmt::format("result {} vested after its end", result));
  move(pending_of(row.user), available_of(row.user), row.pending);
  totals_[row.user] += row.minted;
  row.pending = 0;
  expect(totals_[row.user] >= before, fmt::format("the total of user {} fell", row.user));
}

void Ledger::forfeit(std::int64_t result) {
  auto& row = results_[static_cast<std::size_t>(result)];
  bool const settled = (row.kinds & (1U << static_cast<unsigned>(Kind::vest))) != 0;
  if (!begin(Kind::forfeit, result) || settled)
    return expect(false, fmt::format("result {} void after its end", result));
  move(pending_of(row.user), mint, row.pending);
  row.pending = 0;
}

bool Ledger::boost(std::int64_t key, std::int64_t user, std::int64_t job, std::int64_t amount) {
  if (amount <= 0 || amount > available(user) || !keys_.insert(key).second) return false;
  std::int64_t const before = total(user);
  move(available_of(user), escrow_of(job), amount);
  expect(total(user) == before, fmt::format("spending lowered the rank of user {}", user));
  return true;
}

void Ledger::payout(std::int64_t result, std::int64_t job, std::int64_t amount) {
  if (!begin(Kind::payout, result)) return expect(false, fmt::format("result {} was paid out twice", result));
  auto& row = results_[static_cast<std::size_t>(result)];
  row.pending += amount;
  move(escrow_of(job), pending_of(row.user), amount);
}

void Ledger::refund(std::int64_t job, std::int64_t owner) {
  if (escrow(job) > 0) move(escrow_of(job), available_of(owner), escrow(job));
  expect(escrow(job) == 0, fmt::format("job {} ended with {} in escrow", job, escrow(job)));
}

void Ledger::adjust(std::int64_t key, std::int64_t user, std::int64_t amount) {
  if (!keys_.insert(key).second) return;
  move(mint, available_of(user), amount);
  totals_[user] += amount;
}

void Ledger::check() {
  std::int64_t transaction = 0;
  std::int64_t sum = 0;
  for (Entry const& entry : entries_) {
    if (entry.transaction != transaction) {
      expect(sum == 0, fmt::format("transaction {} sums to {}", transaction, sum));
      transaction = entry.transaction;
      sum = 0;
    }
    sum += entry.amount;
    replayed_[entry.account] += entry.amount;
  }
  expect(sum == 0, fmt::format("transaction {} sums to {}", transaction, sum));
  entries_.clear();
  std::int64_t all = 0;
  for (auto const& [account, balance] : balances_) {
    all += balance;
    expect(balance == replayed_[account], fmt::format("account {} is at {} and not at {}, the sum of its entries",
                                                      account, balance, replayed_[account]));
    expect(account == mint || balance >= 0, fmt::format("account {} is at {}", account, balance));
  }
  expect(all == 0, fmt::format("all balances sum to {}", all));
}

}  // namespace distren::sim

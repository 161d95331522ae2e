// The ledger in memory: the same transactions as the database's, with every entry kept until check() has replayed it.
// A broken invariant is remembered, never repaired. Amounts are millipoints.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace distren::sim {

class Ledger {
public:
  void earn(std::int64_t result, std::int64_t user, std::int64_t amount);
  void vest(std::int64_t result);
  void forfeit(std::int64_t result);  // VOID
  bool boost(std::int64_t key, std::int64_t user, std::int64_t job, std::int64_t amount);
  void payout(std::int64_t result, std::int64_t job, std::int64_t amount);  // after the result's earn
  void refund(std::int64_t job, std::int64_t owner);
  void adjust(std::int64_t key, std::int64_t user, std::int64_t amount);  // points from before the simulation

  [[nodiscard]] bool earned(std::int64_t result) const;
  [[nodiscard]] std::int64_t pending(std::int64_t user) const { return balance(user * 4 + 1); }
  [[nodiscard]] std::int64_t available(std::int64_t user) const { return balance(user * 4 + 2); }
  [[nodiscard]] std::int64_t escrow(std::int64_t job) const { return balance(job * 4 + 3); }
  [[nodiscard]] std::int64_t total(std::int64_t user) const;  // T_u
  [[nodiscard]] std::int64_t transactions() const { return transactions_; }

  // Replays what is new, then compares: every transaction sums to 0, so do all balances, a balance is the sum of its
  // entries, none but the mint's is below 0.
  void check();
  void expect(bool holds, std::string what);
  [[nodiscard]] std::vector<std::string> const& broken() const { return broken_; }

private:
  enum class Kind : std::uint8_t { earn, vest, forfeit, boost, payout, refund, adjust };
  struct Entry {
    std::int64_t transaction = 0;
    std::int64_t account = 0;
    std::int64_t amount = 0;
  };
  struct Result {
    std::int64_t user = 0;
    std::int64_t pending = 0;  // of EARN and PAYOUT, as long as it is neither vested nor void
    std::int64_t minted = 0;   // the part of it that is new: only that raises a rank
    std::uint8_t kinds = 0;    // the transactions that it had, a bit each
  };
  bool begin(Kind kind, std::int64_t result);  // false: it had one of that kind
  void move(std::int64_t from, std::int64_t to, std::int64_t amount);
  [[nodiscard]] std::int64_t balance(std::int64_t account) const;

  std::unordered_map<std::int64_t, std::int64_t> balances_;
  std::unordered_map<std::int64_t, std::int64_t> replayed_;
  std::vector<Entry> entries_;  // since the last check
  std::vector<Result> results_;
  std::unordered_map<std::int64_t, std::int64_t> totals_;
  std::unordered_set<std::int64_t> keys_;
  std::int64_t transactions_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace distren::sim

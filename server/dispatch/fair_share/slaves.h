// What fair share knows of slaves: their capacity, what they hold, and what the last search said of each. Owned by
// FairShareTables; a slave that went offline keeps its entry, without slots. Dispatcher's thread only. Rates are
// thousandths of a reference core.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/dispatch/policy.h"

namespace distren {

std::int64_t rate_of(SlaveCapacity const& slave);  // of one task

class FairSlaves {
public:
  struct Slave {
    SlaveCapacity facts;
    std::vector<std::int64_t> recent{};                             // jobs whose files it holds, latest first
    std::int64_t held_for = 0;                                      // job that it leaves to a faster slave
    std::int64_t held_ms = 0;                                       // since when
    std::optional<std::pair<std::int64_t, std::int64_t>> resume{};  // a long row of refusals goes on here
    PolicyReason reason{};
    int working = 0;                     // attempts in its slots
    std::deque<std::int64_t> waiting{};  // attempts that it holds besides: their rate is 0 until a slot is free
    [[nodiscard]] bool has_room() const { return working < std::max(1, facts.slots); }
  };

  void set_capacity(SlaveCapacity const& facts);
  void searched(PolicySlave const& slave, SearchOutcome const& outcome);
  void took(std::int64_t slave, std::int64_t job);  // an order: it has the files of the job now

  [[nodiscard]] Slave const* find(std::int64_t slave) const;
  Slave& at(std::int64_t slave) { return slaves_.at(slave); }
  Slave& add(std::int64_t slave, std::int64_t user = 0);  // or the one that is there; without slots, if it is new
  [[nodiscard]] std::int64_t slots() const { return slots_; }
  [[nodiscard]] std::int64_t rate() const { return rate_; }  // of all slots

private:
  std::unordered_map<std::int64_t, Slave> slaves_;
  std::int64_t slots_ = 0;
  std::int64_t rate_ = 0;
};

}  // namespace distren

// The attempts that are out: by id, by slave (here or not), and how those ended that are no longer out, as far back as
// memory goes. Every change of an attempt's state goes through attempt_state.h. References are good until the attempt
// goes. Dispatcher's thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/render/benchmark.h"
#include "server/dispatch/attempt_state.h"
#include "server/dispatch/lease.h"
#include "server/store/slaves.h"

namespace distren {

struct Attempt {
  std::int64_t id = 0, task = 0, job = 0, slave = 0;
  int frame = 0;
  std::int64_t duplicate_of = 0;  // the attempt whose task it does a second time
  std::int64_t expires_ms = 0;
  std::int64_t journaled_ms = 0;  // the expiry that the journal knows
  double fraction = 0;
  bool reported = false;  // progress, at least once
  // Whether its slave has the order: a message that crosses it on its way does not name it and has not lost it.
  std::int64_t sent_ms = 0;
  std::uint64_t session = 0;  // of its slave, in which it was sent
  bool named = false;         // by its slave since then
  bool left_out = false;      // of an announce before that
  AttemptTerms terms{};
  store::Method method{};                       // that renders it; empty: given before a restart
  std::optional<BenchmarkVariant> benchmark{};  // it measures the method: of no job
  AttemptState state = AttemptState::leased;    // leased or committing
  [[nodiscard]] bool committing() const { return state == AttemptState::committing; }
};

class AttemptTable {
public:
  static constexpr std::size_t past_kept = 100'000;  // attempts that are no longer out; of older ones state is unknown

  [[nodiscard]] Attempt* find(std::int64_t id);
  [[nodiscard]] Attempt const* find(std::int64_t id) const;
  [[nodiscard]] Attempt const& at(std::int64_t id) const { return attempts_.at(id); }
  [[nodiscard]] AttemptState state(std::int64_t id) const;
  [[nodiscard]] std::size_t size() const { return attempts_.size(); }
  [[nodiscard]] auto begin() const { return attempts_.begin(); }
  [[nodiscard]] auto end() const { return attempts_.end(); }
  [[nodiscard]] std::vector<std::int64_t> leased_by(std::int64_t slave) const;  // those that are not committing

  Attempt& add(Attempt attempt);
  // lease, begin_commit, abort_commit of one that is out. false: not in this state.
  bool apply(std::int64_t id, AttemptEvent event);
  // expire or end: it is out no longer. What it was; nothing: it was not out.
  std::optional<Attempt> remove(std::int64_t id, AttemptEvent event);

private:
  void remember(std::int64_t id, AttemptState state);

  std::unordered_map<std::int64_t, Attempt> attempts_;
  std::unordered_multimap<std::int64_t, std::int64_t> by_slave_;
  std::unordered_map<std::int64_t, AttemptState> past_;
  std::deque<std::int64_t> past_order_;
};

}  // namespace distren

#include "server/dispatch/attempt_table.h"

#include <algorithm>
#include <utility>

namespace distren {

Attempt* AttemptTable::find(std::int64_t id) {
  auto const found = attempts_.find(id);
  return found == attempts_.end() ? nullptr : &found->second;
}

Attempt const* AttemptTable::find(std::int64_t id) const {
  auto const found = attempts_.find(id);
  return found == attempts_.end() ? nullptr : &found->second;
}

AttemptState AttemptTable::state(std::int64_t id) const {
  if (Attempt const* const out = find(id)) return out->state;
  auto const past = past_.find(id);
  return past == past_.end() ? AttemptState::unknown : past->second;
}

std::vector<std::int64_t> AttemptTable::leased_by(std::int64_t slave) const {
  std::vector<std::int64_t> found;
  auto const [first, last] = by_slave_.equal_range(slave);
  for (auto each = first; each != last; ++each) {
    if (!attempts_.at(each->second).committing()) found.push_back(each->second);
  }
  return found;
}

Attempt& AttemptTable::add(Attempt attempt) {
  std::int64_t const id = attempt.id;
  by_slave_.emplace(attempt.slave, id);
  return attempts_[id] = std::move(attempt);
}

bool AttemptTable::apply(std::int64_t id, AttemptEvent event) {
  Attempt* const attempt = find(id);
  auto const next = attempt == nullptr ? std::nullopt : after(attempt->state, event);
  if (next) attempt->state = *next;
  return next.has_value();
}

std::optional<Attempt> AttemptTable::remove(std::int64_t id, AttemptEvent event) {
  auto const found = attempts_.find(id);
  if (found == attempts_.end()) return std::nullopt;
  Attempt attempt = std::move(found->second);
  attempts_.erase(found);
  auto const [first, last] = by_slave_.equal_range(attempt.slave);
  auto const own = std::find_if(first, last, [id](auto const& each) { return each.second == id; });
  if (own != last) by_slave_.erase(own);
  remember(id, after(attempt.state, event).value_or(AttemptState::ended));
  return attempt;
}

void AttemptTable::remember(std::int64_t id, AttemptState state) {
  if (!past_.insert_or_assign(id, state).second) return;
  past_order_.push_back(id);
  if (past_order_.size() <= past_kept) return;
  past_.erase(past_order_.front());
  past_order_.pop_front();
}

}  // namespace distren

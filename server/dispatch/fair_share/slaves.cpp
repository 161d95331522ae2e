#include "server/dispatch/fair_share/slaves.h"

#include "server/economy/points.h"

namespace distren {

namespace {

constexpr std::size_t files_kept = 4;

}  // namespace

std::int64_t rate_of(SlaveCapacity const& slave) {
  return slave.power * slave.threads;
}

FairSlaves::Slave const* FairSlaves::find(std::int64_t slave) const {
  auto const found = slaves_.find(slave);
  return found == slaves_.end() ? nullptr : &found->second;
}

FairSlaves::Slave& FairSlaves::add(std::int64_t slave, std::int64_t user) {
  return slaves_.try_emplace(slave, Slave{.facts = {.id = slave, .user = user, .slots = 0}}).first->second;
}

void FairSlaves::set_capacity(SlaveCapacity const& facts) {
  SlaveCapacity& known = add(facts.id).facts;
  slots_ -= known.slots;
  rate_ -= rate_of(known) * known.slots;
  known = facts;
  known.power = std::clamp<std::int64_t>(facts.power, 1, economy::power_limit);
  known.threads = std::clamp(facts.threads, 1, economy::cores_limit);
  known.slots = std::clamp(facts.slots, 0, economy::cores_limit);
  slots_ += known.slots;
  rate_ += rate_of(known) * known.slots;
}

void FairSlaves::searched(PolicySlave const& asking, SearchOutcome const& outcome) {
  Slave& slave = add(asking.id, asking.user);
  slave.held_for = outcome.held_for;
  slave.held_ms = outcome.held_ms;
  slave.resume = outcome.stopped ? std::nullopt : outcome.resume;
  if (!outcome.stopped) slave.reason = outcome.reason;
}

void FairSlaves::took(std::int64_t id, std::int64_t job) {
  Slave& slave = slaves_.at(id);
  std::erase(slave.recent, job);
  slave.recent.insert(slave.recent.begin(), job);
  if (slave.recent.size() > files_kept) slave.recent.pop_back();
  slave.held_for = 0;
}

}  // namespace distren

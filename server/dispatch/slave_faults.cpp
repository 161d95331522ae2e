#include "server/dispatch/slave_faults.h"

#include <algorithm>

namespace distren {

namespace {

constexpr int faults_allowed = 3;  // the last of them begins the rest
constexpr std::int64_t first_rest_ms = 30'000;
constexpr std::int64_t longest_rest_ms = 600'000;

}  // namespace

bool SlaveFaults::failed(std::int64_t slave, std::int64_t owner, std::string const& reason, std::int64_t now) {
  Faults& faults = slaves_[slave];
  if (faults.count == 0) faults.owner = owner;
  faults.of_several = faults.of_several || faults.owner != owner;
  ++faults.count;
  if (faults.count < faults_allowed || !faults.of_several) return false;
  int const doublings = std::min(faults.count - faults_allowed, 10);
  faults.rest = {now + std::min(longest_rest_ms, first_rest_ms << doublings), reason};
  return true;
}

std::optional<SlaveFaults::Rest> SlaveFaults::resting(std::int64_t slave, std::int64_t now) const {
  auto const found = slaves_.find(slave);
  if (found == slaves_.end() || found->second.rest.until_ms <= now) return std::nullopt;
  return found->second.rest;
}

}  // namespace distren

// Policy: users by their oldest job, and within one user the owner's order (priority, then age).
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "server/dispatch/policy.h"

namespace distren {

class OldestFirst : public Policy {
public:
  void add_job(PolicyJob const& job) override;
  void remove_job(std::int64_t job) override;
  void choose(PolicySlave const& slave, std::function<bool(std::int64_t job)> const& take) override;

private:
  struct User {
    std::set<std::int64_t> by_age;                   // job ids
    std::set<std::pair<int, std::int64_t>> by_wish;  // (-priority, id)
  };
  std::unordered_map<std::int64_t, PolicyJob> jobs_;
  std::unordered_map<std::int64_t, User> users_;
  std::map<std::int64_t, std::int64_t> users_by_oldest_;  // oldest job id -> user
};

}  // namespace distren

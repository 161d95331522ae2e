// Two-level stride scheduling (doc/points.md): class, user, job. The policy of the server: it composes the parts of
// this folder, who waits (queues.h), what attempts cost and take (attempts.h), whose turn it is (search.h) and why
// (explain.h). Each choice and each outcome is O(kinds * log n) in jobs and users; only the questions of people walk
// all users. Dispatcher's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "server/dispatch/fair_share/tables.h"
#include "server/dispatch/policy.h"

namespace distren {

class FairShare : public Policy {
public:
  void add_job(PolicyJob const& job) override;
  void remove_job(std::int64_t job) override;
  void forget_job(std::int64_t job) override;
  void set_user(std::int64_t user, std::int64_t total_points) override;
  void set_boost(std::int64_t job, std::int64_t escrow) override;
  void set_slave(SlaveCapacity const& slave) override;

  [[nodiscard]] std::unique_ptr<Candidates> choose(PolicySlave const& slave) const override;
  void searched(PolicySlave const& slave, SearchOutcome const& outcome) override;
  [[nodiscard]] std::vector<std::int64_t> stragglers(PolicySlave const& slave) const override;
  [[nodiscard]] int run_length(std::int64_t job, std::int64_t slave) const override;

  void dispatched(PolicyAttempt const& attempt) override;
  void completed(std::int64_t attempt, PolicyResult const& result) override;
  void returned(std::int64_t attempt) override;

  [[nodiscard]] std::optional<std::int64_t> frame_ms(std::int64_t job, std::int64_t slave) const override;
  [[nodiscard]] std::int64_t boost_of(std::int64_t job) const override;
  [[nodiscard]] PolicyReason explain_job(std::int64_t job) const override;
  [[nodiscard]] PolicyReason explain_slave(std::int64_t slave) const override;
  [[nodiscard]] std::optional<Forecast> forecast(std::int64_t job, std::int64_t more_escrow,
                                                 std::int64_t now_ms) const override;

private:
  FairShareTables tables_;
};

}  // namespace distren

#include "server/dispatch/fair_share/fair_share.h"

#include "server/dispatch/fair_share/explain.h"
#include "server/dispatch/fair_share/search.h"
#include "server/dispatch/fair_share/stragglers.h"

namespace distren {

void FairShare::add_job(PolicyJob const& job) {
  tables_.attempts.add_job(job.id);
  tables_.queues.add(job, tables_.attempts.expected_work(job.id));
  tables_.attempts.ready_changed(job.id);
}

void FairShare::remove_job(std::int64_t job) {
  if (tables_.queues.remove(job)) tables_.attempts.ready_changed(job);
}

void FairShare::forget_job(std::int64_t job) {
  tables_.queues.forget(job);
  tables_.attempts.forget_job(job);
}

void FairShare::set_user(std::int64_t user, std::int64_t total_points) {
  tables_.queues.set_user(user, total_points);
}

void FairShare::set_boost(std::int64_t job, std::int64_t escrow) {
  tables_.attempts.add_job(job);
  tables_.queues.set_boost(job, escrow, tables_.attempts.expected_work(job));
}

void FairShare::set_slave(SlaveCapacity const& slave) {
  tables_.slaves.set_capacity(slave);
}

std::unique_ptr<Candidates> FairShare::choose(PolicySlave const& slave) const {
  return search_jobs(tables_, slave);
}

void FairShare::searched(PolicySlave const& slave, SearchOutcome const& outcome) {
  tables_.slaves.searched(slave, outcome);
}

std::vector<std::int64_t> FairShare::stragglers(PolicySlave const& slave) const {
  return find_stragglers(tables_, slave);
}

int FairShare::run_length(std::int64_t job, std::int64_t slave) const {
  return tables_.attempts.run_length(job, slave);
}

void FairShare::dispatched(PolicyAttempt const& attempt) {
  tables_.attempts.dispatched(attempt);
}

void FairShare::completed(std::int64_t attempt, PolicyResult const& result) {
  tables_.attempts.completed(attempt, result);
}

void FairShare::returned(std::int64_t attempt) {
  tables_.attempts.returned(attempt);
}

std::optional<std::int64_t> FairShare::frame_ms(std::int64_t job, std::int64_t slave) const {
  return tables_.attempts.frame_ms(job, slave);
}

std::int64_t FairShare::boost_of(std::int64_t job) const {
  FairQueues::Job const* const found = tables_.queues.find(job);
  return found == nullptr ? 0 : found->boost;
}

PolicyReason FairShare::explain_job(std::int64_t job) const {
  return explain_share(tables_.queues, job);
}

PolicyReason FairShare::explain_slave(std::int64_t slave) const {
  FairSlaves::Slave const* const found = tables_.slaves.find(slave);
  return found == nullptr ? PolicyReason{} : found->reason;
}

std::optional<Forecast> FairShare::forecast(std::int64_t job, std::int64_t more_escrow, std::int64_t now_ms) const {
  return forecast_share(tables_, job, more_escrow, now_ms);
}

}  // namespace distren

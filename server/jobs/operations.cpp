#include "server/jobs/operations.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "server/store/operations.h"
#include "server/store/points.h"

namespace distren {

namespace {

// One that keeps failing for want of an answer would keep all others waiting.
constexpr std::int64_t most_tries = 3;

// JSON of what was found out; empty: nothing is to be told.
using Outcome = Result<std::string>;

Outcome check_ledger(Database& database) {
  auto const invariants = store::check_ledger(database);
  if (!invariants) return invariants.error();
  bool clean = !invariants->empty();
  auto items = nlohmann::json::array();
  for (auto const& invariant : *invariants) {
    clean = clean && invariant.holds;
    items.push_back(
        {{"name", invariant.name},
         {"holds", invariant.holds},
         {"detail", invariant.detail.empty() ? nlohmann::json(nullptr) : nlohmann::json(invariant.detail)}});
  }
  return nlohmann::json{{"clean", clean}, {"invariants", std::move(items)}}.dump();
}

Outcome delete_job(JobService& jobs, Database& database, std::int64_t id) {
  auto const job = store::show_job(database, id);
  if (!job && job.error().code == Errc::not_found) return std::string();  // by an earlier try
  if (!job) return job.error();
  if (auto const removed = jobs.remove(database, *job); !removed) return removed.error();
  return std::string();
}

Outcome perform(JobService& jobs, Database& database, store::Operation const& operation) {
  if (operation.tries > most_tries)  // the server or the database ended each time, so that nobody said so
    return fail(Errc::unavailable, fmt::format("it was begun {} times and never ended", most_tries));
  if (operation.kind == ledger_check_operation) return check_ledger(database);
  if (operation.kind == job_deletion_operation) return delete_job(jobs, database, operation.target);
  return fail(Errc::invalid, "this server does not know operations of the kind " + operation.kind);
}

std::string_view problem_code_of(Error const& error) {
  if (!error.problem.empty()) return error.problem;
  if (error.code == Errc::unavailable) return "database_unavailable";
  return error.code == Errc::conflict ? "state_conflict" : "internal_error";
}

}  // namespace

void run_operations(JobService& jobs, Database& database, std::atomic<bool> const& stopping) {
  // Nobody else is at them: what runs now was left by a kill or by a database that was away.
  if (auto const queued = store::requeue_operations(database); !queued)
    return spdlog::warn("operations wait for now: {}", queued.error().message);
  while (!stopping) {
    auto const operation = store::begin_operation(database);
    if (!operation) return spdlog::warn("operations wait for now: {}", operation.error().message);
    if (!*operation) return;
    auto const outcome = perform(jobs, database, **operation);
    bool const again = stopping || (*operation)->tries < most_tries;
    if (!outcome && outcome.error().code == Errc::unavailable && again)
      return spdlog::warn("operation {} is begun again later: {}", (*operation)->id, outcome.error().message);
    auto const kept = outcome ? store::finish_operation(database, (*operation)->id, *outcome)
                              : store::fail_operation(database, (*operation)->id, problem_code_of(outcome.error()),
                                                      outcome.error().message);
    if (!kept) return spdlog::warn("operation {} is begun again later: {}", (*operation)->id, kept.error().message);
  }
}

}  // namespace distren

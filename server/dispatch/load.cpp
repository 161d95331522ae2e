#include "server/dispatch/load.h"

#include <spdlog/spdlog.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "server/dispatch/attempt_events.h"
#include "server/dispatch/core.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/points_sync.h"
#include "server/dispatch/slave_events.h"

namespace distren {

namespace {

struct JobRows {
  std::vector<store::RunnableJob> jobs;
  std::vector<store::RunnableTask> tasks;
  std::vector<store::FailedOn> failures;
};

Result<JobRows> read_jobs(Database& database) {
  if (auto const failed = store::fail_stranded_jobs(database); !failed) return failed.error();
  auto jobs = store::load_jobs(database);
  if (!jobs) return jobs.error();
  auto tasks = store::load_tasks(database);
  if (!tasks) return tasks.error();
  auto failures = store::load_failures(database);
  if (!failures) return failures.error();
  return JobRows{std::move(*jobs), std::move(*tasks), std::move(*failures)};
}

void add_jobs(DispatchCore& core, JobRows rows, std::int64_t now) {
  std::unordered_map<std::int64_t, std::vector<store::RunnableTask>> tasks_of;
  std::unordered_map<std::int64_t, std::int64_t> job_of;
  for (auto const& task : rows.tasks) tasks_of[task.job].push_back(task);
  if (!rows.failures.empty()) {
    for (auto const& task : rows.tasks) job_of[task.id] = task.job;
  }
  std::unordered_map<std::int64_t, std::vector<store::FailedOn>> failures_of;
  for (auto const& failure : rows.failures) failures_of[job_of[failure.task]].push_back(failure);
  for (auto& job : rows.jobs) {
    std::int64_t const id = job.id;
    add_job(core, std::move(job), tasks_of[id], failures_of[id], now);
  }
}

}  // namespace

Result<void> load_unfinished_work(DispatchCore& core, Database& database, std::int64_t now) {
  auto rows = read_jobs(database);
  if (!rows) return rows.error();
  auto const leases = store::load_leases(database);
  if (!leases) return leases.error();
  auto const powers = store::list_powers(database, 0);
  if (!powers) return powers.error();
  auto const claims = store::load_claims(database);
  if (!claims) return claims.error();
  auto const held = store::load_held_grants(database);
  if (!held) return held.error();
  auto const points = read_points(database);
  if (!points) return points.error();
  auto const blocks = store::load_blocks(database);
  if (!blocks) return blocks.error();

  std::size_t const jobs = rows->jobs.size();
  std::size_t const tasks = rows->tasks.size();
  for (auto& [slave, of] : blocks_by_slave(*blocks)) change_blocks(core, slave, std::move(of), now);
  add_jobs(core, std::move(*rows), now);
  for (auto const& power : *powers) core.benchmarks.load(power, now);
  for (auto const& claim : *claims) core.grants.load_claim(claim.job, {claim.frame, claim.user, claim.claim});
  for (auto const& one : *held)
    core.grants.load_held(
        one.job, {.attempt = one.attempt, .task = one.task, .frame = one.frame, .user = one.user, .claim = one.claim});
  set_points(core, *points);
  for (auto const& lease : *leases) restore_lease(core, lease, now);
  spdlog::info("dispatcher: jobs={} frames={} leases={} read", jobs, tasks, leases->size());
  return {};
}

}  // namespace distren

#include "server/dispatch/job_table.h"

#include <iterator>

namespace distren {

JobQueue* JobTable::find(std::int64_t job) {
  auto const found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : found->second.get();
}

JobQueue const* JobTable::find(std::int64_t job) const {
  auto const found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : found->second.get();
}

JobQueue const* JobTable::of_task(std::int64_t task) const {
  auto const after = by_first_task_.upper_bound(task);
  if (after == by_first_task_.begin()) return nullptr;
  JobQueue const* const job = std::prev(after)->second;
  return job->owns(task) ? job : nullptr;
}

JobQueue* JobTable::of_task(std::int64_t task) {
  return const_cast<JobQueue*>(std::as_const(*this).of_task(task));
}

JobQueue& JobTable::add(std::unique_ptr<JobQueue> job) {
  auto const& info = job->info();
  std::int64_t const id = info.id;
  if (job->waits()) dependents_.emplace(info.after, id);
  by_first_task_[info.first_task] = job.get();
  return *(jobs_[id] = std::move(job));
}

void JobTable::erase(std::int64_t job) {
  auto const found = jobs_.find(job);
  if (found == jobs_.end()) return;
  auto const& info = found->second->info();
  by_first_task_.erase(info.first_task);
  dependents_.erase({info.after, job});
  ready_.erase(job);
  jobs_.erase(found);
}

std::vector<std::int64_t> JobTable::take_dependents(std::int64_t job) {
  std::vector<std::int64_t> taken;
  auto next = dependents_.lower_bound({job, 0});
  while (next != dependents_.end() && next->first == job) {
    taken.push_back(next->second);
    next = dependents_.erase(next);
  }
  return taken;
}

std::int64_t JobTable::kind_of(store::RunnableJob const& job) {
  auto const [found, added] = kind_numbers_.try_emplace(need_of(job), static_cast<std::int64_t>(kinds_.size()));
  if (added) kinds_.push_back(found->first);
  return found->second;
}

void JobTable::set_ready(std::int64_t job, bool ready) {
  if (ready)
    ready_.insert(job);
  else
    ready_.erase(job);
}

void JobTable::delay(std::int64_t job, std::int64_t task, std::int64_t until_ms) {
  delayed_.emplace(until_ms, std::pair{job, task});
}

std::vector<std::pair<std::int64_t, std::int64_t>> JobTable::take_due(std::int64_t now) {
  std::vector<std::pair<std::int64_t, std::int64_t>> due;
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    due.push_back(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
  }
  return due;
}

}  // namespace distren

// The jobs that have something left to render, and what is known between them: by id, by task, by what they wait for,
// which of them have frames ready, which frames wait for their next try. Dispatcher's thread only. Each operation is
// logarithmic in the jobs. References are good until the job is erased.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/dispatch/job_queue.h"
#include "server/dispatch/renderer_choice.h"
#include "server/store/journal.h"

namespace distren {

class JobTable {
public:
  [[nodiscard]] JobQueue* find(std::int64_t job);
  [[nodiscard]] JobQueue const* find(std::int64_t job) const;
  [[nodiscard]] JobQueue* of_task(std::int64_t task);
  [[nodiscard]] JobQueue const* of_task(std::int64_t task) const;
  [[nodiscard]] auto begin() const { return jobs_.begin(); }
  [[nodiscard]] auto end() const { return jobs_.end(); }

  JobQueue& add(std::unique_ptr<JobQueue> job);  // in place of nobody
  void erase(std::int64_t job);
  // Those that wait for this one's output; they wait no more.
  std::vector<std::int64_t> take_dependents(std::int64_t job);

  // Jobs of one kind need the same renderer: what fits is asked once for all of them.
  std::int64_t kind_of(store::RunnableJob const& job);
  [[nodiscard]] RendererNeed const& kind(std::int64_t kind) const { return kinds_.at(static_cast<std::size_t>(kind)); }

  void set_ready(std::int64_t job, bool ready);  // it is active and has frames to give
  [[nodiscard]] bool any_ready() const { return !ready_.empty(); }

  void delay(std::int64_t job, std::int64_t task, std::int64_t until_ms);
  std::vector<std::pair<std::int64_t, std::int64_t>> take_due(std::int64_t now);  // job, task

private:
  std::map<std::int64_t, std::unique_ptr<JobQueue>> jobs_;
  std::map<std::int64_t, JobQueue*> by_first_task_;             // the tasks of a job are consecutive
  std::set<std::pair<std::int64_t, std::int64_t>> dependents_;  // a job, one that is made of its output
  std::map<RendererNeed, std::int64_t> kind_numbers_;
  std::vector<RendererNeed> kinds_;
  std::set<std::int64_t> ready_;
  std::multimap<std::int64_t, std::pair<std::int64_t, std::int64_t>> delayed_;  // time -> job, task
};

}  // namespace distren

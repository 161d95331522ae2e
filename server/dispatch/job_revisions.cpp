#include "server/dispatch/job_revisions.h"

namespace distren {

bool JobRevisions::learn(store::JobControl const& control) {
  auto const [known, first] = known_.try_emplace(control.job, Known{.control = control});
  if (first) return true;
  if (control.revision <= known->second.control.revision) return false;
  known->second.control = control;
  return true;
}

void JobRevisions::replace(store::JobControl const& control) {
  known_[control.job].control = control;
}

store::JobControl const* JobRevisions::find(std::int64_t job) const {
  auto const known = known_.find(job);
  return known == known_.end() ? nullptr : &known->second.control;
}

bool JobRevisions::ended_since(std::int64_t job, std::int64_t revision) const {
  auto const* const known = find(job);
  return known != nullptr && store::has_ended(known->state) && revision <= known->revision;
}

void JobRevisions::queued(std::int64_t job) {
  if (auto const known = known_.find(job); known != known_.end()) known->second.left_ms = -1;
}

void JobRevisions::left_queue(std::int64_t job, std::int64_t now) {
  auto const known = known_.find(job);
  if (known == known_.end()) return;
  known->second.left_ms = now;
  left_.emplace_back(now, job);
}

void JobRevisions::forget_old(std::int64_t now) {
  while (!left_.empty() && left_.front().first + kept_ms <= now) {
    auto const [when, job] = left_.front();
    left_.pop_front();
    if (auto const known = known_.find(job); known != known_.end() && known->second.left_ms == when)
      known_.erase(known);
  }
}

}  // namespace distren

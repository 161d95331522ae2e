#include "server/dispatch/job_queue.h"

#include <algorithm>

#include "server/dispatch/renderer_choice.h"

namespace distren {

namespace {

// How far to look past tasks that this slave may not have; beyond, the slave waits for the others to take theirs.
constexpr int look_ahead = 64;
constexpr std::size_t memory_kept = 9;
constexpr std::size_t fewest_to_probe = 100;  // a renderer goes from frame to frame faster than it jumps

}  // namespace

JobQueue::JobQueue(store::RunnableJob job, std::vector<store::RunnableTask> const& tasks,
                   std::vector<store::FailedOn> const& failures)
    : info_(std::move(job)) {
  if (auto output = parse_output_spec(info_.output)) output_ = *output;
  std::int64_t last = info_.first_task - 1;
  for (auto const& task : tasks) last = std::max(last, task.id);
  tasks_.resize(static_cast<std::size_t>(last - info_.first_task + 1));
  for (auto const& task : tasks)
    tasks_[index(task.id)] = {task.frame, State::ready, static_cast<std::uint8_t>(std::min(task.failures, 255))};
  ready_ = unfinished_ = static_cast<int>(tasks.size());
  for (auto const& failure : failures) failures_[failure.task].push_back({failure.slave, failure.user});
}

void JobQueue::follow(store::JobControl const& control) {
  if (store::has_ended(control.state)) return;
  info_.state = control.state == store::JobState::active ? "active" : "paused";
  info_.priority = control.priority;
  info_.needs_approval = control.needs_approval;
}

void JobQueue::end_pinning(std::optional<store::JobRenderer> const& renderer) {
  pinning_ = false;
  if (renderer && !info_.renderer.chosen()) info_.renderer = *renderer;
}

bool JobQueue::same_renderer(AttemptTerms const& terms) const {
  return terms.renderer == 0 || terms.renderer == renderer_mark(info_.renderer);
}

void JobQueue::rendered(std::int64_t slave, int memory_mib) {
  rendered_by_.insert(slave);
  if (memory_mib <= 0) return;
  if (memory_seen_.size() == memory_kept) memory_seen_.erase(memory_seen_.begin());
  memory_seen_.push_back(memory_mib);
  std::vector<int> sorted = memory_seen_;
  std::ranges::sort(sorted);
  memory_mib_ = sorted[sorted.size() / 2];
}

bool JobQueue::memory_suffices(std::int64_t slave, int memory_mib) const {
  if (memory_mib <= 0 || memory_mib_ == 0 || rendered_by_.contains(slave)) return true;
  return memory_mib >= memory_mib_ + memory_mib_ / 5;
}

void JobQueue::record_too_long(std::int64_t slave, std::int64_t limit_ms) {
  if (limit_ms > 0) too_long_[slave] = std::max(too_long_[slave], limit_ms);
}

bool JobQueue::too_long_for(std::int64_t slave, std::int64_t limit_ms) const {
  if (too_long_.empty() || limit_ms == 0) return false;
  auto const found = too_long_.find(slave);
  return found != too_long_.end() && limit_ms <= found->second;
}

bool JobQueue::owns(std::int64_t task) const {
  return task >= info_.first_task && index(task) < tasks_.size();
}

bool JobQueue::failed_on(std::int64_t task, std::int64_t slave) const {
  auto const found = failures_.find(task);
  return found != failures_.end() && std::ranges::find(found->second, slave, &Failure::slave) != found->second.end();
}

template <typename Do>
bool JobQueue::each_test(Do what) const {
  auto const tiles = static_cast<std::size_t>(std::max(1, info_.tiles));
  std::size_t const frames = tasks_.size() / tiles;
  std::set<std::size_t> const tests{0, frames / 2, frames - 1};
  for (std::size_t const frame : tests) {
    for (std::size_t at = frame * tiles; at < (frame + 1) * tiles; ++at) {
      if (what(at)) return true;
    }
  }
  return false;
}

int JobQueue::ready() const {
  if (!info_.needs_approval || tasks_.empty()) return ready_;
  int count = 0;
  each_test([this, &count](std::size_t at) {
    if (tasks_[at].state == State::ready) ++count;
    return false;
  });
  return count;
}

bool JobQueue::reopen(std::int64_t task, std::int64_t revision) {
  Task& t = tasks_[index(task)];
  if (t.state != State::done) return false;
  info_.revision = std::max(info_.revision, revision);
  t.state = State::ready;
  t.failures = 0;
  ++ready_;
  ++unfinished_;
  if (index(task) < std::max(next_, next_run_)) returned_.insert(task);
  return true;
}

std::optional<std::int64_t> JobQueue::take(std::int64_t slave) {
  if (info_.needs_approval) return take_next(slave, 1);
  int seen = 0;
  for (std::int64_t const task : returned_) {
    if (++seen > look_ahead) break;
    if (!failed_on(task, slave) && take_this(task)) return task;
  }
  seen = 0;
  for (std::size_t i = next_; i < tasks_.size() && seen <= look_ahead; ++i) {
    if (tasks_[i].state != State::ready) {
      if (i == next_) ++next_;
      continue;
    }
    std::int64_t const task = info_.first_task + static_cast<std::int64_t>(i);
    if (!failed_on(task, slave)) {
      take_this(task);
      return task;
    }
    ++seen;
  }
  return std::nullopt;
}

bool JobQueue::take_at(std::size_t at, std::int64_t slave) {
  std::int64_t const task = info_.first_task + static_cast<std::int64_t>(at);
  return !failed_on(task, slave) && take_this(task);
}

std::optional<std::int64_t> JobQueue::take_next(std::int64_t slave, int run_length) {
  auto const task_at = [this](std::size_t at) { return info_.first_task + static_cast<std::int64_t>(at); };
  if (tasks_.empty()) return std::nullopt;
  if (info_.needs_approval) {
    std::optional<std::int64_t> taken;
    each_test([&](std::size_t at) {
      if (take_at(at, slave)) taken = task_at(at);
      return taken.has_value();
    });
    return taken;
  }
  if (tasks_.size() >= fewest_to_probe) {
    for (std::size_t const probe : {std::size_t{0}, tasks_.size() / 2, tasks_.size() - 1}) {
      if (take_at(probe, slave)) return task_at(probe);
    }
  }
  int seen = 0;
  for (std::int64_t const task : returned_) {
    if (++seen > look_ahead) break;
    if (take_at(index(task), slave)) return task;
  }
  if (auto const own = runs_.find(slave); own != runs_.end()) {
    for (FrameRun& left = own->second; left.next < left.end;) {
      if (std::size_t const at = left.next++; take_at(at, slave)) return task_at(at);
    }
    runs_.erase(own);
  }
  while (next_run_ < tasks_.size() && tasks_[next_run_].state != State::ready) ++next_run_;
  if (next_run_ < tasks_.size() && take_at(next_run_, slave)) {
    std::size_t const at = next_run_;
    next_run_ = std::min(tasks_.size(), at + static_cast<std::size_t>(std::max(run_length, 1)));
    if (next_run_ > at + 1) runs_[slave] = {at + 1, next_run_};
    return task_at(at);
  }
  return take(slave);  // nothing is left but in others' runs
}

bool JobQueue::take_this(std::int64_t task) {
  if (!owns(task) || tasks_[index(task)].state != State::ready) return false;
  tasks_[index(task)].state = State::leased;
  returned_.erase(task);
  --ready_;
  return true;
}

void JobQueue::return_task(std::int64_t task) {
  Task& t = tasks_[index(task)];
  if (t.state != State::leased && t.state != State::delayed) return;
  t.state = State::ready;
  ++ready_;
  if (index(task) < std::max(next_, next_run_)) returned_.insert(task);
}

void JobQueue::delay(std::int64_t task) {
  Task& t = tasks_[index(task)];
  if (t.state == State::leased) t.state = State::delayed;
}

void JobQueue::finish(std::int64_t task) {
  Task& t = tasks_[index(task)];
  if (t.state == State::done) return;
  if (t.state == State::ready) {
    --ready_;
    returned_.erase(task);
  }
  t.state = State::done;
  --unfinished_;
  failures_.erase(task);
}

int JobQueue::record_failure(std::int64_t task, std::int64_t slave, std::int64_t user, bool counts) {
  if (!failed_on(task, slave)) failures_[task].push_back({slave, user});
  Task& t = tasks_[index(task)];
  if (counts && t.failures < 255) ++t.failures;
  return t.failures;
}

bool JobQueue::failed_for(std::int64_t task, std::int64_t user) const {
  auto const found = failures_.find(task);
  return found != failures_.end() && std::ranges::find(found->second, user, &Failure::user) != found->second.end();
}

std::size_t JobQueue::people_failed(std::int64_t task) const {
  auto const found = failures_.find(task);
  if (found == failures_.end()) return 0;
  std::size_t own = 0;
  std::unordered_set<std::int64_t> others;
  for (Failure const& failure : found->second) {
    if (failure.user == 0) continue;
    if (failure.user == info_.user)
      ++own;
    else
      others.insert(failure.user);
  }
  return own + others.size();
}

void JobQueue::forget_failures(std::int64_t task) {
  failures_.erase(task);
}

}  // namespace distren

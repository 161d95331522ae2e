#include "server/dispatch/next_order.h"

#include <algorithm>
#include <utility>

#include "server/dispatch/attempt_events.h"
#include "server/dispatch/benchmark_orders.h"
#include "server/dispatch/core.h"
#include "server/dispatch/eligibility.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/payment.h"

namespace distren {

namespace {

constexpr std::size_t asked_at_once = 200;
constexpr std::int64_t held_ms = 30'000;  // of work, beside what a slave renders

std::string begin_attempt(DispatchCore& core, JobQueue& job, ConnectedSlave const& slave, Attempt attempt,
                          std::optional<PolicyTurn> turn, std::int64_t now) {
  attempt.job = job.info().id;
  attempt.slave = slave.state.id;
  attempt.frame = job.frame(attempt.task);
  if (auto const* const method = method_for(job, slave.state)) attempt.method = *method;
  attempt.terms = terms_of(core, slave.state, attempt.method);
  attempt.terms.boost = core.policy.boost_of(attempt.job);
  attempt.terms.renderer = renderer_mark(job.info().renderer);
  lease_attempt(core, attempt, now, turn);
  Lease const token{attempt.task, attempt.id, attempt.slave, now + core.settings.lease_ms, attempt.terms};
  return order_text(order_of(core, job, now), token, sign_lease(token, core.settings.lease_key),
                    job.place(attempt.task), core.links, core.settings.times);
}

// The first order of a job chooses what renders all of it. Written down before anything is given out, so that neither a
// kill nor a second slave makes it two.
void begin_pinning(DispatchCore& core, JobQueue& job, store::Method const& method) {
  job.begin_pinning();
  core.effects.pin_renderer(job.info().id, method.version, method.build);
}

bool is_measured_for(DispatchCore const& core, JobQueue const& job, SlaveCapabilities const& slave) {
  store::Method const* const method = method_for(job, slave);
  return method != nullptr && core.benchmarks.ready(slave.id, *method);
}

// Beside the frames in its slots a slave holds some, so that it waits for nobody between two of them: one of a job that
// has frames enough for all, more of them while they are short. What is held is not there for others, so a job near its
// end has less and less of it.
bool may_hold(DispatchCore const& core, ConnectedSlave const& slave, JobQueue const& job) {
  std::size_t const in_hand = slave.attempts.size();
  if (static_cast<std::size_t>(job.ready()) < in_hand * core.slaves.size()) return false;
  if (in_hand == static_cast<std::size_t>(slave.state.slots)) return true;
  auto const ms = core.policy.frame_ms(job.info().id, slave.state.id);
  return ms && *ms * static_cast<std::int64_t>(in_hand) / slave.state.slots <= held_ms;
}

}  // namespace

OrderTemplate const& order_of(DispatchCore const& core, JobQueue& job, std::int64_t now) {
  if (!job.order || now - job.order_made_ms > core.settings.link_life_ms / 2) {
    job.order = make_order_template(job.info(), job.output(), core.links, now + core.settings.link_life_ms,
                                    core.renderers.find(job.info().renderer.build));
    job.order_made_ms = now;
  }
  return *job.order;
}

std::optional<std::string> next_order(DispatchCore& core, ConnectedSlave& slave, std::int64_t now) {
  core.backlog.throttled = core.backlog.throttled || core.backlog.unwritten >= unwritten_limit;
  if (core.backlog.throttled) return std::nullopt;
  if (auto const method = core.benchmarks.due(slave.state.id, slave.state.methods, now)) {
    // Alone on the machine, so that it is measured and not its neighbours.
    return slave.attempts.empty() ? benchmark_order(core, slave, *method, now) : std::nullopt;
  }
  std::int64_t attempt_id = 0;
  std::int64_t const slave_id = slave.state.id;
  bool const ahead = static_cast<int>(slave.attempts.size()) >= std::max(1, slave.state.slots);
  PolicySlave const asking{.id = slave_id, .user = slave.state.user, .now_ms = now, .fits = [&](std::int64_t kind) {
                             return kind_suits(core, kind, slave.state);
                           }};
  slave.refused = 0;
  auto const search = core.policy.choose(asking);
  while (auto const candidate = search->next()) {
    JobQueue* const job = core.jobs.find(candidate->job);
    if (job == nullptr || job->pinning() || !job->memory_suffices(slave_id, slave.state.memory_mib)) continue;
    if (!may_take(core, *job, slave.state)) {
      if (slave.refused == 0) slave.refused = candidate->job;
      continue;
    }
    if (ahead && !may_hold(core, slave, *job)) break;  // nobody is served before the one whose turn it is
    store::Method const* const method = method_for(*job, slave.state);
    if (method == nullptr) continue;
    if (!core.benchmarks.ready(slave_id, *method)) {
      // It is fetched and measured for this job, alone on the machine.
      if (!core.benchmarks.may_try(slave_id, *method, now)) continue;
      return slave.attempts.empty() ? benchmark_order(core, slave, *method, now) : std::nullopt;
    }
    if (!job->info().renderer.chosen()) {
      begin_pinning(core, *job, *method);
      continue;
    }
    if (attempt_id == 0) attempt_id = core.effects.next_attempt();
    if (attempt_id == 0) break;  // none reserved yet: the next tick asks again
    auto const task = job->take_next(slave_id, core.policy.run_length(candidate->job, slave_id));
    if (!task) continue;
    auto order = begin_attempt(core, *job, slave, {.id = attempt_id, .task = *task}, candidate->turn, now);
    sync_policy(core, *job);
    return order;
  }
  core.policy.searched(asking, search->outcome());
  if (ahead) return std::nullopt;
  for (std::int64_t const original : core.policy.stragglers(asking)) {
    Attempt const* const first = core.attempts.find(original);
    if (first == nullptr || first->committing()) continue;
    std::int64_t const task = first->task;
    JobQueue* const job = core.jobs.find(first->job);
    if (job == nullptr || !job->active() || job->failed_on(task, slave_id) ||
        !job->memory_suffices(slave_id, slave.state.memory_mib) || !may_take(core, *job, slave.state) ||
        !is_measured_for(core, *job, slave.state))
      continue;
    if (attempt_id == 0) attempt_id = core.effects.next_attempt();
    if (attempt_id == 0) break;
    return begin_attempt(core, *job, slave, {.id = attempt_id, .task = task, .duplicate_of = original}, {}, now);
  }
  return std::nullopt;
}

bool benchmarking(DispatchCore const& core, ConnectedSlave const& slave) {
  return slave.attempts.size() == 1 && core.attempts.at(*slave.attempts.begin()).benchmark;
}

void dispatch(DispatchCore& core, ConnectedSlave& slave, std::int64_t now) {
  if (!slave.greeted) return;
  if (core.faults.resting(slave.state.id, now)) {
    core.slaves.idle.insert(slave.state.id);
    return;
  }
  while (static_cast<int>(slave.attempts.size()) < slave.state.room() && !benchmarking(core, slave)) {
    auto order = next_order(core, slave, now);
    if (!order) {
      if (static_cast<int>(slave.attempts.size()) < slave.state.slots)
        core.slaves.idle.insert(slave.state.id);
      else
        core.slaves.idle.erase(slave.state.id);
      return;
    }
    slave.sink->send(std::move(*order));
  }
  core.slaves.idle.erase(slave.state.id);
}

void dispatch_to_idle(DispatchCore& core, std::int64_t now) {
  if (!core.jobs.any_ready()) return;
  std::vector<std::int64_t> const idle(core.slaves.idle.begin(), core.slaves.idle.end());
  for (std::int64_t const id : idle) {
    if (!core.jobs.any_ready() || core.backlog.throttled) return;
    if (ConnectedSlave* const found = core.slaves.find(id); found != nullptr) dispatch(core, *found, now);
  }
}

void dispatch_some(DispatchCore& core, std::int64_t now) {
  std::vector<std::int64_t> some;
  auto next = core.slaves.idle.upper_bound(core.slaves.last_asked);
  while (some.size() < asked_at_once && some.size() < core.slaves.idle.size()) {
    if (next == core.slaves.idle.end()) next = core.slaves.idle.begin();
    some.push_back(*next++);
  }
  for (std::int64_t const id : some) {
    core.slaves.last_asked = id;
    if (ConnectedSlave* const found = core.slaves.find(id); found != nullptr) dispatch(core, *found, now);
  }
}

}  // namespace distren

// DispatchCore: slaves come, say what they have, get orders and go.
#include <fmt/format.h>

#include <algorithm>

#include "common/protocol/codec.h"
#include "common/protocol/messages.h"
#include "common/render/render_method.h"
#include "server/dispatch/core.h"

namespace distren {

namespace {

// How long a slave that may be dead has for an answer when another instance wants its place.
constexpr std::int64_t probe_ms = 5000;
constexpr std::size_t fed_at_once = 200;
constexpr std::int64_t held_ms = 30'000;  // of work, beside what a slave renders

}  // namespace

Result<void> DispatchCore::admit(std::int64_t id, std::string const& instance, std::shared_ptr<SlaveSink> sink,
                                 std::int64_t now) {
  auto const found = slaves_.find(id);
  // Who has no line is never the one that has.
  bool const another = !sink || (found != slaves_.end() && found->second.instance != instance);
  if (found != slaves_.end() && found->second.sink && another) {
    Slave& other = found->second;
    if (other.probed_ms == 0 || other.heard_ms >= other.probed_ms) {
      // Alive as far as we know: ask it. If it stays silent, the next try of the new one gets the place.
      other.probed_ms = now;
      other.sink->send(protocol::write(protocol::Ping{}));
    }
    if (now - other.probed_ms < probe_ms || other.heard_ms >= other.probed_ms)
      return fail(
          Errc::conflict,
          fmt::format("slave {} is already signed on with this slavekey from another program; make a key of its "
                      "own for each PC (distren slave new)",
                      id));
  }
  Slave& slave = slaves_[id];
  if (slave.sink && slave.sink != sink) slave.sink->close("the same slave signed on again");
  slave.instance = instance;
  slave.sink = std::move(sink);
  slave.state.id = id;
  slave.heard_ms = now;
  slave.probed_ms = 0;
  slave.greeted = false;
  hungry_.erase(id);
  return {};
}

std::vector<std::pair<std::int64_t, std::string>> DispatchCore::hello(SlaveCapabilities const& state,
                                                                      std::int64_t now) {
  Slave& slave = slaves_[state.id];
  powers_.know_hardware(state.id, state.cpu, state.cores);
  slave.state = state;
  slave.heard_ms = now;
  slave.greeted = true;
  effects_.slave_changed(state.id, state.user);
  tell_policy(state, true);

  std::vector<std::pair<std::int64_t, std::string>> unwanted;
  std::set<std::int64_t> held;
  for (auto const& [attempt_id, token] : state.holding) {
    held.insert(attempt_id);
    if (Attempt const* const known = attempts_.find(attempt_id); known != nullptr && known->slave == state.id) {
      slave.attempts.insert(attempt_id);
      continue;
    }
    // Not known: the server restarted before it was journaled, or the lease ran out. The signature says that it was
    // given.
    auto const given = verify_lease(token, settings_.lease_key);
    bool const genuine = given && given->attempt == attempt_id && given->slave == state.id;
    bool const open = after(attempts_.state(attempt_id), AttemptEvent::lease).has_value();
    JobQueue* const job = genuine && open ? job_of(0, given->task) : nullptr;
    if (job == nullptr || job->state(given->task) == JobQueue::State::done) {
      unwanted.emplace_back(attempt_id, "this frame is not wanted any more");
    } else if (job->take_this(given->task)) {
      lease({.id = attempt_id,
             .task = given->task,
             .job = job->info().id,
             .slave = state.id,
             .frame = job->frame(given->task),
             .terms = given->terms},
            now);
      sync_policy(*job);
    }
    // Else another slave has it by now: let both go on, the first to finish counts.
  }
  // What it was given and does not hold any more is lost (the PC was switched off): give it to the next at once.
  std::vector<std::int64_t> lost = attempts_.leased_by(state.id);
  std::erase_if(lost, [&held](std::int64_t id) { return held.contains(id); });
  for (std::int64_t const id : lost) end_early(id, store::Ending::returned, "the slave lost it", now);
  if (slave.sink) {
    for (auto const& [id, reason] : unwanted) cancel_on_slave(state.id, id, reason);
    feed(slave, now);
  }
  if (!lost.empty()) feed_hungry(now);
  return unwanted;
}

Result<std::vector<std::pair<std::int64_t, std::string>>> DispatchCore::hello_without_line(
    SlaveCapabilities const& state, std::int64_t now) {
  if (auto admitted = admit(state.id, "", nullptr, now); !admitted) return admitted.error();
  return hello(state, now);
}

// Its leases stay: it renders on and comes back.
void DispatchCore::gone(std::int64_t id, SlaveSink const* sink) {
  auto const found = slaves_.find(id);
  if (found == slaves_.end() || found->second.sink.get() != sink) return;
  effects_.slave_changed(id, found->second.state.user);
  tell_policy(found->second.state, false);
  slaves_.erase(found);
  hungry_.erase(id);
}

std::int64_t DispatchCore::best_power(SlaveCapabilities const& slave) const {
  std::int64_t power = 1;  // jobs of its slower methods are rare enough to be estimated by the fastest
  for (store::Method const& method : slave.methods) power = std::max(power, powers_.of(slave.id, method).power);
  return power;
}

void DispatchCore::tell_policy(SlaveCapabilities const& slave, bool here) {
  policy_.know_slave({.id = slave.id,
                      .user = slave.user,
                      .power = best_power(slave),
                      .threads = slave.threads(),
                      .slots = here ? std::max(1, slave.slots) : 0,
                      .limit_ms = slave.limit_ms()});
}

void DispatchCore::heard(std::int64_t id, std::int64_t now) {
  if (auto const found = slaves_.find(id); found != slaves_.end()) found->second.heard_ms = now;
}

void DispatchCore::disable(std::int64_t id, std::string const& reason, std::int64_t now) {
  std::vector<std::int64_t> const lost = attempts_.leased_by(id);
  if (auto const found = slaves_.find(id); found != slaves_.end()) {
    if (found->second.sink) found->second.sink->close(reason);
    effects_.slave_changed(id, found->second.state.user);
    tell_policy(found->second.state, false);
    slaves_.erase(found);
    hungry_.erase(id);
  }
  for (std::int64_t const attempt : lost) end_early(attempt, store::Ending::returned, reason, now);
  feed_hungry(now);
}

store::Method const* DispatchCore::suitable(SlaveCapabilities const& slave, std::string const& name,
                                            std::string const& version) {
  auto const found = std::ranges::find_if(slave.methods, [&](store::Method const& method) {
    return method.name == name && compare_versions(method.version, version) >= 0;
  });
  return found == slave.methods.end() ? nullptr : &*found;
}

bool DispatchCore::fits(JobQueue const& job, SlaveCapabilities const& slave) const {
  return suitable(slave, job.info().method, job.info().version) != nullptr;
}

bool DispatchCore::kind_fits(std::int64_t kind, SlaveCapabilities const& slave) const {
  auto const& [name, version] = kinds_.at(static_cast<std::size_t>(kind));
  store::Method const* const method = suitable(slave, name, version);
  return method != nullptr && powers_.ready(slave.id, *method);
}

bool DispatchCore::another_fits(JobQueue const& job, std::int64_t task, std::int64_t not_slave) const {
  return std::ranges::any_of(slaves_, [&](auto const& slave) {
    return slave.first != not_slave && slave.second.state.slots > 0 && fits(job, slave.second.state) &&
           job.memory_suffices(slave.first, slave.second.state.memory_mib) && !job.failed_on(task, slave.first) &&
           may_have(job, slave.second.state);
  });
}

std::string DispatchCore::start(JobQueue& job, Slave const& slave, Attempt attempt, std::int64_t now) {
  if (!job.order || now - job.order_made_ms > settings_.link_life_ms / 2) {
    job.order = make_order_template(job.info(), job.output(), links_);
    job.order_made_ms = now;
  }
  attempt.job = job.info().id;
  attempt.slave = slave.state.id;
  attempt.frame = job.frame(attempt.task);
  if (auto const* const method = suitable(slave.state, job.info().method, job.info().version)) attempt.method = *method;
  attempt.terms = terms_of(slave.state, attempt.method);
  attempt.terms.boost = policy_.boost_of(attempt.job);
  lease(attempt, now);
  Lease const token{attempt.task, attempt.id, attempt.slave, now + settings_.lease_ms, attempt.terms};
  return order_text(*job.order, token, sign_lease(token, settings_.lease_key), attempt.job, job.place(attempt.task),
                    links_, settings_.times);
}

// Beside the frames in its slots a slave holds some, so that it waits for nobody between two of them: one of a job that
// has frames enough for all, more of them while they are short. What is held is not there for others, so a job near its
// end has less and less of it.
bool DispatchCore::may_hold(Slave const& slave, JobQueue const& job) const {
  std::size_t const in_hand = slave.attempts.size();
  if (static_cast<std::size_t>(job.ready()) < in_hand * slaves_.size()) return false;
  if (in_hand == static_cast<std::size_t>(slave.state.slots)) return true;
  auto const ms = policy_.frame_ms(job.info().id, slave.state.id);
  return ms && *ms * static_cast<std::int64_t>(in_hand) / slave.state.slots <= held_ms;
}

std::optional<std::string> DispatchCore::give(Slave& slave, std::int64_t now) {
  throttled_ = throttled_ || writing_ >= writing_limit;
  if (throttled_) return std::nullopt;
  if (auto const method = powers_.due(slave.state.id, slave.state.methods, now)) {
    // Alone on the machine, so that it is measured and not its neighbours.
    return slave.attempts.empty() ? give_benchmark(slave, *method, now) : std::nullopt;
  }
  std::optional<std::string> order;
  std::int64_t attempt_id = 0;
  std::int64_t const slave_id = slave.state.id;
  bool const ahead = static_cast<int>(slave.attempts.size()) >= std::max(1, slave.state.slots);
  PolicySlave const asking{.id = slave_id, .user = slave.state.user, .now_ms = now, .fits = [&](std::int64_t kind) {
                             return kind_fits(kind, slave.state);
                           }};
  slave.refused = 0;
  policy_.choose(asking, [&](std::int64_t job_id) {
    JobQueue* const job = find_job(job_id);
    if (job == nullptr || !job->memory_suffices(slave_id, slave.state.memory_mib)) return false;
    if (!may_have(*job, slave.state)) {
      if (slave.refused == 0) slave.refused = job_id;
      return false;
    }
    if (ahead && !may_hold(slave, *job)) return true;  // nobody is served before the one whose turn it is
    if (attempt_id == 0) attempt_id = effects_.next_attempt();
    if (attempt_id == 0) return true;  // none reserved yet: the next tick asks again
    auto const task = job->take_next(slave_id, policy_.block(job_id, slave_id));
    if (!task) return false;
    order = start(*job, slave, {.id = attempt_id, .task = *task}, now);
    sync_policy(*job);
    return true;
  });
  if (order || ahead) return order;
  policy_.copy(asking, [&](std::int64_t original) {
    Attempt const* const first = attempts_.find(original);
    if (first == nullptr || first->committing()) return false;
    std::int64_t const task = first->task;
    JobQueue* const job = find_job(first->job);
    if (job == nullptr || !job->active() || job->failed_on(task, slave_id) ||
        !job->memory_suffices(slave_id, slave.state.memory_mib) || !may_have(*job, slave.state))
      return false;
    if (attempt_id == 0) attempt_id = effects_.next_attempt();
    if (attempt_id == 0) return true;
    order = start(*job, slave, {.id = attempt_id, .task = task, .copy_of = original}, now);
    return true;
  });
  return order;
}

void DispatchCore::feed(Slave& slave, std::int64_t now) {
  if (!slave.greeted || !slave.sink) return;
  while (static_cast<int>(slave.attempts.size()) < slave.state.room() && !benchmarking(slave)) {
    auto order = give(slave, now);
    if (!order) {
      if (static_cast<int>(slave.attempts.size()) < slave.state.slots)
        hungry_.insert(slave.state.id);
      else
        hungry_.erase(slave.state.id);
      return;
    }
    slave.sink->send(std::move(*order));
  }
  hungry_.erase(slave.state.id);
}

bool DispatchCore::benchmarking(Slave const& slave) const {
  return slave.attempts.size() == 1 && attempts_.at(*slave.attempts.begin()).benchmark;
}

void DispatchCore::feed_hungry(std::int64_t now) {
  if (ready_jobs_.empty()) return;
  std::vector<std::int64_t> const hungry(hungry_.begin(), hungry_.end());
  for (std::int64_t const id : hungry) {
    if (ready_jobs_.empty() || throttled_) return;
    if (auto const found = slaves_.find(id); found != slaves_.end()) feed(found->second, now);
  }
}

void DispatchCore::feed_some(std::int64_t now) {
  std::vector<std::int64_t> some;
  auto next = hungry_.upper_bound(fed_);
  while (some.size() < fed_at_once && some.size() < hungry_.size()) {
    if (next == hungry_.end()) next = hungry_.begin();
    some.push_back(*next++);
  }
  for (std::int64_t const id : some) {
    fed_ = id;
    if (auto const found = slaves_.find(id); found != slaves_.end()) feed(found->second, now);
  }
}

std::optional<std::string> DispatchCore::order_for(std::int64_t id, std::int64_t now) {
  auto const found = slaves_.find(id);
  if (found == slaves_.end() || found->second.sink) return std::nullopt;
  found->second.heard_ms = now;
  if (static_cast<int>(found->second.attempts.size()) >= std::max(1, found->second.state.slots) ||
      benchmarking(found->second))
    return std::nullopt;
  return give(found->second, now);
}

std::optional<std::string> DispatchCore::progress(std::int64_t slave, std::int64_t id, double fraction,
                                                  std::int64_t now) {
  heard(slave, now);
  Attempt* const found = attempts_.find(id);
  if (found == nullptr || found->slave != slave) {
    cancel_on_slave(slave, id, "this frame is not wanted any more");
    return protocol::write(protocol::Cancel{id, "this frame is not wanted any more"});
  }
  Attempt& attempt = *found;
  attempt.fraction = std::clamp(fraction, 0.0, 1.0);
  if (JobQueue const* const job = attempt.benchmark ? nullptr : find_job(attempt.job); job != nullptr) {
    FrameUpdate rendering = news(*job, attempt.task, "leased", slave);
    rendering.fraction = attempt.fraction;
    effects_.frame_changed(rendering);
    slave_changed(slave);
  }
  attempt.expires_ms = now + settings_.lease_ms;
  if (!attempt.benchmark && attempt.journaled_ms - now < settings_.lease_ms / 2) {
    // The journal's expiry lags: write it again now and then, not with every sign of progress.
    attempt.journaled_ms = attempt.expires_ms;
    effects_.journal_lease({attempt.id, attempt.task, attempt.slave, attempt.expires_ms});
  }
  return std::nullopt;
}

void DispatchCore::cancel_on_slave(std::int64_t slave, std::int64_t attempt, std::string const& reason) {
  auto const found = slaves_.find(slave);
  if (found == slaves_.end() || !found->second.sink) return;
  found->second.sink->send(protocol::write(protocol::Cancel{attempt, reason}));
}

}  // namespace distren

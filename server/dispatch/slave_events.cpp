#include "server/dispatch/slave_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/protocol/codec.h"
#include "common/protocol/messages.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/core.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/result_events.h"
#include "server/dispatch/status.h"

namespace distren {

namespace {

// How long a slave that may be dead has for an answer when another instance wants its place.
constexpr std::int64_t probe_ms = 5000;

}  // namespace

Result<void> admit_slave(DispatchCore& core, std::int64_t id, std::string const& instance,
                         std::shared_ptr<SlaveSink> sink, std::int64_t now) {
  ConnectedSlave* const found = core.slaves.find(id);
  if (found != nullptr && found->instance != instance) {
    ConnectedSlave& other = *found;
    if (other.probed_ms == 0 || other.seen_ms >= other.probed_ms) {
      // Alive as far as we know: ask it. If it stays silent, the next try of the new one gets the place.
      other.probed_ms = now;
      other.sink->send(protocol::write(protocol::Ping{}));
    }
    if (now - other.probed_ms < probe_ms || other.seen_ms >= other.probed_ms)
      return fail(Errc::conflict,
                  fmt::format("slavekey of slave {} in use by another running slave; create one slave per PC with: "
                              "distren slave create NAME",
                              id),
                  "slave_online_elsewhere");
  }
  ConnectedSlave& slave = core.slaves.add(id);
  if (slave.sink && slave.sink != sink)
    slave.sink->close({.code = "replaced", .message = "the same slave signed on again"});
  slave.instance = instance;
  slave.sink = std::move(sink);
  slave.session = ++core.slaves.latest_session;
  slave.state.id = id;
  slave.seen_ms = now;
  slave.probed_ms = 0;
  slave.greeted = slave.takes_renderers = false;
  core.slaves.idle.erase(id);
  return {};
}

bool is_connected(DispatchCore const& core, std::int64_t slave, SlaveSink const* sink) {
  ConnectedSlave const* const found = core.slaves.find(slave);
  return found != nullptr && sink != nullptr && found->sink.get() == sink;
}

void slave_announced(DispatchCore& core, SlaveCapabilities const& state, std::int64_t now) {
  ConnectedSlave* const found = core.slaves.find(state.id);
  if (found == nullptr) return;  // nobody signed on
  ConnectedSlave& slave = *found;
  core.benchmarks.set_hardware(state.id, state.cpu, state.cores);
  slave.state = state;
  slave.seen_ms = now;
  if (!std::exchange(slave.greeted, true)) send_renderers(core, slave);
  core.effects.slave_changed(state.id, state.user);
  sync_capacity(core, state, true);

  std::vector<std::int64_t> unwanted;
  std::set<std::int64_t> held;
  for (auto const& [attempt_id, token] : state.holding) {
    held.insert(attempt_id);
    if (Attempt* const known = core.attempts.find(attempt_id); known != nullptr && known->slave == state.id) {
      slave.attempts.insert(attempt_id);
      name_attempt(core, *known, now);  // its connection was away, perhaps for most of the lease
      continue;
    }
    // Not known: the server restarted before it was journaled, or the lease ran out. The signature says that it was
    // given.
    auto const given = verify_lease(token, core.settings.lease_key);
    bool const genuine = given && given->attempt == attempt_id && given->slave == state.id;
    bool const open = after(core.attempts.state(attempt_id), AttemptEvent::lease).has_value();
    JobQueue* const job = genuine && open ? job_of(core, 0, given->task) : nullptr;
    if (job == nullptr || job->state(given->task) == JobQueue::State::done || !job->same_renderer(given->terms)) {
      unwanted.push_back(attempt_id);
    } else if (job->take_this(given->task)) {
      lease_attempt(core,
                    {.id = attempt_id,
                     .task = given->task,
                     .job = job->info().id,
                     .slave = state.id,
                     .frame = job->frame(given->task),
                     .named = true,
                     .terms = given->terms},
                    now);
      sync_policy(core, *job);
    }
    // Else another slave has it by now: let both go on, the first to finish counts.
  }
  // What it was given and does not hold any more is lost (the PC was switched off): give it to the next at once. An
  // order of this session that it has not named yet may be on its way.
  std::vector<std::int64_t> lost = core.attempts.leased_by(state.id);
  std::erase_if(lost, [&](std::int64_t id) {
    return held.contains(id) || leave_out(core, *core.attempts.find(id), slave.session, now);
  });
  for (std::int64_t const id : lost) end_lost_attempt(core, id, "the slave lost it", now);
  for (std::int64_t const id : unwanted)
    cancel_on_slave(core, state.id, id, "not_wanted", "this frame is not wanted any more");
  dispatch(core, slave, now);
  if (!lost.empty()) dispatch_to_idle(core, now);
}

// Its leases stay: it renders on and comes back.
void slave_disconnected(DispatchCore& core, std::int64_t id, SlaveSink const* sink) {
  ConnectedSlave* const found = core.slaves.find(id);
  if (found == nullptr || found->sink.get() != sink) return;
  core.effects.slave_changed(id, found->state.user);
  sync_capacity(core, found->state, false);
  core.slaves.erase(id);
}

void slave_seen(DispatchCore& core, std::int64_t id, std::int64_t now) {
  if (ConnectedSlave* const found = core.slaves.find(id); found != nullptr) found->seen_ms = now;
}

void disable_slave(DispatchCore& core, std::int64_t id, std::string const& reason, std::int64_t now) {
  std::vector<std::int64_t> const lost = core.attempts.leased_by(id);
  if (ConnectedSlave* const found = core.slaves.find(id); found != nullptr) {
    found->sink->close({.code = "slave_disabled", .message = reason});
    core.effects.slave_changed(id, found->state.user);
    sync_capacity(core, found->state, false);
    core.slaves.erase(id);
  }
  for (std::int64_t const attempt : lost) end_attempt(core, attempt, store::Outcome::returned, reason, now);
  dispatch_to_idle(core, now);
}

void disable_slave(Dispatcher& dispatcher, std::int64_t id, std::string reason) {
  dispatcher.tell(
      [id, reason = std::move(reason)](DispatchCore& core, std::int64_t now) { disable_slave(core, id, reason, now); });
}

void change_blocks(DispatchCore& core, std::int64_t slave, Blocks blocks, std::int64_t now) {
  if (blocks.empty())
    core.slaves.owner_blocks.erase(slave);
  else
    core.slaves.owner_blocks[slave] = std::move(blocks);
  if (ConnectedSlave* const found = core.slaves.find(slave); found != nullptr) dispatch(core, *found, now);
}

void send_to_slave(DispatchCore& core, std::int64_t slave, std::string line) {
  if (ConnectedSlave* const found = core.slaves.find(slave); found != nullptr && found->greeted)
    found->sink->send(std::move(line));
}

void cancel_on_slave(DispatchCore& core, std::int64_t slave, std::int64_t attempt, std::string_view code,
                     std::string const& message) {
  ConnectedSlave* const found = core.slaves.find(slave);
  if (found == nullptr) return;
  found->sink->send(protocol::write(protocol::Cancel{{attempt}, std::string(code), message}));
}

void sync_capacity(DispatchCore& core, SlaveCapabilities const& slave, bool here) {
  core.policy.set_slave({.id = slave.id,
                         .user = slave.user,
                         .power = best_power(core, slave),
                         .threads = slave.threads(),
                         .slots = here ? std::max(1, slave.slots) : 0,
                         .limit_ms = slave.max_frame_ms});
}

}  // namespace distren

#include "server/dispatch/refresh.h"

#include "common/protocol/codec.h"
#include "common/protocol/order.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/benchmark_orders.h"
#include "server/dispatch/core.h"
#include "server/dispatch/lease.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/result_events.h"
#include "server/dispatch/slave_events.h"

namespace distren {

std::string refreshed_order(DispatchCore& core, std::int64_t slave, protocol::Refresh const& asked, std::int64_t now) {
  slave_seen(core, slave, now);
  auto const lease = verify_lease(asked.lease, core.settings.lease_key);
  bool const genuine = lease && lease->attempt == asked.attempt && lease->slave == slave;
  Attempt* const attempt = genuine ? core.attempts.find(asked.attempt) : nullptr;
  if (attempt != nullptr && !attempt->committing()) name_attempt(core, *attempt, now);
  if (attempt != nullptr && attempt->benchmark)
    return benchmark_text(core, *attempt, *lease, asked.lease, OrderUse::update, now);
  JobQueue* const job = genuine ? job_of(core, asked.attempt, lease->task) : nullptr;
  bool const open = job != nullptr && core.attempts.state(asked.attempt) != AttemptState::ended &&
                    job->owns(lease->task) && job->state(lease->task) != JobQueue::State::done;
  if (!open)
    return protocol::write(protocol::Cancel{{asked.attempt}, "not_wanted", "this frame is not wanted any more"});
  return order_text(order_of(core, *job, now), *lease, asked.lease, job->place(lease->task), core.links,
                    core.settings.times, OrderUse::update);
}

}  // namespace distren

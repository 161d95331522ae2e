#include "server/dispatch/tick.h"

#include <vector>

#include "server/dispatch/attempt_events.h"
#include "server/dispatch/core.h"
#include "server/dispatch/eligibility.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/slave_events.h"

namespace distren {

void tick(DispatchCore& core, std::int64_t now) {
  std::vector<std::int64_t> expired;
  for (auto const& [id, attempt] : core.attempts) {
    if (!attempt.committing() && attempt.expires_ms <= now) expired.push_back(id);
  }
  for (std::int64_t const id : expired) {
    if (core.attempts.at(id).left_out) {
      end_lost_attempt(core, id, "the slave did not receive it", now);
      continue;
    }
    cancel_on_slave(core, core.attempts.at(id).slave, id, "lease_expired",
                    "nothing was heard of this frame for too long");
    end_attempt(core, id, store::Outcome::expired, "nothing was heard of it for too long", now);
  }
  for (auto const& [job_id, task] : core.jobs.take_due(now)) {
    JobQueue* const job = core.jobs.find(job_id);
    if (job == nullptr || !job->owns(task) || job->state(task) != JobQueue::State::delayed) continue;
    if (!another_can_render(core, *job, task, 0))
      job->forget_failures(task);  // nobody new is there: it may go where it failed
    job->return_task(task);
    sync_policy(core, *job);
  }
  core.logs.expire(now);
  core.revisions.forget_old(now);
  dispatch_some(core, now);
  dispatch_to_idle(core, now);
}

}  // namespace distren

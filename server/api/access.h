// The things that a path names, if the caller may touch them: his own, or as a moderator anybody's. Others' things read
// like things that are not there. Called by handlers, on a worker thread. Errors: not_found.
#pragma once

#include "server/api/router.h"
#include "server/store/jobs.h"
#include "server/store/shots.h"
#include "server/store/slaves.h"

namespace distren {

// By the path's first number.
Result<store::Job> find_accessible_job(Context& context);
Result<store::Slave> find_accessible_slave(Context& context);
Result<store::Project> find_accessible_project(Context& context);
Result<store::Shot> find_accessible_shot(Context& context);

struct TaskOfJob {
  std::int64_t task = 0;
  store::Job job;
};
Result<TaskOfJob> find_accessible_task(Context& context);

// Tells open pages what a slave is now, after somebody changed it (slaves.cpp).
void publish_slave(Context const& context, std::int64_t slave);

}  // namespace distren

// The things that a path names, if the caller may touch them: his own, or as a moderator anybody's. Others' things read
// like things that are not there. Called by handlers, on a worker thread. Errors: not_found.
#pragma once

#include "server/api/router.h"
#include "server/store/jobs.h"
#include "server/store/shots.h"
#include "server/store/slaves.h"

namespace distren {

Result<store::Job> find_accessible_job(Context& context);          // at {id}
Result<store::Slave> find_accessible_slave(Context& context);      // at {id}
Result<store::Project> find_accessible_project(Context& context);  // at {id}
Result<store::Shot> find_accessible_shot(Context& context);        // at {id}

}  // namespace distren

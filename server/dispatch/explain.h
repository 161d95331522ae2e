// Why a job waits or gets what it gets, why a slave idles or renders what it renders. Walks slaves and users: for
// people, not for each order. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "server/dispatch/renderer_choice.h"
#include "server/dispatch/statuses.h"

namespace distren {

struct DispatchCore;
class JobQueue;

// Whether any slave here has what a job needs, or may fetch it: asked once for all jobs of a page.
using MethodsHere = std::map<RendererNeed, bool>;
bool any_can_render(DispatchCore const& core, JobQueue const& job, MethodsHere& methods);
Explanation explain_job(DispatchCore const& core, std::int64_t id, MethodsHere& methods);
Explanation explain_job(DispatchCore const& core, std::int64_t id);
Explanation explain_slave(DispatchCore const& core, std::int64_t id);

}  // namespace distren

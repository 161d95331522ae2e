// Why a job waits or gets what it gets, why a slave idles or renders what it renders. Walks slaves and users: for
// people, not for each order. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "server/dispatch/statuses.h"

namespace distren {

struct DispatchCore;

// Whether any slave here has a method in this version or newer: asked once for all jobs of a page.
using MethodsHere = std::map<std::pair<std::string, std::string>, bool>;
Explanation explain_job(DispatchCore const& core, std::int64_t id, MethodsHere& methods);
Explanation explain_job(DispatchCore const& core, std::int64_t id);
Explanation explain_slave(DispatchCore const& core, std::int64_t id);

}  // namespace distren

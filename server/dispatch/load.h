// The start of the dispatcher: unfinished work, leases, powers, grants and points are read from the database into an
// empty core. Before its thread runs. Fails like the database, with unavailable; the core is useless then. now: UNIX
// ms.
#pragma once

#include <cstdint>

#include "common/base/result.h"

namespace distren {

class Database;
struct DispatchCore;

Result<void> load_unfinished_work(DispatchCore& core, Database& database, std::int64_t now);

}  // namespace distren

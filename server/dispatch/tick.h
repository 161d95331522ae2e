// What time alone changes. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>

namespace distren {

struct DispatchCore;

// Each second: expired leases, frames whose pause is over, silent slaves, idle slaves.
void tick(DispatchCore& core, std::int64_t now);

}  // namespace distren

// Who may render what. Pure questions; nothing here changes anything. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/dispatch/core.h"

namespace distren {

// What it renders this job with; nullptr: it cannot.
store::Method const* method_for(JobQueue const& job, SlaveCapabilities const& slave);
bool can_render(JobQueue const& job, SlaveCapabilities const& slave);
// Jobs of this kind may be offered to it: it has the renderer and has measured it, or may fetch it.
bool kind_suits(DispatchCore const& core, std::int64_t kind, SlaveCapabilities const& slave);
// A slave that is here could take this task.
bool another_can_render(DispatchCore const& core, JobQueue const& job, std::int64_t task, std::int64_t not_slave);
// Neither blocked nor too long for it.
bool may_take(DispatchCore const& core, JobQueue const& job, SlaveCapabilities const& slave);
// Why not, for people.
std::optional<Explanation> refusal(DispatchCore const& core, JobQueue const& job, SlaveCapabilities const& slave);

}  // namespace distren

// What runs, what waits, who is there: questions that change nothing. Those with a core: dispatcher's thread only.
// Times are UNIX ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/dispatch/statuses.h"

namespace distren {

class Dispatcher;
class JobQueue;
struct Attempt;
struct DispatchCore;
struct FrameUpdate;
struct SlaveCapabilities;

JobStatus job_status(DispatchCore const& core, std::int64_t id);
// Of one; any thread. Empty values when the server is stopping.
JobStatus job_status_of(Dispatcher& dispatcher, std::int64_t job);
SlaveStatus slave_status_of(Dispatcher& dispatcher, std::int64_t slave);
// Of a page, in this order: what many of its jobs wait for is found out once.
std::vector<JobStatus> job_statuses(DispatchCore const& core, std::vector<std::int64_t> const& jobs, std::int64_t now);
std::vector<SlaveStatus> slave_statuses(DispatchCore const& core, std::vector<std::int64_t> const& slaves);
// When the job will be done and how many jobs come before it, if more_escrow millipoints were added to its boost.
// Nothing: it has nothing left, or nobody can say.
std::optional<Forecast> forecast(DispatchCore const& core, std::int64_t job, std::int64_t more_escrow,
                                 std::int64_t now);
// Without why it waits.
JobStatus job_progress(DispatchCore const& core, std::int64_t id);
TaskPhase phase_of(Attempt const& attempt);
// Tasks that slaves have; of those that two have, the attempt that is further.
std::vector<std::pair<std::int64_t, TaskStatus>> task_statuses(DispatchCore const& core, std::int64_t id);
GridStatus grid_status(DispatchCore const& core);
GridStatus grid_status(Dispatcher& dispatcher);  // any thread
// Whether a slave that is here has the method, in this version or a newer one; nothing: no slave is here. Any thread.
std::optional<bool> is_offered(Dispatcher& dispatcher, std::string const& method, std::string const& version);
// By user; who has nothing is left out.
std::vector<UserStatus> user_statuses(DispatchCore const& core);
std::vector<std::int64_t> slaves_online(DispatchCore const& core);
std::vector<CurrentTask> current_tasks(DispatchCore const& core, std::int64_t id);
// 0: the slave is not here.
std::int64_t owner_of(DispatchCore const& core, std::int64_t slave);
FrameUpdate frame_update(DispatchCore const& core, JobQueue const& job, std::int64_t task, std::string_view state,
                         std::int64_t slave);
void slave_changed(DispatchCore& core, std::int64_t slave);
// Of one core with its fastest method; thousandths of a reference core.
std::int64_t best_power(DispatchCore const& core, SlaveCapabilities const& slave);
// Of all cores that it lends now.
std::int64_t total_power(DispatchCore const& core, SlaveCapabilities const& slave);

}  // namespace distren

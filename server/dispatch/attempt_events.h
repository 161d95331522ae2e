// What happens to attempts beside their results: given, renewed, taken away. States: attempt_state.h. Dispatcher's
// thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/dispatch/attempt_state.h"
#include "server/dispatch/policy.h"
#include "server/store/journal.h"

namespace distren {

namespace protocol {
struct AttemptProgress;
}

class JobQueue;
struct Attempt;
struct DispatchCore;

// Its task is leased already.
Attempt& add_attempt(DispatchCore& core, JobQueue& job, Attempt attempt);
// Gives it to its slave, and writes the lease down.
void lease_attempt(DispatchCore& core, Attempt attempt, std::int64_t now, std::optional<PolicyTurn> turn = {});
// At the start, after the jobs.
void restore_lease(DispatchCore& core, store::LiveLease const& lease, std::int64_t now);
// It is out no longer. Its task stays as it is.
void remove_attempt(DispatchCore& core, std::int64_t id, AttemptEvent event = AttemptEvent::end);
// It ends without a word from its slave: expired, lost, taken away. Its task is ready again.
void end_attempt(DispatchCore& core, std::int64_t id, store::Outcome outcome, std::string const& reason,
                 std::int64_t now);
// The same, as its slave does not have it. An order of this session that it never named may wait to be fetched over
// HTTPS: its cancel follows it there.
void end_lost_attempt(DispatchCore& core, std::int64_t id, std::string const& reason, std::int64_t now);
// The same, if it is out with this slave; it is given to the next.
void return_attempt(DispatchCore& core, std::int64_t slave, std::int64_t id, std::string const& reason,
                    std::int64_t now);
// Its slave has it and was heard: the lease begins anew.
// Its slave says that it has it: what is left out of an announce later is lost.
void name_attempt(DispatchCore& core, Attempt& attempt, std::int64_t now);
// An announce of its slave, in this session, does not name it. True: the order may be on its way, a heartbeat from when
// it was sent; its slave names it meanwhile, or it ends.
bool leave_out(DispatchCore const& core, Attempt& attempt, std::uint64_t session, std::int64_t now);
void renew_lease(DispatchCore& core, Attempt& attempt, std::int64_t now);
// A sign of progress renews its lease; it is cancelled when it is not wanted any more.
void report_progress(DispatchCore& core, std::int64_t slave, protocol::AttemptProgress const& progress,
                     std::int64_t now);

}  // namespace distren

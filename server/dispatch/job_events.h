// What happens to jobs. The caller has committed the change to the database first and hands over the values.
// Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/store/jobs.h"
#include "server/store/journal.h"

namespace distren {

class JobQueue;
struct DispatchCore;

// After any change of a job: the policy knows exactly the jobs that have something to give.
void sync_policy(DispatchCore& core, JobQueue const& job);
void drop_job(DispatchCore& core, JobQueue const& job, std::string const& reason);
void follow(DispatchCore& core, JobQueue& job, store::JobControl const& control, std::int64_t now);
void add_job(DispatchCore& core, store::RunnableJob job, std::vector<store::RunnableTask> const& tasks,
             std::vector<store::FailedOn> const& failures, std::int64_t now);
void change_job(DispatchCore& core, store::JobControl const& control, std::int64_t now);
// Its row says what renders it from now on; nothing: it could not be written.
void renderer_pinned(DispatchCore& core, std::int64_t id, std::optional<store::JobRenderer> const& renderer,
                     std::int64_t now);
void remove_job(DispatchCore& core, std::int64_t id, std::int64_t revision, std::string const& reason,
                std::int64_t now);
// false: the job is not here, or this frame of it is at work.
bool reopen_task(DispatchCore& core, store::JobControl const& control, std::int64_t task, std::int64_t now);
// All of it is accepted: what is made of its output may begin.
void job_finished(DispatchCore& core, std::int64_t id, std::int64_t revision, std::int64_t now);
void forget_job_if_done(DispatchCore& core, std::int64_t id, std::int64_t now);

}  // namespace distren

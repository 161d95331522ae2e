// Watches a job until it ends, with a progress bar. The session's thread.
#pragma once

#include <string>

#include "client/context.h"
#include "client/progress.h"

namespace distren::client {

// One line about a job for a progress bar: frames, slaves, rate and time left; why nothing is rendered, if so.
std::string progress_text(Json const& job, Rate const& rate);

bool has_ended(Json const& job);

// The job as it ended. A server that does not answer for `patience` is unavailable; ctrl-C is unavailable too, with
// `interrupted` set, and leaves the job running.
Result<Json> watch_job(Session& session, std::string const& id,
                       std::chrono::seconds patience = std::chrono::minutes(15));

// The exit code that a watched job deserves, after telling how it ended.
int conclude(Json const& job);

// After ctrl-C: says that the job goes on without this program, and how to see it again.
int keep_running(std::string const& id);

}  // namespace distren::client

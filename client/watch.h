// Watches a job until it ends, with a progress bar. The session's thread.
#pragma once

#include <string>

#include "client/context.h"
#include "client/progress.h"

namespace distren::client {

// One line about a job for a progress bar: frames, slaves, rate and remaining time; if nothing is rendering, why.
std::string progress_text(Json const& job, Rate const& rate);

bool has_ended(Json const& job);
bool in_tiles(Json const& job);
// Frames that slaves have, whatever they do with them.
std::int64_t rendering_count(Json const& job);

// Paused, and not by its owner: it does not go on by itself.
bool is_stopped(Json const& job);

// Returns the job after it has ended or is stopped; where it waits for another whose output it is made of and that is
// stopped, that one. Errors: unavailable when the server does not answer for `patience`, and after
// ctrl-C, with `interrupted` set; the job keeps running.
Result<Json> watch_job(Session& session, std::string const& id,
                       std::chrono::seconds patience = std::chrono::minutes(15));

// One of what the renderers warned of, with how often: of a job in how many frames, of a frame how many times.
std::string warning_text(Json const& warning, bool in_tiles = false);

// Prints the job's outcome and what its renderers warned of; returns its exit code.
int conclude(Context const& context, Json const& job);

// After ctrl-C: reports that the job keeps running, and how to follow it.
int keep_running(Context const& context, std::string const& id);

}  // namespace distren::client

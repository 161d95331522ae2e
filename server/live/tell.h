// What handlers changed, told to the open pages. Called on a worker thread, after the commit.
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "server/live/hub.h"

namespace distren {

void tell_job(LiveHub& live, nlohmann::json const& job);  // as the API shows it
void tell_job_gone(LiveHub& live, std::int64_t job, std::int64_t user);
void tell_job_made(LiveHub& live, std::int64_t job, std::int64_t user);
void tell_points(LiveHub& live, std::int64_t user);                         // its balance is another
void tell_notification(LiveHub& live, std::int64_t user);                   // there is one for its browser
void tell_project(LiveHub& live, std::int64_t project, std::int64_t user);  // it is new, or its shots are different
// Something of it is different, its page should ask.
void tell_slave_changed(LiveHub& live, std::int64_t slave, std::int64_t user);

}  // namespace distren

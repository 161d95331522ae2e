// What handlers changed, told to the open pages. Called on a worker thread, after the commit.
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "server/live/event_broker.h"

namespace distren {

void tell_job(EventBroker& live, nlohmann::json const& job);  // as the API shows it
void tell_job_gone(EventBroker& live, std::int64_t job, std::int64_t user);
void tell_job_made(EventBroker& live, std::int64_t job, std::int64_t user);
void tell_points(EventBroker& live, std::int64_t user);                         // its balance is another
void tell_notification(EventBroker& live, std::int64_t user);                   // there is one for its browser
void tell_project(EventBroker& live, std::int64_t project, std::int64_t user);  // it is new, or its shots are different
// Something of it is different, its page should ask.
void tell_slave_changed(EventBroker& live, std::int64_t slave, std::int64_t user);

}  // namespace distren

// Publishes what handlers changed to open pages. Thread: a worker, after the commit.
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "server/live/event_broker.h"

namespace distren {

void publish_job(EventBroker& live, nlohmann::json const& job);  // in its API form
void publish_job_deleted(EventBroker& live, std::int64_t job, std::int64_t user);
void publish_job_created(EventBroker& live, std::int64_t job, std::int64_t user);
void publish_points(EventBroker& live, std::int64_t user);                         // the balance changed
void publish_notification(EventBroker& live, std::int64_t user);                   // a notification for the browser
void publish_project(EventBroker& live, std::int64_t project, std::int64_t user);  // it is new, or its shots changed
// The slave changed; its page should reload it.
void publish_slave_changed(EventBroker& live, std::int64_t slave, std::int64_t user);

}  // namespace distren

// Publishes what handlers changed to open pages, under the names of event_names.h. Thread: a worker, after the commit.
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "server/live/event_broker.h"

namespace distren {

// Merge patches of the API's form, with id and revision.
void publish_job_updated(EventBroker& live, nlohmann::json const& job);
void publish_slave_updated(EventBroker& live, nlohmann::json const& slave);
void publish_job_created(EventBroker& live, std::int64_t job, std::int64_t user);
void publish_job_deleted(EventBroker& live, std::int64_t job, std::int64_t user);
// A job of it is new, deleted, or was changed.
void publish_submission(EventBroker& live, std::int64_t submission, std::int64_t user);
void publish_slave_offline(EventBroker& live, std::int64_t slave, std::int64_t user);  // for ten minutes
void publish_points(EventBroker& live, std::int64_t user);                             // the balance changed
void publish_notification(EventBroker& live, std::int64_t user);                       // one for the browser
void publish_project(EventBroker& live, std::int64_t project, std::int64_t user);      // new, or its shots changed

}  // namespace distren

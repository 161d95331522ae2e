#include "server/live/publish.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/json_text.h"

namespace distren {

namespace {

void send(EventBroker& live, Event::Kind kind, std::int64_t user, std::int64_t job, std::string data) {
  live.publish({{.kind = kind, .user = user, .job = job, .data = std::move(data)}});
}

}  // namespace

void publish_job_updated(EventBroker& live, nlohmann::json const& job) {
  send(live, Event::Kind::job_updated, job.at("owner").at("id"), job.at("id"), to_text(job));
}

void publish_slave_updated(EventBroker& live, nlohmann::json const& slave) {
  send(live, Event::Kind::slave_updated, slave.at("owner").at("id"), 0, to_text(slave));
}

void publish_job_created(EventBroker& live, std::int64_t job, std::int64_t user) {
  send(live, Event::Kind::job_created, user, job, fmt::format(R"({{"id":{}}})", job));
}

void publish_job_deleted(EventBroker& live, std::int64_t job, std::int64_t user) {
  send(live, Event::Kind::job_deleted, user, job, fmt::format(R"({{"id":{}}})", job));
}

void publish_submission(EventBroker& live, std::int64_t submission, std::int64_t user) {
  send(live, Event::Kind::submission_updated, user, 0, fmt::format(R"({{"id":{}}})", submission));
}

void publish_slave_offline(EventBroker& live, std::int64_t slave, std::int64_t user) {
  send(live, Event::Kind::slave_offline, user, 0, fmt::format(R"({{"id":{}}})", slave));
}

void publish_points(EventBroker& live, std::int64_t user) {
  send(live, Event::Kind::points_changed, user, 0, "{}");
}

void publish_notification(EventBroker& live, std::int64_t user) {
  send(live, Event::Kind::notification_created, user, 0, "{}");
}

void publish_project(EventBroker& live, std::int64_t project, std::int64_t user) {
  send(live, Event::Kind::project_updated, user, 0, fmt::format(R"({{"id":{}}})", project));
}

}  // namespace distren

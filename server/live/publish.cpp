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

void publish_job(EventBroker& live, nlohmann::json const& job) {
  if (!live.has_subscribers()) return live.mark_missed();
  send(live, Event::Kind::job, job.at("owner").at("id"), job.at("id"), to_text(job));
}

void publish_job_deleted(EventBroker& live, std::int64_t job, std::int64_t user) {
  send(live, Event::Kind::job, user, job, fmt::format(R"({{"id":{},"deleted":true}})", job));
}

void publish_job_created(EventBroker& live, std::int64_t job, std::int64_t user) {
  send(live, Event::Kind::job, user, job, fmt::format(R"({{"id":{},"created":true}})", job));
}

void publish_points(EventBroker& live, std::int64_t user) {
  send(live, Event::Kind::points, user, 0, "{}");
}

void publish_notification(EventBroker& live, std::int64_t user) {
  send(live, Event::Kind::notification, user, 0, "{}");
}

void publish_project(EventBroker& live, std::int64_t project, std::int64_t user) {
  send(live, Event::Kind::project, user, 0, fmt::format(R"({{"id":{}}})", project));
}

void publish_slave_changed(EventBroker& live, std::int64_t slave, std::int64_t user) {
  send(live, Event::Kind::slave, user, 0, fmt::format(R"({{"id":{},"changed":true}})", slave));
}

}  // namespace distren

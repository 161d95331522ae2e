#include "server/live/tell.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "server/http/message.h"

namespace distren {

namespace {

void tell(LiveHub& live, News::Kind kind, std::int64_t user, std::int64_t job, std::string data) {
  live.publish({{.kind = kind, .user = user, .job = job, .data = std::move(data)}});
}

}  // namespace

void tell_job(LiveHub& live, nlohmann::json const& job) {
  if (!live.wanted()) return live.miss();
  tell(live, News::Kind::job, job.at("user"), job.at("id"), to_text(job));
}

void tell_job_gone(LiveHub& live, std::int64_t job, std::int64_t user) {
  tell(live, News::Kind::job, user, job, fmt::format(R"({{"id":{},"deleted":true}})", job));
}

void tell_job_made(LiveHub& live, std::int64_t job, std::int64_t user) {
  tell(live, News::Kind::job, user, job, fmt::format(R"({{"id":{},"created":true}})", job));
}

void tell_points(LiveHub& live, std::int64_t user) {
  tell(live, News::Kind::points, user, 0, "{}");
}

void tell_notification(LiveHub& live, std::int64_t user) {
  tell(live, News::Kind::notification, user, 0, "{}");
}

void tell_project(LiveHub& live, std::int64_t project, std::int64_t user) {
  tell(live, News::Kind::project, user, 0, fmt::format(R"({{"id":{}}})", project));
}

void tell_slave_changed(LiveHub& live, std::int64_t slave, std::int64_t user) {
  tell(live, News::Kind::slave, user, 0, fmt::format(R"({{"id":{},"changed":true}})", slave));
}

}  // namespace distren

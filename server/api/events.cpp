// Server-Sent Events for open pages. doc/openapi.yaml describes the events.
#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/store/jobs.h"

namespace distren {

namespace {

constexpr std::size_t longest_position = 64;

// What an API token needs beside the scope of the route to hear of something. Without `topics` it hears of the rest.
constexpr std::pair<EventKind, Scope> beyond_jobs[] = {{EventKind::slave_updated, Scope::slaves_read},
                                                       {EventKind::slave_offline, Scope::slaves_read},
                                                       {EventKind::points_changed, Scope::points_read},
                                                       {EventKind::notification_created, Scope::account_read}};

// "job.updated,tasks"
Result<Topics> read_topics(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    auto const end = std::min(text.find(','), text.size());
    names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  auto topics = Topics::parse(names);
  if (!topics) return fail(Errc::invalid, "topics: " + topics.error().message);
  if (names.empty()) return fail(Errc::invalid, "topics= names nothing; leave it out to hear of everything");
  return topics;
}

Result<std::int64_t> read_job(std::string_view text) {
  auto const job = whole_number(text, 1, INT64_MAX);
  if (!job) return fail(Errc::invalid, fmt::format("job_id={} is not a job's number", printable(text, 30)));
  return *job;
}

}  // namespace

Reply handle_stream_events(Request const& request, Context& context) {
  auto const& caller = context.caller;
  Subscriber reader{.user = caller.user.id,
                    .secret_hash = caller.secret_hash.empty() ? caller.token_hash : caller.secret_hash,
                    .by_token = caller.secret_hash.empty()};
  // The browser's Last-Event-ID on reconnect is newer than the query of its URL.
  auto const last = request.header("last-event-id");
  std::string since((last.empty() ? request.parameter("since").value_or("") : last).substr(0, longest_position));
  auto const owner = read_list_owner(request, caller);
  if (!owner) return error_reply(owner.error());
  reader.all = owner->any;
  reader.owner = owner->id;
  if (auto const text = request.parameter("topics")) {
    auto const topics = read_topics(*text);
    if (!topics) return error_reply(topics.error());
    reader.topics = *topics;
  }
  for (auto const& [kind, scope] : beyond_jobs) {
    if (caller.may(scope)) continue;
    if (request.parameter("topics") && reader.topics.contains(kind)) return scope_missing(scope);
    reader.topics.remove(kind);
  }
  if (auto const text = request.parameter("job_id")) {
    auto const job = read_job(*text);
    if (!job) return error_reply(job.error());
    reader.job = *job;
  }
  if (reader.job != 0) {
    auto const job = store::show_job(context.database(), reader.job);
    if (!job && job.error().code != Errc::not_found) return error_reply(job.error());
    if (!job || !caller.may_access(job->user)) return error_reply(404, fmt::format("you have no job {}", reader.job));
    reader.by_role = job->user != caller.user.id;
  }
  reader.by_role = reader.by_role || reader.all || (reader.owner != 0 && reader.owner != caller.user.id);
  auto stream = context.services.live.open(std::move(reader), std::move(since));
  if (!stream) {
    bool const own = stream.error().code == Errc::conflict;
    return busy_reply(own ? "too_many_streams" : "busy", stream.error().message, 30000);
  }
  Reply reply;
  reply.with("Content-Type", "text/event-stream; charset=utf-8").with("X-Accel-Buffering", "no");
  reply.body = std::move(*stream);
  return reply;
}

}  // namespace distren

// Server-Sent Events for open pages. doc/openapi.yaml describes the events.
#include <fmt/format.h>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/store/jobs.h"

namespace distren {

namespace {

constexpr std::size_t longest_position = 64;

Result<void> read_parameter(std::string_view name, std::string_view value, Subscriber& reader, std::string& since) {
  if (name == "since") {
    since = value.substr(0, longest_position);
  } else if (name == "job_id") {
    auto const job = whole_number(value, 1, INT64_MAX);
    if (!job) return fail(Errc::invalid, fmt::format("job_id={} is not a job's number", printable(value, 30)));
    reader.job = *job;
  } else if (name == "owner") {
    if (value != "me" && value != "any")
      return fail(Errc::invalid, fmt::format("owner={} is neither me nor any", printable(value, 30)));
    reader.all = value == "any";
  } else {
    if (value != "true" && value != "false")
      return fail(Errc::invalid, fmt::format("{}={} is neither true nor false", name, printable(value, 30)));
    reader.slaves = value == "true";
  }
  return {};
}

}  // namespace

Reply handle_stream_events(Request const& request, Context& context) {
  auto const& caller = context.caller;
  Subscriber reader{.user = caller.user.id,
                    .secret_hash = caller.secret_hash.empty() ? caller.token_hash : caller.secret_hash,
                    .by_token = caller.secret_hash.empty()};
  std::string since;
  for (auto const& [name, value] : request.query) {
    if (auto const read = read_parameter(name, value, reader, since); !read) return error_reply(read.error());
  }
  // The browser's Last-Event-ID on reconnect is newer than the query of its URL.
  if (auto const last = request.header("last-event-id"); !last.empty()) since = last.substr(0, longest_position);
  if (reader.slaves && !caller.may(Scope::slaves_read)) return scope_missing(Scope::slaves_read);
  if (reader.all && !caller.moderates())
    return error_reply(403, "only moderators hear of everybody's jobs; leave out owner=any to hear of yours");
  if (reader.job != 0) {
    auto const job = store::show_job(context.database(), reader.job);
    if (!job && job.error().code != Errc::not_found) return error_reply(job.error());
    if (!job || !caller.may_access(job->user)) return error_reply(404, fmt::format("you have no job {}", reader.job));
    reader.by_role = job->user != caller.user.id;
  }
  reader.by_role = reader.by_role || reader.all;
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

// What moves points: boosts, with a quote before, gifts, and corrections by hand. Each takes an Idempotency-Key: sent
// twice, because the first answer was lost, it moves points once and answers the same.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/base/json_body.h"
#include "common/base/points_text.h"
#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/idempotency.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/dispatch/points_sync.h"
#include "server/dispatch/status.h"
#include "server/jobs/job_service.h"
#include "server/jobs/job_state.h"
#include "server/live/publish.h"
#include "server/store/points.h"

namespace distren {

namespace {

using nlohmann::json;

void read_reason(JsonBody& body, JsonBody::Need need, std::string& reason) {
  if (body.read("reason", need, reason, 1000) && printable(reason, 1000) != reason) {
    body.problem("reason", "bad_format", "reason: it has characters that cannot be printed");
  }
}

json forecast_to_json(std::optional<Forecast> const& forecast) {
  if (!forecast) return nullptr;
  return {{"queue_position", forecast->position},
          {"boost_factor", decimal(forecast->boost)},
          {"estimated_finish_at", time_or_null(forecast->finish_ms)}};
}

// The ledger has what was moved; the dispatcher is told what is there now. A failure leaves it with an older figure
// until it asks for all of them, and the correction stands.
void sync_total(Context& context, std::int64_t user) {
  if (user == 0) return;
  std::lock_guard const lock(context.services.points_mutex);
  auto const totals = store::load_total_points(context.database(), user);
  if (!totals) {
    spdlog::warn("the dispatcher was not told of the points of user {}: {}", user, totals.error().message);
    return;
  }
  publish_points(context.services.live, user);
  context.services.dispatcher.tell([user, total = totals->empty() ? 0 : totals->front().total](
                                       DispatchCore& core, std::int64_t) { set_total(core, user, total); });
}

}  // namespace

Reply handle_quote_boost(Request const& request, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto const asked = request.parameter("millipoints");
  auto const points = whole_number(asked.value_or(""), 1, max_millipoints);
  if (!points) {
    auto const detail = asked ? fmt::format("millipoints={} is not a whole number between 1 and {}",
                                            printable(*asked, 40), max_millipoints)
                              : std::string("millipoints is missing");
    return error_reply(
        Error{Errc::invalid, detail, {}, {{"query", "millipoints", asked ? "out_of_range" : "missing", detail}}});
  }
  if (store::has_ended(job->state)) {
    return error_reply(
        409, fmt::format("job {} is {}; there is nothing left to boost", job->id, job_state_name(job->state)));
  }
  auto const balance = store::show_balance(context.database(), context.caller.user.id);
  if (!balance) return error_reply(balance.error());
  auto [now, then] = context.services.dispatcher.ask([&](DispatchCore const& core, std::int64_t now_ms) {
    return std::pair(forecast(core, job->id, 0, now_ms), forecast(core, job->id, *points, now_ms));
  });
  if (now && then) {  // boosted it may be compared with others than without; that is no loss of its owner's
    then->position = std::min(then->position, now->position);
    then->finish_ms = std::min(then->finish_ms, now->finish_ms);
  }
  return json_reply(200, {{"job_id", job->id},
                          {"millipoints", *points},
                          {"available_millipoints", balance->available},
                          {"escrow_millipoints", job->escrow},
                          {"remaining_millipoints", now ? json(now->remaining) : json(nullptr)},
                          {"current", forecast_to_json(now)},
                          {"boosted", forecast_to_json(then)}});
}

Reply handle_create_boost(Request const& request, Context& context) {
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  // A request that is repeated after the job is gone is answered all the same: the procedure knows its key.
  auto const job = store::show_job(context.database(), *id);
  if (!job && job.error().code != Errc::not_found) return error_reply(job.error());
  if (job && !context.caller.may_access(job->user)) return error_reply(404, fmt::format("you have no job {}", *id));
  auto const key = idempotency_key(request);
  if (!key) return error_reply(key.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::int64_t points = 0;
  body->read("millipoints", JsonBody::required, points, 1, max_millipoints);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const moved = context.services.jobs.boost(context.database(), context.caller.user.id, *id, points, *key);
  if (!moved && moved.error().code == Errc::not_found) return error_reply(404, fmt::format("you have no job {}", *id));
  if (!moved) return error_reply(moved.error());
  return json_reply(201, {{"id", *moved},
                          {"kind", "boost"},
                          {"job_id", *id},
                          {"millipoints", points},
                          {"from", nullptr},
                          {"to", nullptr},
                          {"reason", nullptr}});
}

Reply handle_create_transfer(Request const& request, Context& context) {
  if (!context.caller.token_hash.empty())
    return error_reply("forbidden", "points are given away by a login, not by an API token; log in");
  auto const key = idempotency_key(request);
  if (!key) return error_reply(key.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string to;
  std::int64_t points = 0;
  std::string reason;
  body->read("to", JsonBody::required, to, 200);
  body->read("millipoints", JsonBody::required, points, 1, max_millipoints);
  read_reason(*body, JsonBody::optional, reason);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const moved = store::give_points(context.database(), context.caller.user.id, to, points, *key, reason);
  if (!moved) return error_reply(moved.error());
  publish_points(context.services.live, context.caller.user.id);
  return json_reply(201, {{"id", *moved},
                          {"kind", "give"},
                          {"job_id", nullptr},
                          {"from", nullptr},
                          {"to", to},
                          {"millipoints", points},
                          {"reason", text_or_null(reason)}});
}

Reply handle_create_adjustment(Request const& request, Context& context) {
  auto const key = idempotency_key(request);
  if (!key) return error_reply(key.error());
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::string from;
  std::string to;
  std::int64_t points = 0;
  std::string reason;
  body->read("from", JsonBody::optional, from, 200);
  body->read("to", JsonBody::optional, to, 200);
  body->read("millipoints", JsonBody::required, points, 1, max_millipoints);
  read_reason(*body, JsonBody::required, reason);
  if (from.empty() && to.empty()) body->problem("", "missing", "from and to are both missing; name at least one user");
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const moved = store::adjust_points(context.database(), context.caller.user.id, from, to, points, reason, *key);
  if (!moved) return error_reply(moved.error());
  sync_total(context, moved->from);
  sync_total(context, moved->to);
  return json_reply(201, {{"id", moved->transaction},
                          {"kind", "adjust"},
                          {"job_id", nullptr},
                          {"from", text_or_null(from)},
                          {"to", text_or_null(to)},
                          {"millipoints", points},
                          {"reason", reason}});
}

}  // namespace distren

#include "server/api/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "common/base/text.h"
#include "server/api/cors.h"
#include "server/api/idempotency.h"
#include "server/api/services.h"
#include "server/http/compression.h"
#include "server/http/rate_headers.h"
#include "server/http/revalidation.h"
#include "server/store/jobs.h"
#include "server/store/requests.h"

namespace distren {

namespace {

std::pair<std::string_view, std::string_view> split_first(std::string_view path) {
  auto const slash = path.find('/');
  if (slash == std::string_view::npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string allowed_methods(std::vector<Route const*> const& routes) {
  std::vector<std::string_view> methods{"OPTIONS"};
  for (auto const* route : routes) {
    methods.push_back(route->method);
    if (route->method == "GET") methods.emplace_back("HEAD");
  }
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return fmt::format("{}", fmt::join(methods, ", "));
}

// A parameter that nobody reads is a mistake that whoever sent it should hear of.
Result<void> check_query(Request const& request, std::string_view known) {
  for (auto const& [name, value] : request.query) {
    bool found = false;
    for (auto rest = known; !rest.empty() && !found;) {
      auto const end = std::min(rest.find(' '), rest.size());
      found = rest.substr(0, end) == name;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (found) continue;
    auto detail = fmt::format("there is no parameter '{}' here{}{}", printable(name, 30),
                              known.empty() ? "" : "; there are ", known);
    return Error{Errc::invalid, detail, {}, {{"query", printable(name, 30), "unknown", detail}}};
  }
  return {};
}

// JSON and, where a resource is changed, a merge patch (RFC 7396), which is read alike: what is absent stays.
std::optional<Reply> wrong_type(Route const& route, Request const& request) {
  auto type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (request.body.empty() || route.takes_bytes || type.empty() || lower_case(type) == "application/json")
    return std::nullopt;
  bool const patches = route.method == "PATCH";
  if (patches && lower_case(type) == "application/merge-patch+json") return std::nullopt;
  return error_reply("unsupported_media_type",
                     fmt::format("the Content-Type '{}' is not one of this address; send application/json{}",
                                 printable(type, 60), patches ? " or application/merge-patch+json" : ""));
}

// The revision that If-Match names: 0: any; -1: none that there is.
Result<std::int64_t> expected_revision(Route const& route, Request const& request) {
  auto const tag = request.header("if-match");
  // Of what is fetched, a browser may send the ETag that it knows; it has its meaning where files are sent.
  if (tag.empty() || tag == "*" || request.method == "GET" || request.method == "HEAD") return 0;
  if (!route.has_revision)
    return fail(Errc::invalid, "If-Match has no meaning here; send the request without it", "invalid_request");
  std::int64_t number = 0;
  if (tag.size() < 4 || !tag.starts_with("\"r") || tag.back() != '"') return -1;
  auto const digits = tag.substr(2, tag.size() - 3);
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() && number > 0 ? number : -1;
}

constexpr int burst_s = 10;

RatePolicy policy_of(std::string_view name, int per_second) {
  return {name, {static_cast<double>(per_second), static_cast<double>(per_second) * burst_s}};
}

Reply unauthorized(std::string_view code, std::string_view detail, std::string_view scheme) {
  return error_reply(code, detail)
      .with("WWW-Authenticate", fmt::format("{} realm=\"DistRen\", charset=\"UTF-8\"", scheme));
}

}  // namespace

std::string_view Context::value(std::string_view name) const {
  for (auto const& [key, text] : path) {
    if (key == name) return text;
  }
  return {};
}

Result<std::int64_t> Context::id(std::string_view name) const {
  auto const text = !name.empty() ? value(name) : path.empty() ? std::string_view() : path.front().second;
  std::int64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number <= 0) {
    return fail(Errc::not_found, fmt::format("there is no number '{}' here", printable(text, 50)));
  }
  return number;
}

bool match_pattern(std::string_view pattern, std::string_view path,
                   std::vector<std::pair<std::string_view, std::string_view>>& values) {
  values.clear();
  if (pattern.empty() || path.empty() || pattern[0] != '/' || path[0] != '/') return false;
  pattern.remove_prefix(1);
  path.remove_prefix(1);
  for (;;) {
    auto const [expected, pattern_rest] = split_first(pattern);
    auto const [part, path_rest] = split_first(path);
    if (expected.ends_with("*}")) {
      values.emplace_back(expected.substr(1, expected.size() - 3), path);
      return !path.empty();
    }
    if (expected.starts_with('{')) {
      if (part.empty()) return false;
      values.emplace_back(expected.substr(1, expected.size() - 2), part);
    } else if (expected != part) {
      return false;
    }
    bool const pattern_ends = expected.size() == pattern.size();
    bool const path_ends = part.size() == path.size();
    if (pattern_ends || path_ends) return pattern_ends && path_ends;
    pattern = pattern_rest;
    path = path_rest;
  }
}

RatePolicy address_limit(Services const& services, Request const& request) {
  constexpr int slaves_at_one_address = 10;  // times as much
  int const per_second = services.runtime.address_requests_per_second();
  if (request.path == "/api/v1/line") return policy_of("line", per_second * slaves_at_one_address);
  return policy_of("address", per_second);
}

Router::Router(std::vector<Route> routes, Services& services, Reply (*fallback)(Request const&, Context&))
    : routes_(std::move(routes)), services_(services), fallback_(fallback) {
  for (auto& route : routes_) {
    // What has a revision has no tag beside it: If-Match names the revision.
    bool const has_revision = std::ranges::any_of(
        routes_, [&route](Route const& each) { return each.has_revision && each.pattern == route.pattern; });
    route.has_tag = route.method == "GET" && !route.is_live && !route.secret_answer && !has_revision;
  }
}

Reply Router::answer(Request const& request, Worker& worker) const {
  PathValues values;
  std::vector<Route const*> others;
  Route const* by_head = nullptr;
  for (auto const& route : routes_) {
    if (!match_pattern(route.pattern, request.path, values)) continue;
    if (route.method == request.method) return call(route, request, std::move(values), worker);
    if (route.method == "GET" && request.method == "HEAD" && by_head == nullptr) by_head = &route;
    others.push_back(&route);
  }
  if (by_head != nullptr) {
    match_pattern(by_head->pattern, request.path, values);
    return call(*by_head, request, std::move(values), worker);
  }
  if (!others.empty()) {
    auto const allowed = allowed_methods(others);
    if (request.method == "OPTIONS") return empty_reply(204).with("Allow", allowed);
    return error_reply(405, fmt::format("{} is not possible here; {} is", request.method, allowed))
        .with("Allow", allowed);
  }
  if ((request.method == "GET" || request.method == "HEAD") && !request.path.starts_with("/api/")) {
    Context context{worker, services_, {}, {}};
    return fallback_(request, context);
  }
  return error_reply(404, fmt::format("there is nothing at {}", printable(request.path, 200)));
}

Reply Router::call(Route const& route, Request const& request, PathValues path, Worker& worker) const {
  HeaderList limits;
  auto reply = admit(route, request, std::move(path), worker, limits);
  std::ranges::move(limits, std::back_inserter(reply.headers));
  return reply;
}

Reply Router::admit(Route const& route, Request const& request, PathValues path, Worker& worker,
                    HeaderList& limits) const {
  if (request.body.size() > route.body_limit) {
    return error_reply(413, fmt::format("the body has {} bytes, at most {} are allowed here", request.body.size(),
                                        route.body_limit))
        .with("Tus-Max-Part", fmt::to_string(route.body_limit));
  }
  if (auto const known = check_query(request, route.query); !known) return error_reply(known.error());
  // Another site's page sends a browser's form anywhere, and a login that it makes would be somebody else's.
  if (auto const site = request.header("sec-fetch-site");
      request.method != "GET" && request.method != "HEAD" && (site == "cross-site" || site == "same-site") &&
      !is_from_listed_origin(request, services_.config.cors_origins))
    return error_reply("cross_site", "this request comes from another site's page; open the grid's own");
  if (route.throttled && !request.loopback) {
    auto const state = services_.login_attempts.use(request.address, services_.now_ms());
    add_rate_headers(limits, {"sign-in", services_.login_attempts.rate()}, state);
    if (state.wait_ms > 0)
      return busy_reply("sign_in_throttled", "too many attempts from your address; wait a moment", state.wait_ms);
  }
  Context context{worker, services_, {}, std::move(path)};
  switch (route.needs) {
    case Needs::nothing:
      break;
    case Needs::signature: {
      auto const verified = services_.signer.verify(request.path, request.query, services_.now_s());
      if (!verified) return error_reply(verified.error());
      break;
    }
    case Needs::optional_login:
    case Needs::login: {
      auto caller = find_caller(request, services_, worker.database);
      // By 204 an EventSource that comes back after its login has ended is told to stop.
      bool const over = caller ? !caller->known() : caller.error().code == Errc::denied;
      if (over && route.is_stream && !request.header("last-event-id").empty()) return empty_reply(204);
      if (!caller && caller.error().code == Errc::denied)
        return unauthorized("session_ended", caller.error().message, "Bearer");
      if (!caller) return error_reply(caller.error());
      if (route.needs == Needs::login && !caller->known()) {
        return unauthorized("unauthenticated",
                            "this needs a login: send Authorization: Bearer with the secret of a session or an API "
                            "token",
                            "Bearer");
      }
      if (caller->known()) {
        auto const policy = policy_of("user", services_.runtime.user_requests_per_second());
        auto const state =
            services_.user_requests.use(fmt::to_string(caller->user.id), services_.now_ms(), policy.rate);
        add_rate_headers(limits, policy, state);
        if (state.wait_ms > 0)
          return busy_reply("rate_limited", "too many requests of your account; slow down", state.wait_ms);
      }
      if (caller->csrf_missing) {
        return error_reply("csrf_failed",
                           "the X-CSRF-Token of this request is missing or not that of this login; reload the page");
      }
      if (caller->known() && !caller->may(route.scope)) return scope_missing(route.scope);
      context.caller = std::move(*caller);
      break;
    }
  }
  return handle(route, request, context);
}

namespace {

// What a request keeps in its worker's connection is gone when it ends, however it ends.
class ExpectedRevision {
public:
  explicit ExpectedRevision(Database& database) : database_(database) {}
  ExpectedRevision(ExpectedRevision const&) = delete;
  ~ExpectedRevision() {
    if (set_) static_cast<void>(store::accept_any_revision(database_));
  }
  Result<void> set(std::string_view kind, std::int64_t id, std::int64_t revision) {
    set_ = true;
    return store::expect_revision(database_, kind, id, revision);
  }

private:
  Database& database_;
  bool set_ = false;
};

// An answer in JSON that is of now: what is replayed is older than the latest event.
bool is_current_json(Reply const& reply) {
  auto const has = [&reply](std::string_view name, std::string_view value) {
    return std::ranges::any_of(reply.headers,
                               [&](auto const& header) { return header.first == name && header.second == value; });
  };
  return has("Content-Type", "application/json") && !has("Idempotency-Replayed", "true");
}

// The row that a route changes: the kind and number that its path names first; without one it is the caller's own
// account. A task's request changes its job.
Result<std::pair<std::string, std::int64_t>> changed_row(Route const& route, Context& context) {
  auto const open = route.pattern.find('{');
  if (open == std::string_view::npos) return std::pair(std::string("user"), context.caller.user.id);
  auto kind = std::string(route.pattern.substr(open + 1, route.pattern.find("_id}") - open - 1));
  auto const id = context.id();
  if (!id || kind != "task") return id ? Result(std::pair(std::move(kind), *id)) : id.error();
  auto const job = store::job_of_task(context.database(), *id);
  if (!job) return job.error();
  return std::pair(std::string("job"), *job);
}

}  // namespace

Reply Router::handle(Route const& route, Request const& request, Context& context) const {
  if (auto refused = wrong_type(route, request)) return std::move(*refused);
  auto const revision = expected_revision(route, request);
  if (!revision) return error_reply(revision.error());
  ExpectedRevision expected(context.database());
  if (*revision != 0) {
    auto const row = changed_row(route, context);
    if (!row) return error_reply(row.error());
    if (auto const set = expected.set(row->first, row->second, *revision); !set) return error_reply(set.error());
  }
  // Before anything is read: later events are news to the answer.
  if (context.caller.by_cookie) services_.live.note_interest();
  auto event = services_.live.last_event_id();
  auto reply = route.idempotency == Idempotency::none ? route.handle(request, context)
                                                      : answer_once(route, request, context, *this);
  if (is_current_json(reply)) reply.with("DistRen-Event", std::move(event));
  if (route.secret_answer) return std::move(reply).with("Cache-Control", "no-store");
  if (route.has_tag) revalidate_reply(reply, request);
  compress_reply(reply, request);
  return reply;
}

Reply Router::show(std::string const& path, Request const& request, Context const& context) const {
  PathValues values;
  for (auto const& route : routes_) {
    if (route.method != "GET" || !match_pattern(route.pattern, path, values)) continue;
    Context shown{context.worker, services_, context.caller, values};
    return route.handle(request, shown);
  }
  return error_reply(404, fmt::format("there is nothing at {}", path));
}

}  // namespace distren

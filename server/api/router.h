// The table of routes and the way a request takes through it: find the route, look who asks, check scope, body size
// and parameters' presence, call the handler. Runs on a worker thread. Everything under /api answers errors as JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api/caller.h"
#include "server/database/workers.h"
#include "server/http/message.h"

namespace distren {

struct Services;

// What a handler gets beside its request.
struct Context {
  Worker& worker;
  Services& services;
  Caller caller;
  std::vector<std::pair<std::string_view, std::string_view>> path;  // "{id}" of the pattern; views into the request
  std::int64_t tasks_deleted = 0;                                   // with their jobs, by this request so far

  [[nodiscard]] Database& database() const { return worker.database; }
  [[nodiscard]] std::string_view value(std::string_view name) const;  // of the path
  // The number at {name}, or of no name the first of the path; not_found, as for any object that is not there, when it
  // is no number.
  [[nodiscard]] Result<std::int64_t> id(std::string_view name = {}) const;
};

enum class Needs {
  nothing,         // and looks at no login
  optional_login,  // a login where there is one: the handler decides
  login,
  signature,  // of the address itself
};

// Whether a request may name an Idempotency-Key, by which it is done once.
enum class Idempotency { none, accepted, required };

// A line of the table in routes.cpp: what it always has stands in the constructor, the rest is said by name.
struct Route {
  using Handler = Reply (*)(Request const&, Context&);
  Route(std::string_view its_method, std::string_view its_pattern, Needs its_needs, Scope its_scope, Handler handler)
      : method(its_method), pattern(its_pattern), needs(its_needs), scope(its_scope), handle(handler) {}

  std::string_view method;
  std::string_view pattern;  // "/api/v1/jobs/{id}"; "{rest*}" at the end takes all that follows
  Needs needs;
  Scope scope;  // what an API token must have
  Handler handle;
  std::size_t body_limit = 64 << 10;
  bool throttled = false;      // logins: few per minute and address
  bool takes_bytes = false;    // the body is not JSON; the handler looks at its type
  bool has_revision = false;   // If-Match: "rN" is understood
  bool secret_answer = false;  // with a secret in it: never compressed nor stored, and lost if it is not kept
  bool is_stream = false;      // an EventSource reads it, and comes back until it is told to stop
  bool is_live = false;        // is another one the next moment, so that nobody asks whether it is still the same
  bool has_tag = false;        // an ETag; the Router says so
  std::string_view query;      // names of the parameters that it knows, separated by spaces
  Idempotency idempotency = Idempotency::none;
  std::string_view creates;  // where a GET shows what was created, up to its number

  Route with_body(std::size_t limit) { return body_limit = limit, *this; }
  Route with_bytes(std::size_t limit) { return body_limit = limit, takes_bytes = true, *this; }
  Route with_query(std::string_view names) { return query = names, *this; }
  Route with_throttle() { return throttled = true, *this; }
  Route with_revision() { return has_revision = true, *this; }
  Route once(std::string_view shown_at) { return idempotency = Idempotency::accepted, creates = shown_at, *this; }
  Route as_stream() { return is_stream = is_live = true, *this; }
  Route live() { return is_live = true, *this; }
  Route with_secret() { return secret_answer = true, *this; }
  Route once_with_secret() { return idempotency = Idempotency::accepted, secret_answer = true, *this; }
  Route only_with_key() { return idempotency = Idempotency::required, *this; }
};

class Router {
public:
  // fallback answers what no pattern matches (pages); it gets GET and HEAD alone.
  Router(std::vector<Route> routes, Services& services, Reply (*fallback)(Request const&, Context&));

  [[nodiscard]] Reply answer(Request const& request, Worker& worker) const;
  [[nodiscard]] std::span<Route const> routes() const { return routes_; }
  // What a GET of this path answers to the caller who has just changed it; scopes were looked at then.
  [[nodiscard]] Reply show(std::string const& path, Request const& request, Context const& context) const;

private:
  using PathValues = std::vector<std::pair<std::string_view, std::string_view>>;
  // Puts into limits how far this request has used up what limits it.
  [[nodiscard]] Reply admit(Route const& route, Request const& request, PathValues path, Worker& worker,
                            HeaderList& limits) const;
  [[nodiscard]] Reply call(Route const& route, Request const& request, PathValues path, Worker& worker) const;
  [[nodiscard]] Reply handle(Route const& route, Request const& request, Context& context) const;

  std::vector<Route> routes_;
  Services& services_;
  Reply (*fallback_)(Request const&, Context&);
};

// Does the path fit the pattern? Values are views into the path.
bool match_pattern(std::string_view pattern, std::string_view path,
                   std::vector<std::pair<std::string_view, std::string_view>>& values);

}  // namespace distren

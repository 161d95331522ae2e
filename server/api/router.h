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

  [[nodiscard]] Database& database() const { return worker.database; }
  [[nodiscard]] std::string_view value(std::string_view name) const;  // of the path
  // The number at {name}; not_found, as for any object that is not there, when it is no number.
  [[nodiscard]] Result<std::int64_t> id(std::string_view name = "id") const;
};

enum class Needs {
  nothing,         // and looks at no login
  optional_login,  // a login where there is one: the handler decides
  login,
  slave,      // Basic authentication of a slave
  signature,  // of the address itself
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/v1/jobs/{id}"; "{rest*}" at the end takes all that follows
  Needs needs = Needs::login;
  Scope scope = Scope::read;  // what an API token must have
  Reply (*handle)(Request const&, Context&) = nullptr;
  std::size_t body_limit = 1 << 20;
  bool throttled = false;       // logins: few per minute and address
  std::string_view query = {};  // names of the parameters that it knows, separated by spaces
};

class Router {
public:
  // fallback answers what no pattern matches (pages); it gets GET and HEAD alone.
  Router(std::vector<Route> routes, Services& services, Reply (*fallback)(Request const&, Context&));

  [[nodiscard]] Reply answer(Request const& request, Worker& worker) const;
  [[nodiscard]] std::span<Route const> routes() const { return routes_; }

private:
  using PathValues = std::vector<std::pair<std::string_view, std::string_view>>;
  [[nodiscard]] Reply call(Route const& route, Request const& request, PathValues path, Worker& worker) const;

  std::vector<Route> routes_;
  Services& services_;
  Reply (*fallback_)(Request const&, Context&);
};

// Does the path fit the pattern? Values are views into the path.
bool match_pattern(std::string_view pattern, std::string_view path,
                   std::vector<std::pair<std::string_view, std::string_view>>& values);

}  // namespace distren

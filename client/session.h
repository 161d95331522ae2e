// A session with a server's API. One thread; every other thread that transfers files creates its own client. Errors:
// the server's message with its code; denied with "distren login" when no user is logged in.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "client/fields.h"
#include "client/settings.h"
#include "common/base/digest.h"
#include "common/base/result.h"
#include "common/http/http_client.h"

namespace distren::client {

// Set by the first ctrl-C; transfers and waits end within a second.
extern std::atomic<bool> interrupted;

class Session {
public:
  explicit Session(Settings settings);

  [[nodiscard]] Settings const& settings() const { return settings_; }
  // reference: a path, or an absolute URL, which is returned as it is
  [[nodiscard]] std::string url(std::string const& reference) const;
  [[nodiscard]] HttpClient make_client() const;

  // `what` names the object in messages: "the job 7". A 204 returns null. GET is repeated when the server is busy.
  Result<Json> get(std::string const& path, std::string_view what);
  Result<Json> send(std::string const& method, std::string const& path, std::optional<Json> const& body,
                    std::string_view what);
  // A POST that creates something or moves points: `key` makes it idempotent, so it is repeated when the server is busy
  // or its answer is lost.
  Result<Json> send_once(std::string const& path, Json const& body, std::string_view what,
                         std::string const& key = random_secret());
  // Without a login: register, login, the public status.
  Result<Json> send_openly(std::string const& method, std::string const& path, std::optional<Json> const& body,
                           std::string_view what);

  // All pages of a list in sequence; `each` returns false to stop.
  Result<void> each_item(std::string const& path, std::string_view what, std::function<bool(Json const&)> const& each);

private:
  Result<Json> exchange(HttpClient::Request request, std::string_view what, bool repeatable);
  [[nodiscard]] Result<HttpClient::Request> signed_request(std::string const& method, std::string const& path,
                                                           std::optional<Json> const& body) const;
  Settings settings_;
  HttpClient http_;
};

// The path with `name=value` added to its query.
std::string with_query(std::string path, std::string_view name, std::string_view value);

}  // namespace distren::client

#include "client/session.h"

#include <fmt/format.h>

#include "common/base/json_text.h"
#include "common/http/http_error.h"
#include "config.h"

namespace distren::client {

std::atomic<bool> interrupted{false};

namespace {

using std::chrono::milliseconds;

HttpClient::Options http_options(Settings const& settings) {
  HttpClient::Options options;
  options.ca_file = settings.ca;
  options.pinned_public_key = settings.pinned_public_key;
  options.user_agent = "distren/" PACKAGE_VERSION;
  options.slow_for = std::chrono::seconds(60);
  options.cancelled = &interrupted;
  return options;
}

}  // namespace

Session::Session(Settings settings) : settings_(std::move(settings)), http_(http_options(settings_)) {}

std::string Session::url(std::string const& reference) const {
  return reference.starts_with('/') ? settings_.server + reference : reference;
}

HttpClient Session::make_client() const {
  return HttpClient(http_options(settings_));
}

Result<Json> Session::get(std::string const& path, std::string_view what) {
  return send("GET", path, std::nullopt, what);
}

Result<HttpClient::Request> Session::signed_request(std::string const& method, std::string const& path,
                                                    std::optional<Json> const& body) const {
  if (settings_.token.empty())
    return fail(Errc::denied, fmt::format("you are not logged in at {}; run: distren login NAME", settings_.server));
  HttpClient::Request request;
  request.method = method;
  request.url = url(path);
  request.bearer = settings_.token;
  if (body) request.body = to_text(*body);
  return request;
}

Result<Json> Session::send(std::string const& method, std::string const& path, std::optional<Json> const& body,
                           std::string_view what) {
  auto request = signed_request(method, path, body);
  if (!request) return request.error();
  return exchange(std::move(*request), what, method == "GET");
}

Result<Json> Session::send_once(std::string const& path, Json const& body, std::string_view what,
                                std::string const& key) {
  auto request = signed_request("POST", path, body);
  if (!request) return request.error();
  request->headers.emplace_back("Idempotency-Key", key);
  return exchange(std::move(*request), what, true);
}

Result<Json> Session::send_openly(std::string const& method, std::string const& path, std::optional<Json> const& body,
                                  std::string_view what) {
  HttpClient::Request request;
  request.method = method;
  request.url = url(path);
  if (body) request.body = to_text(*body);
  return exchange(std::move(request), what, method == "GET");
}

Result<Json> Session::exchange(HttpClient::Request request, std::string_view what, bool repeatable) {
  request.headers.emplace_back("Accept", "application/json");
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.answer_limit = 64U << 20U;
  constexpr int longest_wait = 60;  // times a second, for a request of ours that is still being done
  int waited = 0;
  for (int left = 4;; --left) {
    auto response = http_.send(request);
    // A GET that fails is reported at once; whether a spending was executed is then unknown.
    if (!response && response.error().code == Errc::unavailable && repeatable && request.method != "GET" && left > 1 &&
        http_.pause(milliseconds(500)))
      continue;
    if (!response) return response.error();
    if (response->status == 204) return Json();
    if (response->ok()) {
      auto json = Json::parse(response->body, nullptr, false);
      if (json.is_discarded())
        return fail(Errc::unavailable,
                    fmt::format("{} answers with something else than JSON; is it a DistRen server?", settings_.server));
      return json;
    }
    // 429 was not executed; of other rejections by a busy server that is unknown.
    // 409 with a time: the request itself, sent before, is still being done.
    bool const in_progress = response->status == 409 && !response->header("retry-after").empty();
    bool const again = response->status == 429 || ((response->status == 503 || in_progress) && repeatable);
    if (in_progress && repeatable && waited++ < longest_wait) ++left;
    auto const wait = retry_after(*response, milliseconds(500));
    if (!again || left <= 1 || wait > std::chrono::seconds(20)) {
      auto error = refusal(*response, what);
      if (response->status == 401 && !request.bearer.empty())
        error.message += fmt::format("; to log in at {} run: distren login NAME", settings_.server);
      return error;
    }
    if (!http_.pause(wait)) return fail(Errc::unavailable, "interrupted");
  }
}

Result<void> Session::each_item(std::string const& path, std::string_view what,
                                std::function<bool(Json const&)> const& each) {
  for (auto page_path = path;;) {
    auto page = get(page_path, what);
    if (!page) return page.error();
    for (auto const& item : list_of(*page, "items"))
      if (!each(item)) return {};
    auto const next = text_of(*page, "next_cursor");
    if (next.empty()) return {};
    auto next_path = with_query(path, "cursor", next);
    if (next_path == page_path)
      return fail(Errc::unavailable, fmt::format("{} repeats itself; the server's list does not end", what));
    page_path = std::move(next_path);
  }
}

std::string with_query(std::string path, std::string_view name, std::string_view value) {
  path += path.find('?') == std::string::npos ? '?' : '&';
  return path + url_escape(name) + "=" + url_escape(value);
}

}  // namespace distren::client

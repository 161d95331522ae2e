#include "common/http/http_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "common/base/json_depth.h"
#include "common/base/text.h"

namespace distren {
namespace {

Errc code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return Errc::denied;
    case 404:
    case 410:
      return Errc::not_found;
    case 409:
      return Errc::conflict;
    case 408:
    case 425:
    case 429:
      return Errc::unavailable;
    default:
      return status >= 500 ? Errc::unavailable : Errc::invalid;
  }
}

char const* meaning_of(int status) {
  switch (status) {
    case 401:
      return "not logged in, or the login has expired; log in again";
    case 403:
      return "not allowed";
    case 404:
      return "not there";
    case 410:
      return "no longer there";
    case 413:
      return "too large for the server";
    case 429:
      return "too many requests; wait a little";
    case 503:
      return "the server is busy or its database is away; try again";
    default:
      return status >= 500 ? "the server failed; its log says why" : "the server did not accept it";
  }
}

std::string sentence_of(nlohmann::json const& json) {
  if (!json.is_object()) return {};
  auto const detail = json.find("detail");
  if (detail == json.end() || !detail->is_string()) return {};
  return printable(detail->get<std::string>());
}

}  // namespace

Error refusal(HttpClient::Response const& response, std::string_view what) {
  auto const json = parse_shallow_json(response.body);
  auto message = sentence_of(json);
  if (message.empty()) message = fmt::format("{}: {} (HTTP {})", what, meaning_of(response.status), response.status);
  bool const expired =
      response.status == 403 && json.is_object() && json.value("code", nlohmann::json()) == link_expired;
  return fail(code_of(response.status), std::move(message), expired ? link_expired : std::string_view());
}

std::chrono::milliseconds retry_after(HttpClient::Response const& response, std::chrono::milliseconds otherwise) {
  auto const text = response.header("retry-after");
  long seconds = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return otherwise;
  return std::chrono::seconds(std::min(seconds, 3600L));
}

}  // namespace distren

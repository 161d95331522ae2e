#include "server/http/message.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/json_text.h"

namespace distren {

namespace {

std::string_view code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return "denied";
    case 404:
    case 410:
      return "not_found";
    case 409:
    case 423:
      return "conflict";
    default:
      return status == 429 || status >= 500 ? "unavailable" : "invalid";
  }
}

}  // namespace

std::string_view Request::header(std::string_view lower_case_name) const {
  for (auto const& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (auto const& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Reply json_reply(int status, nlohmann::json const& body) {
  return text_reply(status, "application/json", to_text(body) + "\n");
}

Reply text_reply(int status, std::string_view content_type, std::string body) {
  Reply reply;
  reply.status = status;
  reply.with("Content-Type", std::string(content_type));
  reply.body = std::move(body);
  return reply;
}

Reply empty_reply(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

Reply error_reply(int status, std::string_view code, std::string_view message) {
  return json_reply(status, {{"error", {{"code", code}, {"message", message}}}});
}

Reply error_reply(int status, std::string_view message) {
  return error_reply(status, code_of(status), message);
}

Reply error_reply(Error const& error) {
  if (error.code == Errc::unavailable) return busy_reply(503, error.message, 5000);
  return error_reply(static_cast<int>(error.code), error.message);
}

Reply busy_reply(int status, std::string_view message, std::int64_t after_ms) {
  auto const seconds = std::max<std::int64_t>(1, (after_ms + 999) / 1000);
  return error_reply(status, message).with("Retry-After", std::to_string(seconds));
}

}  // namespace distren

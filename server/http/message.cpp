#include "server/http/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/json_text.h"
#include "server/http/problem.h"

namespace distren {

namespace {

// after_ms: 0, no Retry-After.
Reply problem_reply(ProblemKind const& kind, std::string_view detail, std::vector<FieldError> const& fields,
                    std::int64_t after_ms) {
  nlohmann::json problem{{"type", fmt::format("/problems/{}", kind.code)},
                         {"title", kind.title},
                         {"status", kind.status},
                         {"code", kind.code},
                         {"detail", detail},
                         {"errors", nlohmann::json::array()}};
  for (auto const& field : fields)
    problem["errors"].push_back({{"in", field.in}, {"at", field.at}, {"code", field.code}, {"detail", field.detail}});
  auto reply = text_reply(kind.status, problem_type, to_text(problem) + "\n");
  if (after_ms > 0) reply.with("Retry-After", std::to_string((after_ms + 999) / 1000));
  return reply;
}

Reply usual_reply(ProblemKind const& kind, std::string_view detail, std::vector<FieldError> const& fields = {}) {
  return problem_reply(kind, detail, fields, std::int64_t{1000} * kind.retry_after_s);
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

Reply error_reply(std::string_view code, std::string_view detail) {
  return usual_reply(problem_kind(code), detail);
}

Reply error_reply(int status, std::string_view detail) {
  return usual_reply(usual_problem(status), detail);
}

Reply error_reply(Error const& error) {
  auto const& kind = error.problem.empty() ? usual_problem(static_cast<int>(error.code)) : problem_kind(error.problem);
  return usual_reply(kind, error.message, error.fields);
}

Reply busy_reply(std::string_view code, std::string_view detail, std::int64_t after_ms) {
  return problem_reply(problem_kind(code), detail, {}, std::max<std::int64_t>(1, after_ms));
}

void add_request_id(Reply& reply, std::string const& id) {
  auto const is_problem = [&reply] {
    return std::ranges::find(reply.headers, std::pair{std::string("Content-Type"), std::string(problem_type)}) !=
           reply.headers.end();
  };
  if (auto* text = std::get_if<std::string>(&reply.body); text != nullptr && is_problem())
    text->insert(text->rfind('}'), fmt::format(R"(,"request_id":"{}")", id));
  reply.with("Request-Id", id);
}

}  // namespace distren

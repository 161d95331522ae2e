// One of each thing that a path of the API can name, of one owner; and the table's patterns as paths to them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "server/store/operations.h"
#include "tests/support/api_fixture.h"
#include "tests/support/sample_job.h"

namespace distren {

// By what stands in a pattern: "{job_id}" -> "17".
using OwnedThings = std::map<std::string, std::string, std::less<>>;

inline OwnedThings make_things(ApiFixture& desk, std::string const& owner) {
  auto const made = [&](std::string const& path, nlohmann::json const& body) {
    auto const reply = desk.call("POST", "/api/v1/" + path, owner, body);
    ck_assert_msg(reply.status == 201, "%s: %s", path.c_str(), reply.text.c_str());
    return reply.json["id"].dump();
  };
  auto const job = std::to_string(new_job(desk, owner));
  auto const upload = desk.upload(owner, "mine").header("Location");
  auto const project = made("projects", {{"name", "film"}});
  auto const operation = store::create_operation(desk.database, desk.call("GET", "/api/v1/users/me", owner).json["id"],
                                                 job_deletion_operation, std::stoll(job));
  ck_assert(operation.has_value());
  return {{"{job_id}", job},
          {"{submission_id}", job},
          {"{operation_id}", std::to_string(*operation)},
          {"{session_id}", desk.call("GET", "/api/v1/sessions", owner).json["items"][0]["id"].dump()},
          {"{webhook_id}", made("webhooks", {{"url", "https://example.org/hook"}, {"topics", {"job"}}})},
          {"{task_id}", desk.call("GET", "/api/v1/jobs/" + job + "/tasks", owner).json["items"][0]["id"].dump()},
          {"{slave_id}", made("slaves", {{"name", "attic"}})},
          {"{project_id}", project},
          {"{shot_id}", made("projects/" + project + "/shots", {{"sequence", "a"}, {"name", "b"}})},
          {"{token_id}", made("tokens", {{"name", "t"}, {"scopes", {"jobs:read"}}})},
          {"{upload_id}", upload.substr(upload.rfind('/') + 1)}};
}

// What a pattern names first, as it stands there; empty: nothing.
inline std::string_view first_named(std::string_view pattern) {
  auto const place = pattern.find('{');
  return place == std::string_view::npos ? "" : pattern.substr(place, pattern.find('}', place) + 1 - place);
}

// What only its owner reaches, not even staff.
inline constexpr std::string_view own_alone_things[] = {"{token_id}", "{upload_id}", "{session_id}", "{webhook_id}"};

// Does a pattern name first what belongs to nobody, or nothing at all?
inline bool has_no_owner(std::string_view pattern) {
  auto const first = first_named(pattern);
  return first.empty() || first == "{user_id}" || first == "{invitation_id}" || first == "{renderer_id}";
}

// The path with this in place of what the pattern names first; what else it names is not there.
inline std::string path_to(std::string_view pattern, std::string const& thing) {
  std::string out(pattern);
  if (auto const first = first_named(pattern); !first.empty()) out.replace(out.find(first), first.size(), thing);
  for (auto open = out.find('{'); open != std::string::npos; open = out.find('{'))
    out.replace(open, out.find('}', open) + 1 - open, "1");
  return out;
}

// A request of this route that gets as far as its handler.
inline Request request_of(Route const& route, std::string const& secret) {
  Request request;
  request.method = route.method;
  request.headers = {{"authorization", "Bearer " + secret},
                     {"idempotency-key", "once"},
                     {"tus-resumable", "1.0.0"},
                     {"upload-offset", "0"},
                     {"content-type", route.takes_bytes ? "application/offset+octet-stream" : "application/json"}};
  auto const* const patch =
      route.pattern.find("/webhooks/") == std::string_view::npos ? R"({"name":"stolen"})" : R"({"is_enabled":false})";
  request.body = route.method == "PATCH" ? patch : "";
  return request;
}

}  // namespace distren

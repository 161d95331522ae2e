// Jobs of the animation methods/blender/sample, over the HTTP API of a test.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/api_fixture.h"

namespace distren {

inline std::string sample(ApiFixture const& desk) {
  std::ifstream file(desk.top / "methods/blender/sample/distren-sample.blend", std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline nlohmann::json file_entry(std::string const& path, std::string const& bytes) {
  return {{"path", path}, {"sha256", to_hex(sha256(bytes))}, {"size_bytes", bytes.size()}};
}

// The sample animation, uploaded, as a request for a job.
inline nlohmann::json sample_job(ApiFixture& desk, std::string const& secret,
                                 nlohmann::json const& changes = nlohmann::json::object()) {
  auto const blend = sample(desk);
  ck_assert_int_eq(desk.upload(secret, blend).status, 201);
  nlohmann::json request{{"name", "film"}, {"main_file", "scene.blend"}, {"frames", "1-4"}};
  request["files"] = nlohmann::json::array({file_entry("scene.blend", blend)});
  request.merge_patch(changes);
  return request;
}

inline std::int64_t new_job(ApiFixture& desk, std::string const& secret) {
  auto const reply = desk.call("POST", "/api/v1/submissions", secret, sample_job(desk, secret));
  ck_assert_msg(reply.status == 201, "%s", reply.text.c_str());
  return reply.json["id"];
}

inline std::string job_path(std::int64_t job, std::string const& rest = "") {
  return "/api/v1/jobs/" + std::to_string(job) + rest;
}

}  // namespace distren

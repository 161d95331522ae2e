// An order of one frame as tests like to look at it: the members of its attempt, its output and its upload's URL beside
// those of the job.
#pragma once

#include <nlohmann/json.hpp>

namespace distren {

inline nlohmann::json flat_order(nlohmann::json message) {
  if (message.value("type", "") != "order" || message["attempts"].size() != 1) return message;
  nlohmann::json const attempt = message["attempts"][0];
  message.update(attempt);
  if (!message.contains("task")) message["task"] = 0;
  if (!message.contains("job")) message["job"] = 0;
  if (!attempt["outputs"].empty()) message["output"] = attempt["outputs"][0];
  if (attempt.contains("upload")) message["upload"] = attempt["upload"]["url"];
  return message;
}

}  // namespace distren

// The members of a task as the API and its events show them alike. Pure; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "server/dispatch/statuses.h"

namespace distren {

std::string_view phase_name(TaskPhase phase);

struct TaskOutput {
  std::string name;  // below output/
  std::int64_t size_bytes = 0;
  std::string sha256;
  int width = 0;  // 0: not known
  int height = 0;
};
nlohmann::json task_output_to_json(TaskOutput const& output);
nlohmann::json further_output_to_json(store::FurtherOutput const& output);

nlohmann::json warnings_to_json(std::vector<protocol::RenderWarning> const& warnings);

// outcome: of the attempt, as the database calls it. code: as slave or server said; empty: as the outcome has it. null:
// nothing failed.
nlohmann::json failure_to_json(std::string_view outcome, std::string_view code, std::string const& message);

}  // namespace distren

// What inspecting a scene found: a code for programs and a whole sentence for its owner, with the way out. Pure; any
// thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace distren {

struct Finding {
  std::string_view code;  // snake_case, see doc/openapi.yaml
  std::string message;
  std::string subject{};  // the file, camera or format that it is about; empty: the scene as a whole
  int count = 1;          // how many such things there are
};

// As the database keeps them and the API shows them.
nlohmann::json findings_to_json(std::vector<Finding> const& findings);
// Of the database: before 0.2 these were sentences alone. What cannot be read is left out.
nlohmann::json read_findings(std::string_view text);

}  // namespace distren

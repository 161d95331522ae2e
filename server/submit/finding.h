// Findings (scene/blend/finding.h) as the database keeps them and the API shows them. Pure; any thread. Errors: none;
// what cannot be read is left out.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "scene/blend/finding.h"

namespace distren {

nlohmann::json findings_to_json(std::vector<Finding> const& findings);
// Of the database: before 0.2 these were sentences alone. What cannot be read is left out.
nlohmann::json read_findings(std::string_view text);

}  // namespace distren

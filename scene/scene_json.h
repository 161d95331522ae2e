// Scene summaries as JSON and back: what distren-scene prints and the server reads. Values only; any thread. Absent
// values are omitted; invalid UTF-8 is replaced when printed. Errors of parsing: invalid, naming the member at fault.
#pragma once

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"
#include "scene/povray_text.h"

namespace distren {

nlohmann::json to_json(BlendSummary const& summary);
Result<BlendSummary> blend_from_json(nlohmann::json const& json);

nlohmann::json to_json(PovraySummary const& summary);
Result<PovraySummary> povray_from_json(nlohmann::json const& json);

}  // namespace distren

// What is known of a scene as JSON and back: what distren-scene prints and the server reads. Values only; any thread.
// What a file does not store is left out; text that is not UTF-8 is mended when it is printed.
// Failure of the way back: invalid, naming the member that is not what it should be.
#pragma once

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "scene/blend/blend_file.h"
#include "scene/povray_text.h"

namespace distren {

nlohmann::json json_of_summary(BlendSummary const& summary);
Result<BlendSummary> summary_of_json(nlohmann::json const& json);

nlohmann::json json_of_povray(PovraySummary const& summary);
Result<PovraySummary> povray_of_json(nlohmann::json const& json);

}  // namespace distren

// A parameter file: one scene, many variations (methods/parameters.xsd). What its names and values mean, the render
// method's definition. Any thread. invalid: with the line, or the variation and what is wrong with it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/render/render_method.h"

namespace distren {

struct Variation {
  std::string name;           // also of its folder
  std::vector<int> frames;    // empty: the job's
  nlohmann::json parameters;  // what it sets, and what the file sets for all; checked by the definition
};

Result<std::vector<Variation>> read_parameter_file(std::string_view text, RenderMethod const& method);

}  // namespace distren

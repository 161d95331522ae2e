#include "common/base/json_text.h"

#include <nlohmann/json.hpp>

namespace distren {

std::string to_text(nlohmann::json const& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace distren

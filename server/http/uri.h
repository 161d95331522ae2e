// Takes the target of a request apart: "/api/v1/jobs?limit=5". Everything is percent-decoded exactly once. Any thread.
// invalid, with a sentence: broken %-escapes, control characters, "." or ".." parts, empty parts, a name given twice.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

Result<Target> parse_target(std::string_view target);

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

}  // namespace distren

// Takes the target of a request apart: "/api/v1/jobs?limit=5". Everything is percent-decoded exactly once. Any thread.
// evhttp's parser and decoder, and stricter: what it would take and a handler must never see is rejected.
// invalid, with a sentence: no address by RFC 3986 (broken %-escapes, blanks, control characters), a fragment, "." or
// ".." parts, empty parts, a name given twice.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

Result<Target> parse_target(std::string const& target);

}  // namespace distren

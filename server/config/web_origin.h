// Which origins of web pages the configuration may list: as browsers send them in the header Origin, so that one that
// never matches is noticed. Pure function, any thread. Errors: invalid, with what to write instead.
#pragma once

#include <string_view>

#include "common/base/result.h"

namespace distren {

// "https://tool.example.org" or "http://localhost:3000": a scheme, a host in lower case and a port that is not the
// scheme's own.
Result<void> check_web_origin(std::string_view origin);

}  // namespace distren

// Logging by spdlog: one line per event, `time level message key=value ...`, on stderr or in a file. Call
// spdlog::info(...) from any thread. Untrusted values go through quote(), so that none can forge a log line. Secrets
// are never logged.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

// level: trace debug info warn error. file empty: stderr.
Result<void> start_log(std::string_view program, std::string_view level, std::string const& file);

// In double quotes, control characters and quotes escaped, truncated at 500 bytes.
std::string quote(std::string_view text);

}  // namespace distren

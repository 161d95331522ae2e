// Logs: one line per event, `time level message key=value ...`, on stderr or in a file, by spdlog.
// Write with spdlog::info(...) from any thread. Values that came from strangers go through quote(), so that no
// line of theirs can look like one of ours. Secrets are never logged.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

// level: trace debug info warn error. file empty: stderr.
Result<void> start_log(std::string_view program, std::string_view level, std::string const& file);

// In double quotes, control characters and quotes escaped, cut at 500 bytes.
std::string quote(std::string_view text);

}  // namespace distren

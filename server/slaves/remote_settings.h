// Remote settings that the owner of a slave requests: threads, memory, minutes a frame, schedule, pause. Kept as JSON
// in the row of the slave, sent to it as it is; the slave checks each against what its own file allows. Values, any
// thread. Failure: invalid, every problem by name.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/protocol/messages.h"

namespace distren {

// kept: the row's value; changes: a member each, null removes one. Returns the row's new value: JSON, or
// nothing when no wish is left.
Result<std::string> change_settings(std::string_view kept, nlohmann::json const& changes);
// Parses a row; anything but an object requests nothing.
protocol::RemoteSettings remote_settings_of(std::string_view kept);

}  // namespace distren

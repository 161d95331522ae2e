// What the owner of a slave asks of it from afar: threads, memory, minutes a frame, schedule, pause. Kept as JSON in
// the row of the slave, sent to it as it is; the slave checks each against what its own file allows. Values, any
// thread. Failure: invalid, every problem by name.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/protocol/messages.h"

namespace distren {

// kept: what stands in the row; changes: a member each, null takes one away. Returns what shall stand there: JSON, or
// nothing when no wish is left.
Result<std::string> change_settings(std::string_view kept, nlohmann::json const& changes);
// What a row says; anything else than an object: nothing is requested.
protocol::RemoteSettings remote_settings_of(std::string_view kept);

}  // namespace distren

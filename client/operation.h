// Waits for long work that the server has begun (202). The session's thread. Errors: the work's own problem,
// unavailable after ctrl-C, with `interrupted` set; the work goes on.
#pragma once

#include <string_view>

#include "client/session.h"

namespace distren::client {

// operation: the answer to the request that began it. Returns its result; null where the work has none.
Result<Json> wait_for_operation(Session& session, Json operation, std::string_view what);

}  // namespace distren::client

// Answers a request with long work: 202 and where it can be watched. Worker threads.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/api/router.h"

namespace distren {

// Queues it for the caller; kind and target as server/jobs/operations.h has them, 0: none. Worker threads.
Reply begin_operation(Context& context, std::string_view kind, std::int64_t target);

}  // namespace distren

// Tells a client how far a limit is used up, as the IETF draft of RateLimit header fields has it
// (draft-ietf-httpapi-ratelimit-headers): RateLimit-Policy: "user";q=5000;w=10 is what the limit allows, RateLimit:
// "user";r=4999;t=1 what is left and when all of it is there again. Several limits are several fields. Any thread. No
// errors.
#pragma once

#include <string_view>

#include "server/http/message.h"
#include "server/net/rate_limit.h"

namespace distren {

// A limit as clients know it.
struct RatePolicy {
  std::string_view name;
  Rate rate;
};

void add_rate_headers(HeaderList& headers, RatePolicy const& policy, RateState const& state);

}  // namespace distren

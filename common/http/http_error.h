// Converts an unsuccessful HTTP answer into an Error for users. Any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/http/http_client.h"

namespace distren {

inline constexpr std::string_view link_expired = "link_expired";

// The server's own sentence if it sent one (`detail` of a problem, RFC 9457), else one derived from the status; `what`
// names the requested object ("the job 7"). 401 and 403 are denied, 404 and 410 not_found, 409 conflict, 408, 425, 429
// and 5xx unavailable, everything else invalid. Of a signed address that has expired the Error's problem is
// link_expired.
Error refusal(HttpClient::Response const& response, std::string_view what);

// Retry-After in seconds, at most an hour; `otherwise` if absent.
std::chrono::milliseconds retry_after(HttpClient::Response const& response, std::chrono::milliseconds otherwise);

}  // namespace distren

// Cross-origin requests (CORS, the Fetch standard): pages of the origins that the configuration lists may use the API
// with a bearer token. Cookies never cross: a request that brings one gets no CORS headers, and no answer sets one.
// Any thread. No errors.
#pragma once

#include <string>
#include <vector>

#include "server/http/message.h"

namespace distren {

// Is this a request by a page of one of these origins, which is not the grid's own, and without a cookie?
bool is_from_listed_origin(Request const& request, std::vector<std::string> const& origins);

// Of each answer below /api/: Vary, and for such a request what its page may send (after OPTIONS) and read.
void add_cors_headers(Reply& reply, Request const& request, std::vector<std::string> const& origins);

}  // namespace distren

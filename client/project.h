// Finds a project by name or number. Main thread; sends requests to the server.
#pragma once

#include <string>

#include "client/context.h"
#include "common/base/result.h"

namespace distren::client {

// Its id. Errors: not_found, naming the existing projects.
Result<Json> find_project(Session& session, std::string const& wanted);

}  // namespace distren::client

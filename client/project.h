// Finding a project by what people call it. On the main thread; speaks with the server.
#pragma once

#include <string>

#include "client/context.h"
#include "common/base/result.h"

namespace distren::client {

// Its number, by number or name. not_found: names those that there are.
Result<Json> find_project(Session& session, std::string const& wanted);

}  // namespace distren::client

// The server's findings about a scene for users: the answer of POST /api/v1/submissions/check as text.
#pragma once

#include <string>

#include "client/fields.h"

namespace distren::client {

// Facts, one per line, then a table of the scene's external files. Without warnings and the problem.
std::string scene_report(Json const& answer, std::string const& file);

}  // namespace distren::client

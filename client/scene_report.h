// What the server found in a scene, for people: the answer of POST /api/v1/jobs/check as text.
#pragma once

#include <string>

#include "client/fields.h"

namespace distren::client {

// Facts, one a line, then a table of the files that the scene names. Warnings and the problem are not in it.
std::string scene_report(Json const& answer, std::string const& file);

}  // namespace distren::client

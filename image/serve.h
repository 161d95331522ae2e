// distren-image serve: one check after the other without starting the program, whose libraries take ten times as long
// to load as a frame takes to decode. Reads JSON lines from the socket on standard input, each with the file as a
// descriptor beside it: {"width":8,"height":6,"format":"PNG","code":0,"seconds":60}; answers a line each, as check
// does. Every file is looked at by a child of its own, with limits of its own, which can reach neither the others nor
// this process. Ends with its input.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "common/result.h"
#include "image/commands.h"

namespace distren {

using Checker = std::function<Result<nlohmann::json>(std::filesystem::path const& file, CheckOptions const& options)>;

// check runs in the child, which it may prepare (limits, libraries). Returns the exit code.
int serve_checks(Checker const& check);

}  // namespace distren

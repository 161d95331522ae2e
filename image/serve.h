// distren-image serve: one check after the other without starting the program, whose libraries take ten times as long
// to load as a frame takes to decode. Reads JSON lines from the socket on standard input, each with the file as a
// descriptor beside it: {"width":8,"height":6,"format":"PNG","code":0,"seconds":60,"source":"job 7 of slave 3"};
// answers a line each, as check does. Files are looked at by a child that can reach neither this process nor those of
// another source: what takes it over could lie about its own source's next pictures, which could lie anyway. Files
// without a source, and all after a bad one, get a new child. Ends with its input.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "image/commands.h"

namespace distren {

struct Looker {                           // both run in the child
  std::function<Result<void>()> prepare;  // limits and libraries, once
  std::function<Result<nlohmann::json>(std::filesystem::path const& file, CheckOptions const& options)> check;
};

int serve_checks(Looker const& looker);  // returns the exit code

}  // namespace distren

// distren-image serve: checks one file after another without restarting the program, whose libraries take ten times as
// long to load as a frame takes to decode. Reads JSON lines from the socket on standard input, each with the file's
// descriptor attached: {"width":8,"height":6,"format":"PNG","code":0,"seconds":60,"source":"job 7 of slave 3"}; answers
// one line each, as check does. A child decodes the files; it can reach neither this process nor the files of another
// source: code that takes it over could only misreport later images of its own source. Files without a source, and all
// after a bad one, get a new child. Ends with its input. Errors: unavailable.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "image/commands.h"

namespace distren {

struct Checker {                          // both run in the child
  std::function<Result<void>()> prepare;  // limits and libraries, once
  std::function<Result<nlohmann::json>(std::filesystem::path const& file, CheckOptions const& options)> check;
};

int serve_checks(Checker const& checker);  // returns the exit code

}  // namespace distren

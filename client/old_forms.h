// Forms of commands that are kept beside the present ones and that CLI11's aliases cannot express: another level
// ("change 7" is "job edit 7") or a command named by its arguments ("job 7" is "job show 7"). Pure; any thread. No
// errors.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "common/base/command_line.h"

namespace distren::client {

// The arguments of `distren` in their present form; others stay as they are.
std::vector<std::string> present_form(std::vector<std::string> words);

constexpr std::array<RenamedOption, 4> renamed_options{
    {{"--ca", "--ca-file"}, {"--span", "--period"}, {"--memory", "--memory-mib"}, {"--as-it-was", "--reset"}}};

}  // namespace distren::client

// The command line of a program that uses CLI11: prints its help and version, and answers a mistyped command or option
// with the nearest one. Thread: main(). Errors: a usage error is one line on stderr and exit code 2.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace distren {

constexpr int exit_usage_error = 2;

// An option of version 0.1 under its present name; both with their dashes.
struct RenamedOption {
  std::string_view old_name;
  std::string_view name;
};

// words: the arguments in order, without the program's name. Returns the exit code when the program is to end: 0 after
// help or version, else exit_usage_error.
std::optional<int> parse_command_line(CLI::App& app, std::vector<std::string> words,
                                      std::span<RenamedOption const> renamed = {});
std::optional<int> parse_command_line(CLI::App& app, int argc, char const* const* argv,
                                      std::span<RenamedOption const> renamed = {});

}  // namespace distren

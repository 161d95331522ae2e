#include "common/base/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "common/base/similar_word.h"
#include "common/base/text.h"

namespace distren {
namespace {

constexpr std::size_t shown_letters = 60;

// The commands that were recognised, from the program down.
std::vector<CLI::App const*> recognised(CLI::App const& app) {
  std::vector<CLI::App const*> out{&app};
  for (auto found = app.get_subcommands(); !found.empty(); found = out.back()->get_subcommands())
    out.push_back(found.front());
  return out;
}

// "distren job show"; from 1 on: without the program.
std::string joined_names(std::vector<CLI::App const*> const& chain, std::size_t from = 0) {
  std::string out;
  for (auto i = from; i < chain.size(); ++i) out += (out.empty() ? "" : " ") + chain[i]->get_name();
  return out;
}

std::vector<CLI::App const*> commands_of(CLI::App const& app) {
  return app.get_subcommands([](CLI::App const* each) { return !each->get_name().empty(); });
}

// The nearest command, by its name where an alias is near.
std::string nearest_command(CLI::App const& app, std::string const& word) {
  std::vector<std::string> names;
  for (auto const* each : commands_of(app)) {
    names.push_back(each->get_name());
    for (auto const& alias : each->get_aliases()) names.push_back(alias);
  }
  auto const near = similar_word(word, names);
  for (auto const* each : commands_of(app))
    if (std::ranges::find(each->get_aliases(), near) != each->get_aliases().end()) return each->get_name();
  return near;
}

// The nearest option of the command or, as options may stand anywhere, of those above it.
std::string nearest_option(std::vector<CLI::App const*> const& chain, std::string const& word) {
  std::vector<std::string> names;
  for (auto const* each : chain)
    for (auto const* option : each->get_options())
      for (auto const& name : option->get_lnames()) names.push_back("--" + name);
  return similar_word(word, names);
}

std::string suggestion(std::string const& word) {
  return word.empty() ? "" : fmt::format("; did you mean '{}'?", word);
}

std::string in_quotes(std::string_view word) {
  return fmt::format("'{}'", printable(word, shown_letters));
}

bool is_option(std::string const& word) {
  return word.size() > 1 && word.front() == '-';
}

std::string unknown_option(std::vector<CLI::App const*> const& chain, std::string const& word,
                           std::span<RenamedOption const> renamed) {
  auto const name = word.substr(0, word.find('='));
  for (auto const& each : renamed)
    if (each.old_name == name) return fmt::format("there is no option {}; it is now '{}'", in_quotes(name), each.name);
  return fmt::format("there is no option {}", in_quotes(name)) + suggestion(nearest_option(chain, name));
}

// What is wrong, and if possible what was meant.
std::string describe(CLI::App const& app, CLI::ParseError const& error, std::span<RenamedOption const> renamed) {
  auto const chain = recognised(app);
  auto const& command = *chain.back();
  auto const help = fmt::format("; see: {} --help", joined_names(chain));
  auto const unknown = app.remaining(true);
  bool const lacks_command = !commands_of(command).empty();

  if (lacks_command && !unknown.empty() && !is_option(unknown.front())) {
    auto const above = chain.size() == 1 ? "" : joined_names(chain, 1) + " ";
    auto const near = nearest_command(command, unknown.front());
    return fmt::format("there is no command {}", in_quotes(above + unknown.front())) +
           (near.empty() ? help : suggestion(above + near));
  }
  if (auto const option = std::ranges::find_if(unknown, is_option); option != unknown.end()) {
    auto const text = unknown_option(chain, *option, renamed);
    return text.find(';') == std::string::npos ? text + help : text;
  }
  if (!unknown.empty()) return fmt::format("unexpected argument {}", in_quotes(unknown.front())) + help;
  if (lacks_command && dynamic_cast<CLI::RequiredError const*>(&error) != nullptr)
    return "a command is required" + help;
  return printable(error.what()) + help;
}

}  // namespace

std::optional<int> parse_command_line(CLI::App& app, std::vector<std::string> words,
                                      std::span<RenamedOption const> renamed) {
  std::ranges::reverse(words);  // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (CLI::ParseError const& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    fmt::print(stderr, "{}: {}\n", app.get_name(), describe(app, error, renamed));
    return exit_usage_error;
  }
  return std::nullopt;
}

std::optional<int> parse_command_line(CLI::App& app, int argc, char const* const* argv,
                                      std::span<RenamedOption const> renamed) {
  return parse_command_line(app, std::vector<std::string>(argv + std::min(argc, 1), argv + argc), renamed);
}

}  // namespace distren

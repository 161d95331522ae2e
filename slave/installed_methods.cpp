#include "slave/installed_methods.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "common/process/process.h"
#include "slave/gpu_access.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

Result<std::string> version_of(InstalledMethod const& installed) {
  RenderMethod const& method = installed.method;
  fs::path const& program = installed.program;
  ProcessOptions options;
  options.argv = method.version_arguments;
  options.argv.insert(options.argv.begin(), program.string());
  if (installed.only_sandboxed()) {
    Sandbox sandbox;
    sandbox.tree = installed.tree;
    if (auto const entered = enter_sandbox(options, sandbox); !entered) return entered.error();
  }
  auto const report = run_process(std::move(options), std::chrono::seconds(60));
  if (!report) return report.error();
  std::istringstream lines(report->output);
  std::string line;
  while (std::getline(lines, line))
    if (auto const groups = method.version_pattern.match(line); groups && groups->size() > 1) return groups->at(1);
  if (!method.version_missing.empty() && report->end.ok()) return fail(Errc::unavailable, method.version_missing);
  return fail(Errc::unavailable, fmt::format("{} {} without printing its version; is it {}?",
                                             installed.where().string(), report->end.text(), method.title));
}

// The definition's program in a tree; nothing: the tree has none.
std::optional<fs::path> program_in(fs::path const& tree, std::string const& program) {
  std::error_code error;
  for (auto const* folder : {"usr/local/bin", "usr/bin", "bin"})
    if (fs::exists(fs::symlink_status(tree / folder / program, error))) return fs::path("/") / folder / program;
  return std::nullopt;
}

}  // namespace

std::string InstalledMethod::device() const {
  std::string const tag = gpu_tag(gpus);
  return tag.empty() ? tag : tag.substr(1);  // it begins with a plus
}

fs::path InstalledMethod::where() const {
  return tree.empty() ? program : tree / program.relative_path();
}

Result<InstalledMethod> find_installed_method(RenderMethod const& method, fs::path const& place,
                                              std::string const& build) {
  InstalledMethod found{.method = method, .program = {}, .version = {}, .build = build};
  if (std::error_code error; fs::is_directory(place, error)) {
    auto const inside = program_in(place, method.program);
    if (!inside)
      return fail(Errc::unavailable, fmt::format("there is no {} in the tree {}: it must be a root folder with its own "
                                                 "usr/bin/{}",
                                                 method.program, place.string(), method.program));
    found.tree = fs::canonical(place, error);
    found.program = *inside;
  } else {
    auto const program = find_program(place.string());
    if (!program)
      return fail(Errc::unavailable, fmt::format("the program {} was not found; install it, or say where it is in "
                                                 "[renderers]",
                                                 place.string()));
    found.program = *program;
  }
  auto version = version_of(found);
  if (!version) return version.error();
  found.version = std::move(*version);
  return found;
}

Result<std::vector<Gpu>> find_gpus(InstalledMethod const& method, bool sandboxed) {
  ProcessOptions options;
  options.argv = {method.program.string()};
  for (std::string argument : method.method.device_arguments) {
    std::string const folder = sandboxed ? "/method" : method.method.folder.string();
    for (auto at = argument.find("{method}"); at != std::string::npos; at = argument.find("{method}"))
      argument.replace(at, 8, folder);
    options.argv.push_back(argument);
  }
  options.line_limit = 64U << 10;
  if (sandboxed) {
    Sandbox sandbox;
    sandbox.bindings = {{method.method.folder, "/method", false}};
    sandbox.tree = method.tree;
    show_gpus(sandbox);
    if (auto const entered = enter_sandbox(options, sandbox); !entered) return entered.error();
  }
  auto const report = run_process(std::move(options), std::chrono::seconds(120));
  if (!report) return report.error();
  std::istringstream lines(report->output);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("DISTREN "))
      if (auto gpus = parse_gpus(std::string_view(line).substr(8))) return gpus;
  return fail(Errc::unavailable, fmt::format("{} lists no devices: it {}", method.method.title, report->end.text()));
}

std::vector<InstalledMethod> find_installed_methods(std::map<std::string, RenderMethod> const& methods,
                                                    std::map<std::string, std::vector<std::string>> const& programs,
                                                    bool sandboxed, std::vector<std::string>& missing) {
  std::vector<InstalledMethod> out;
  for (auto const& [name, method] : methods) {
    auto const named = programs.find(name);
    for (auto const& place : named == programs.end() ? std::vector{method.program} : named->second) {
      auto found = find_installed_method(method, place);
      bool const again = found && std::ranges::any_of(out, [&found](auto const& each) {
                           return each.method.name == found->method.name && each.version == found->version;
                         });
      if (!found)
        missing.push_back(fmt::format("{}: {}", method.title, found.error().message));
      else if (!sandboxed && found->only_sandboxed())
        missing.push_back(fmt::format("{}: the tree {} needs the sandbox, and sandbox = \"off\"", method.title, place));
      else if (again)  // the server tells renderers apart by their version
        missing.push_back(fmt::format("{}: {} is {} once more and is not used", method.title, place, found->version));
      else
        out.push_back(std::move(*found));
    }
  }
  return out;
}

}  // namespace distren

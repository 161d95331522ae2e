#include "slave/installed_methods.h"

#include <fmt/format.h>

#include <sstream>

#include "common/process/process.h"
#include "common/process/sandbox.h"
#include "slave/gpu_access.h"

namespace distren {

namespace {

Result<std::string> version_of(RenderMethod const& method, std::filesystem::path const& program) {
  ProcessOptions options;
  options.argv = method.version_arguments;
  options.argv.insert(options.argv.begin(), program.string());
  auto const report = run_process(std::move(options), std::chrono::seconds(60));
  if (!report) return report.error();
  std::istringstream lines(report->output);
  std::string line;
  while (std::getline(lines, line))
    if (auto const groups = method.version_pattern.match(line); groups && groups->size() > 1) return groups->at(1);
  if (!method.version_missing.empty() && report->end.ok()) return fail(Errc::unavailable, method.version_missing);
  return fail(Errc::unavailable, fmt::format("{} {} without printing its version; is it {}?", program.string(),
                                             report->end.text(), method.title));
}

}  // namespace

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

Result<std::vector<InstalledMethod>> find_installed_methods(std::filesystem::path const& methods,
                                                            std::map<std::string, std::string> const& programs,
                                                            std::vector<std::string>& missing) {
  auto definitions = load_render_methods(methods);
  if (!definitions) return definitions.error();
  std::vector<InstalledMethod> out;
  for (auto& [name, method] : *definitions) {
    auto const named = programs.find(name);
    std::string const wanted = named == programs.end() ? method.program : named->second;
    auto const program = find_program(wanted);
    if (!program) {
      missing.push_back(fmt::format("{}: the program {} was not found; install it, or say where it is in [programs]",
                                    method.title, wanted));
      continue;
    }
    auto const version = version_of(method, *program);
    if (!version)
      missing.push_back(fmt::format("{}: {}", method.title, version.error().message));
    else
      out.push_back({std::move(method), *program, *version});
  }
  return out;
}

}  // namespace distren

#include "slave/cgroup.h"

#include <fmt/format.h>

#include <cstdlib>

#include "common/base/text.h"

namespace distren {

namespace {

constexpr char const* scope_program = "systemd-run";

void pass_on(std::vector<std::string>& environment, char const* name) {
  if (char const* const value = std::getenv(name); value != nullptr)
    environment.push_back(fmt::format("{}={}", name, value));
}

}  // namespace

// With --scope systemd-run registers itself and becomes the program: same process, same descriptors.
void enter_cgroup(ProcessOptions& options, CgroupLimits const& limits) {
  std::vector<std::string> argv = {scope_program, "--user", "--scope", "--quiet", "--collect", "--slice=distren"};
  argv.push_back(fmt::format("--property=TasksMax={}", limits.tasks));
  if (limits.memory_mib > 0) {
    argv.push_back(fmt::format("--property=MemoryMax={}M", limits.memory_mib));
    argv.emplace_back("--property=MemorySwapMax=0");
  }
  if (limits.threads > 0) argv.push_back(fmt::format("--property=CPUQuota={}%", limits.threads * 100));
  argv.emplace_back("--");
  argv.insert(argv.end(), options.argv.begin(), options.argv.end());
  options.argv = std::move(argv);
  if (!options.environment) return;
  pass_on(*options.environment, "XDG_RUNTIME_DIR");  // locates the user manager; a sandbox removes it
  pass_on(*options.environment, "DBUS_SESSION_BUS_ADDRESS");
}

Result<void> cgroups_available() {
  if (!find_program(scope_program)) return fail(Errc::unavailable, "there is no systemd-run");
  ProcessOptions options;
  options.argv = {"/bin/true"};
  enter_cgroup(options, {.memory_mib = 64, .tasks = 16, .threads = 1});
  auto const report = run_process(std::move(options), std::chrono::seconds(10));
  if (!report) return report.error();
  if (report->end.ok()) return {};
  return fail(Errc::unavailable, fmt::format("systemd-run {}: {}", report->end.text(),
                                             printable(report->output.substr(0, report->output.find('\n')), 200)));
}

}  // namespace distren

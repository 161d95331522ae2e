#include "common/process/sandbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace distren {

namespace {

namespace fs = std::filesystem;

bool is_below(fs::path const& path, fs::path const& folder) {
  auto const [end, unused] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

// What programs of a distribution need to start. /bin and friends are links into /usr on merged systems and are made
// the same inside; /etc gives fonts, alternatives and the linker's cache, nothing personal.
void add_system(std::vector<std::string>& argv) {
  for (auto const* folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code error;
    if (fs::is_symlink(folder, error))
      argv.insert(argv.end(), {"--symlink", fs::read_symlink(folder, error).string(), folder});
    else
      argv.insert(argv.end(), {"--ro-bind-try", folder, folder});
  }
  for (auto const* path :
       {"/usr", "/etc/alternatives", "/etc/fonts", "/etc/glvnd", "/etc/ld.so.cache", "/etc/ld.so.conf",
        "/etc/ld.so.conf.d", "/etc/localtime", "/etc/povray", "/etc/ImageMagick-6", "/etc/OpenCL", "/etc/vulkan"})
    argv.insert(argv.end(), {"--ro-bind-try", path, path});
}

// Programs unpacked elsewhere (/opt/blender) bring their files in their own folder.
Result<void> add_program_folder(std::vector<std::string>& argv, fs::path const& program) {
  for (auto const* system : {"/usr", "/bin", "/lib", "/lib64"})
    if (is_below(program, system)) return {};
  fs::path const folder = program.parent_path();
  char const* const home = std::getenv("HOME");
  if (folder == "/" || (home != nullptr && folder == fs::path(home)))
    return fail(Errc::unavailable,
                fmt::format("{} lies in {}, and showing all of that to strangers' files is not safe; "
                            "move the program to a folder of its own",
                            program.string(), folder.string()));
  argv.insert(argv.end(), {"--ro-bind", folder.string(), folder.string()});
  return {};
}

std::string advice(std::string_view output) {
  auto const prints = [&output](std::string_view word) { return output.find(word) != std::string_view::npos; };
  if (prints("creating new namespace") || prints("uid map") || prints("create new namespace") || prints("unprivileged"))
    return "user namespaces are forbidden here; allow them: sysctl kernel.unprivileged_userns_clone=1 (Debian), sysctl "
           "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), or run a container with --privileged";
  if (prints("mount proc"))
    return "this container does not allow a new /proc; start it with --security-opt systempaths=unconfined or "
           "--privileged";
  return "run it by hand to see more: bwrap --unshare-all --ro-bind / / true";
}

}  // namespace

Result<void> enter_sandbox(ProcessOptions& options, Sandbox const& sandbox) {
  if (!find_program("bwrap"))
    return fail(Errc::unavailable,
                "bubblewrap, the sandbox for strangers' files, is missing: apt-get install bubblewrap");
  if (options.argv.empty()) return fail(Errc::invalid, "no program to run was named");
  auto const found = find_program(options.argv.front());
  if (!found) return fail(Errc::unavailable, fmt::format("the program {} was not found", options.argv.front()));
  std::error_code error;
  fs::path const program = fs::canonical(*found, error);
  if (error) return fail(Errc::unavailable, fmt::format("cannot find {}: {}", found->string(), error.message()));

  auto filter = seccomp_filter();
  if (!filter) return filter.error();

  std::string const temporary_size = std::to_string(sandbox.temporary_size);
  std::vector<std::string> argv = {"bwrap",      "--unshare-all", "--unshare-user",    "--uid",         "1000",
                                   "--gid",      "1000",          "--die-with-parent", "--new-session", "--clearenv",
                                   "--cap-drop", "ALL",           "--hostname",        "distren"};
  add_system(argv);
  argv.insert(argv.end(), {"--proc", "/proc", "--dev", "/dev", "--size", temporary_size, "--tmpfs", "/dev/shm"});
  for (auto const& device : sandbox.devices)
    argv.insert(argv.end(), {"--dev-bind-try", device.string(), device.string()});
  if (!sandbox.devices.empty())
    for (auto const* path : {"/sys/devices", "/sys/class/drm", "/sys/class/kfd", "/sys/bus/pci", "/sys/dev/char"})
      argv.insert(argv.end(), {"--ro-bind-try", path, path});
  argv.insert(argv.end(), {"--remount-ro", "/dev", "--size", temporary_size, "--tmpfs", "/tmp"});
  auto const shown = add_program_folder(argv, program);
  if (!shown) return shown;
  argv.insert(argv.end(), {"--size", temporary_size, "--tmpfs", "/home/render"});
  for (auto const& binding : sandbox.bindings)
    argv.insert(argv.end(), {binding.writable ? "--bind" : "--ro-bind", binding.outside.string(), binding.inside});
  argv.insert(argv.end(), {"--remount-ro", "/", "--chdir", sandbox.directory});

  std::vector<std::string> environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/render", "LANG=C.UTF-8",
                                          "TMPDIR=/tmp"};
  environment.insert(environment.end(), sandbox.environment.begin(), sandbox.environment.end());
  for (auto const& setting : environment) {
    auto const equals = setting.find('=');
    if (equals == std::string::npos) return fail(Errc::invalid, fmt::format("{} is not NAME=value", setting));
    argv.insert(argv.end(), {"--setenv", setting.substr(0, equals), setting.substr(equals + 1)});
  }
  argv.insert(argv.end(), {"--seccomp", std::to_string(filter->get()), "--", program.string()});
  argv.insert(argv.end(), options.argv.begin() + 1, options.argv.end());

  options.argv = std::move(argv);
  options.environment = std::vector<std::string>{"PATH=/usr/local/bin:/usr/bin:/bin"};
  options.directory.clear();
  options.handed_over.push_back(std::move(*filter));
  return {};
}

Result<void> sandbox_available() {
  ProcessOptions options;
  options.argv = {"/bin/true"};
  auto const entered = enter_sandbox(options, {});
  if (!entered) return entered;
  auto const report = run_process(std::move(options), std::chrono::seconds(20));
  if (!report) return report.error();
  if (report->end.ok()) return {};
  return fail(Errc::unavailable,
              fmt::format("the sandbox does not work on this machine: bwrap {}, saying \"{}\"; {}", report->end.text(),
                          report->output.substr(0, report->output.find('\n')), advice(report->output)));
}

}  // namespace distren

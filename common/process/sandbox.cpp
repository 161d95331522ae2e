#include "common/process/sandbox.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <optional>
#include <utility>

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::array system_folders = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

bool is_below(fs::path const& path, fs::path const& folder) {
  auto const [end, unused] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

// Where the tree has it, its links followed as if the tree were the root; nothing: it has it not. Without a tree as is.
std::optional<fs::path> place_in(fs::path const& tree, fs::path const& path) {
  if (tree.empty()) return path;
  constexpr int most_links = 40;
  std::error_code error;
  fs::path real = tree;
  std::deque<fs::path> left(path.begin(), path.end());
  for (int links = 0; !left.empty() && links <= most_links;) {
    fs::path const part = std::exchange(left.front(), {});
    left.pop_front();
    if (part.empty() || part == "." || part == "/") continue;
    if (part == "..") {
      if (real != tree) real = real.parent_path();
    } else if (auto const status = fs::symlink_status(real / part, error); fs::is_symlink(status)) {
      auto const target = fs::read_symlink(real / part, error);
      if (target.is_absolute()) real = tree;
      left.insert(left.begin(), target.begin(), target.end());
      ++links;
    } else if (fs::exists(status)) {
      real /= part;
    } else {
      return std::nullopt;
    }
  }
  return left.empty() ? std::optional(real) : std::nullopt;
}

// What programs of a distribution need to start. /bin and friends are links into /usr on merged systems and are made
// the same inside; /etc gives fonts, alternatives and the linker's cache, nothing personal.
void add_system(std::vector<std::string>& argv, fs::path const& tree) {
  for (auto const* folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code error;
    fs::path const place = tree.empty() ? fs::path(folder) : tree / fs::path(folder).relative_path();
    if (fs::is_symlink(place, error))
      argv.insert(argv.end(), {"--symlink", fs::read_symlink(place, error).string(), folder});
    else if (auto const shown = place_in(tree, folder))
      argv.insert(argv.end(), {"--ro-bind-try", shown->string(), folder});
  }
  for (auto const* path :
       {"/usr", "/etc/alternatives", "/etc/fonts", "/etc/glvnd", "/etc/ld.so.cache", "/etc/ld.so.conf",
        "/etc/ld.so.conf.d", "/etc/localtime", "/etc/povray", "/etc/ImageMagick-6", "/etc/OpenCL", "/etc/vulkan"})
    if (auto const shown = place_in(tree, path)) argv.insert(argv.end(), {"--ro-bind-try", shown->string(), path});
}

// Programs unpacked elsewhere (/opt/blender) bring their files in their own folder, those of a store what they need
// from the folders beside it.
Result<std::vector<fs::path>> folders_of(fs::path const& program) {
  for (auto const* system : system_folders)
    if (is_below(program, system)) return std::vector<fs::path>{};
  for (auto const* store : {"/nix/store", "/gnu/store"})
    if (is_below(program, store)) return std::vector<fs::path>{store, "/run/opengl-driver"};
  fs::path const folder = program.parent_path();
  char const* const home = std::getenv("HOME");
  if (folder == "/" || (home != nullptr && folder == fs::path(home)))
    return fail(Errc::unavailable,
                fmt::format("{} lies in {}, and showing all of that to strangers' files is not safe; "
                            "move the program to a folder of its own",
                            program.string(), folder.string()));
  return std::vector{folder};
}

// The loader that a program asks the kernel for: of an ELF file its interpreter, of a script the program of its first
// line. Empty: it needs none, or it cannot be read.
std::string loader_of(fs::path const& program) {
  std::ifstream file(program, std::ios::binary);
  std::string head(2, '\0');
  if (!file.read(head.data(), 2)) return {};
  if (head == "#!") {
    std::string line;
    std::getline(file, line);
    auto const from = line.find_first_not_of(" \t");
    return from == std::string::npos ? "" : line.substr(from, line.find_first_of(" \t\r", from) - from);
  }
  Elf64_Ehdr header{};
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return {};
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return {};
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part{};
    file.seekg(static_cast<std::streamoff>(header.e_phoff + std::uint64_t(i) * header.e_phentsize));
    if (!file.read(reinterpret_cast<char*>(&part), sizeof part)) return {};
    if (part.p_type != PT_INTERP || part.p_filesz == 0 || part.p_filesz > PATH_MAX) continue;
    std::string name(part.p_filesz - 1, '\0');
    file.seekg(static_cast<std::streamoff>(part.p_offset));
    return file.read(name.data(), static_cast<std::streamsize>(name.size())) ? name : "";
  }
  return {};
}

// On systems whose libraries lie elsewhere (NixOS, Guix, the host seen from inside Flatpak) a program would only be
// "not found" inside, which says nothing.
Result<void> check_loader(fs::path const& program, fs::path const& tree, std::vector<fs::path> const& shown) {
  std::string const loader = loader_of(program);
  if (loader.empty() || !loader.starts_with("/")) return {};
  std::error_code error;
  auto const inside = [&loader](fs::path const& folder) { return is_below(loader, folder); };
  bool const seen = std::ranges::any_of(system_folders, inside) || (tree.empty() && std::ranges::any_of(shown, inside));
  auto const place = tree.empty() ? fs::path(loader) : tree / fs::path(loader).relative_path();
  bool const there = tree.empty() ? fs::exists(place, error) : place_in(tree, loader).has_value();
  if (seen && there) return {};
  return fail(
      Errc::unavailable,
      fmt::format(
          "{} needs {}, which {}. The sandbox shows /usr, /lib, /lib64, /bin{} and the program's own folder; "
          "install the program from this system's packages, or use a renderer with a /usr of its own, which the "
          "grid delivers or you name in [renderers]",
          program.string(), loader,
          there          ? "is not shown in the sandbox"
          : tree.empty() ? "is not there"
                         : "is not in its tree",
          tree.empty() ? "" : " of the tree"));
}

struct Program {
  fs::path outside;    // without links
  std::string inside;  // as the sandbox names it
};

Result<Program> program_of(std::string const& name, fs::path const& tree) {
  std::error_code error;
  if (!tree.empty()) {
    auto const real = place_in(tree, name);
    if (!real || !fs::is_regular_file(*real, error))
      return fail(Errc::unavailable, fmt::format("there is no program {} in the tree {}", name, tree.string()));
    return Program{*real, name};
  }
  auto const found = find_program(name);
  if (!found) return fail(Errc::unavailable, fmt::format("the program {} was not found", name));
  fs::path real = fs::canonical(*found, error);
  if (error) return fail(Errc::unavailable, fmt::format("cannot find {}: {}", found->string(), error.message()));
  std::string inside = real.string();
  return Program{std::move(real), std::move(inside)};
}

}  // namespace

Result<void> enter_sandbox(ProcessOptions& options, Sandbox const& sandbox) {
  if (!find_program("bwrap"))
    return fail(Errc::unavailable,
                "bubblewrap, the sandbox for strangers' files, is missing: apt-get install bubblewrap");
  if (options.argv.empty()) return fail(Errc::invalid, "no program to run was named");
  auto const program = program_of(options.argv.front(), sandbox.tree);
  if (!program) return program.error();
  auto const shown = sandbox.tree.empty() ? folders_of(program->outside) : std::vector<fs::path>{};
  if (!shown) return shown.error();
  if (auto const good = check_loader(program->outside, sandbox.tree, *shown); !good) return good;

  auto filter = seccomp_filter();
  if (!filter) return filter.error();

  std::string const temporary_size = std::to_string(sandbox.temporary_size);
  std::vector<std::string> argv = {"bwrap",      "--unshare-all", "--unshare-user",    "--uid",         "1000",
                                   "--gid",      "1000",          "--die-with-parent", "--new-session", "--clearenv",
                                   "--cap-drop", "ALL",           "--hostname",        "distren"};
  add_system(argv, sandbox.tree);
  argv.insert(argv.end(), {"--proc", "/proc", "--dev", "/dev", "--size", temporary_size, "--tmpfs", "/dev/shm"});
  for (auto const& device : sandbox.devices)
    argv.insert(argv.end(), {"--dev-bind-try", device.string(), device.string()});
  for (auto const& folder : sandbox.folders)
    argv.insert(argv.end(), {"--ro-bind-try", folder.string(), folder.string()});
  argv.insert(argv.end(), {"--remount-ro", "/dev", "--size", temporary_size, "--tmpfs", "/tmp"});
  for (auto const& folder : *shown) argv.insert(argv.end(), {"--ro-bind-try", folder.string(), folder.string()});
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
  argv.insert(argv.end(), {"--seccomp", std::to_string(filter->get()), "--", program->inside});
  argv.insert(argv.end(), options.argv.begin() + 1, options.argv.end());

  options.argv = std::move(argv);
  options.environment = std::vector<std::string>{"PATH=/usr/local/bin:/usr/bin:/bin"};
  options.directory.clear();
  options.handed_over.push_back(std::move(*filter));
  return {};
}

std::string sandbox_advice(std::string_view output) {
  auto const prints = [&output](std::string_view word) { return output.find(word) != std::string_view::npos; };
  std::error_code error;
  if (fs::exists("/.flatpak-info", error))
    return "inside Flatpak no sandbox can be made; install distren-slave on the system itself";
  // AppArmor lets a program make the namespace and takes its rights in it.
  if (prints("RTM_NEWADDR") || prints("loopback") || prints("uid map") || prints("gid map"))
    return "AppArmor forbids user namespaces to programs that it does not know (Ubuntu 24.04 and later): copy "
           "contrib/apparmor/distren to /etc/apparmor.d/ and run: apparmor_parser -r /etc/apparmor.d/distren; or allow "
           "them to all programs: sysctl kernel.apparmor_restrict_unprivileged_userns=0; in a container, start it with "
           "--privileged";
  if (prints("creating new namespace") || prints("create new namespace") || prints("unprivileged"))
    return "user namespaces are forbidden here; allow them: sysctl kernel.unprivileged_userns_clone=1 (Debian), sysctl "
           "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), sysctl user.max_user_namespaces=10000 (others), "
           "or "
           "run a container with --privileged";
  if (prints("mount proc"))
    return "this container does not allow a new /proc; start it with --security-opt systempaths=unconfined or "
           "--privileged";
  if (prints("execvp"))
    return "programs of this system need files that the sandbox does not show: their libraries lie elsewhere than in "
           "/usr and /lib";
  return "run it by hand to see more: bwrap --unshare-all --ro-bind / / true";
}

Result<void> sandbox_available() {
  ProcessOptions options;
  options.argv = {"true"};  // not everywhere in /bin
  auto const entered = enter_sandbox(options, {});
  if (!entered) return entered;
  auto const report = run_process(std::move(options), std::chrono::seconds(20));
  if (!report) return report.error();
  if (report->end.ok()) return {};
  return fail(Errc::unavailable,
              fmt::format("the sandbox does not work on this machine: bwrap {}, saying \"{}\"; {}", report->end.text(),
                          report->output.substr(0, report->output.find('\n')), sandbox_advice(report->output)));
}

}  // namespace distren

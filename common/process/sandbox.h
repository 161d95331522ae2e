// Isolates a child process by bubblewrap: own user, process, network, IPC and host name spaces, programs read-only, no
// home, no network, an empty /tmp, and a seccomp filter against rarely needed system calls. Any thread. Usage: fill
// ProcessOptions as for a run outside, with paths as they are *inside*, then enter_sandbox(), then start. Errors:
// unavailable with the reason and the remedy; there is no fallback to running without.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/process/process.h"

namespace distren {

struct Sandbox {
  struct Binding {
    std::filesystem::path outside;
    std::string inside;  // absolute, not below /usr, /etc, /proc, /dev
    bool writable = false;
  };
  // A whole tree with a /usr of its own, shown in place of this machine's; the program is named as inside. Empty: this
  // machine's system.
  std::filesystem::path tree{};
  std::vector<Binding> bindings{};               // later ones may lie inside earlier ones, /tmp and /home/render
  std::vector<std::filesystem::path> devices{};  // below /dev, for graphics cards
  std::vector<std::filesystem::path> folders{};  // shown read-only under their own names, where they are
  std::string directory = "/tmp";                // where the program starts, inside
  std::vector<std::string> environment{};        // NAME=value besides PATH, HOME, LANG, TMPDIR; nothing is inherited
  std::uint64_t temporary_size = 1U << 30;       // bytes, for /tmp and /dev/shm each
};

// Rewrites options so that its program runs inside. The program's own folder is mounted read-only when it is not below
// /usr, and the whole store where it lies in one (Nix, Guix); options.environment and options.directory are replaced.
// unavailable also where the program's loader would not be inside.
Result<void> enter_sandbox(ProcessOptions& options, Sandbox const& sandbox);

// Runs /bin/true in a sandbox. The Error names what is missing on this machine and how to install it.
Result<void> sandbox_available();

// What to do about a sandbox that bwrap could not make, from what bwrap printed. Pure.
std::string sandbox_advice(std::string_view output);

// The filter in the format of bubblewrap's --seccomp, in an unnamed file positioned at its start.
Result<FileDescriptor> seccomp_filter();

}  // namespace distren

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "common/process/sandbox.h"

namespace distren {

namespace {

// No renderer or image decoder needs these; each has been used to escape from containers.
constexpr std::array denied_calls = {"acct",
                                     "add_key",
                                     "adjtimex",
                                     "bpf",
                                     "chroot",
                                     "clock_adjtime",
                                     "clock_settime",
                                     "delete_module",
                                     "finit_module",
                                     "fsconfig",
                                     "fsmount",
                                     "fsopen",
                                     "fspick",
                                     "init_module",
                                     "io_uring_enter",
                                     "io_uring_register",
                                     "io_uring_setup",
                                     "ioperm",
                                     "iopl",
                                     "kcmp",
                                     "kexec_file_load",
                                     "kexec_load",
                                     "keyctl",
                                     "lookup_dcookie",
                                     "mknod",
                                     "mknodat",
                                     "modify_ldt",
                                     "mount",
                                     "mount_setattr",
                                     "move_mount",
                                     "name_to_handle_at",
                                     "nfsservctl",
                                     "open_by_handle_at",
                                     "open_tree",
                                     "perf_event_open",
                                     "personality",
                                     "pidfd_getfd",
                                     "pivot_root",
                                     "process_madvise",
                                     "process_vm_readv",
                                     "process_vm_writev",
                                     "ptrace",
                                     "quotactl",
                                     "quotactl_fd",
                                     "reboot",
                                     "request_key",
                                     "setdomainname",
                                     "sethostname",
                                     "setns",
                                     "settimeofday",
                                     "swapoff",
                                     "swapon",
                                     "syslog",
                                     "umount2",
                                     "unshare",
                                     "uselib",
                                     "userfaultfd",
                                     "vhangup"};

constexpr std::array<std::uint64_t, 8> namespace_flags = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                                          CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET, CLONE_NEWTIME};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

}  // namespace

Result<FileDescriptor> seccomp_filter() {
  auto const problem = [](std::string_view what, int error) {
    return fail(Errc::unavailable, fmt::format("cannot make the system call filter ({}): {}", what,
                                               std::strerror(error < 0 ? -error : error)));
  };
  std::unique_ptr<void, Release> const filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return problem("start", ENOMEM);
  std::uint32_t const deny = SCMP_ACT_ERRNO(EPERM);

  for (auto const* name : denied_calls) {
    int const call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR) continue;  // a name that this libseccomp is too old to know
    int const status = seccomp_rule_add(filter.get(), deny, call, 0);
    if (status != 0 && status != -EDOM) return problem(name, status);  // EDOM: not on this architecture
  }
  for (auto const flag : namespace_flags)
    if (int const status =
            seccomp_rule_add(filter.get(), deny, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
        status != 0)
      return problem("clone", status);
  // Its flags lie in memory, where a filter cannot look: as if the kernel were older, so that libc uses clone.
  if (int const status = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0); status != 0)
    return problem("clone3", status);
  if (int const status = seccomp_rule_add(filter.get(), deny, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX));
      status != 0)
    return problem("socket", status);
  for (unsigned long const request : {static_cast<unsigned long>(TIOCSTI), static_cast<unsigned long>(TIOCLINUX)})
    if (int const status =
            seccomp_rule_add(filter.get(), deny, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffU, request));
        status != 0)
      return problem("ioctl", status);

  FileDescriptor file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file) return problem("memfd_create", errno);
  if (int const status = seccomp_export_bpf(filter.get(), file.get()); status != 0) return problem("export", status);
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return problem("lseek", errno);
  return file;
}

}  // namespace distren

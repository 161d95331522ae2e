// For builds with sanitizers: options for programs that read untrusted files in the sandbox, where no environment
// reaches them. Included once by the main file of each; defines nothing in other builds. Pure.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The leak check needs ptrace, which the sandbox's filter denies: it would end every such program with an error. A
// complete stack is needed to match suppressions in it. (syscall: prctl itself is not usable so early.)
extern "C" inline __attribute__((used, no_sanitize("address", "undefined"))) char const* __asan_default_options() {
  return ::syscall(SYS_prctl, PR_GET_SECCOMP) == SECCOMP_MODE_FILTER ? "detect_leaks=0:fast_unwind_on_malloc=0"
                                                                     : "fast_unwind_on_malloc=0";
}
#endif

#if defined(__SANITIZE_THREAD__)
// Libraries under OpenImageIO start idle threads before main(). distren-image forks beside them and its children start
// their own, which ThreadSanitizer rejects by default.
extern "C" inline __attribute__((used)) char const* __tsan_default_options() {
  return "die_after_fork=0";
}
#endif

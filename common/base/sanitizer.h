// For builds with sanitizers: what these must know of programs that look at strangers' files in the sandbox, where no
// environment reaches them. Included by the main file of each, once; defines nothing in other builds.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The search for leaks needs ptrace, which the sandbox's filter denies: it would end every program there with an error.
// A whole stack is needed to find the names of suppressions in it. (syscall: prctl itself is not usable so early.)
extern "C" inline __attribute__((used, no_sanitize("address", "undefined"))) char const* __asan_default_options() {
  return ::syscall(SYS_prctl, PR_GET_SECCOMP) == SECCOMP_MODE_FILTER ? "detect_leaks=0:fast_unwind_on_malloc=0"
                                                                     : "fast_unwind_on_malloc=0";
}
#endif

#if defined(__SANITIZE_THREAD__)
// Libraries under OpenImageIO start idle threads before main(). distren-image forks beside them and its children start
// their own, which ThreadSanitizer refuses unless told otherwise.
extern "C" inline __attribute__((used)) char const* __tsan_default_options() {
  return "die_after_fork=0";
}
#endif

// A control group for a renderer, by systemd's user manager if available: the kernel then limits memory, tasks and
// processor time of all its processes together. Without it only the limits per process and the watch over the process
// tree apply. Any thread. Errors: unavailable, with the message of systemd-run.
#pragma once

#include "common/base/result.h"
#include "common/process/process.h"

namespace distren {

struct CgroupLimits {
  int memory_mib = 0;  // 0: no limit
  int tasks = 512;     // processes and threads
  int threads = 0;     // in cores' worth of time; 0: no limit
};

Result<void> cgroups_available();  // creates one as a test; takes up to ten seconds

// Rewrites options so that its program, sandboxed or not, runs in a group of its own. Call after enter_sandbox().
void enter_cgroup(ProcessOptions& options, CgroupLimits const& limits);

}  // namespace distren

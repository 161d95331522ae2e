// A control group around a renderer, by systemd's user manager where there is one: memory, tasks and processor of all
// its processes together are then limited by the kernel. Without it the limits per process and the watch over the tree
// stand alone. Any thread. Failure: unavailable, with what systemd-run says.
#pragma once

#include "common/base/result.h"
#include "common/process/process.h"

namespace distren {

struct CgroupLimits {
  int memory_mib = 0;  // 0: no limit
  int tasks = 512;     // processes and threads
  int threads = 0;     // so many cores' worth of time; 0: no limit
};

Result<void> scopes_available();  // tries one, in up to ten seconds

// Rewrites options so that its program, a sandbox or another, runs in a group of its own. After enter_sandbox().
void enter_scope(ProcessOptions& options, CgroupLimits const& limits);

}  // namespace distren

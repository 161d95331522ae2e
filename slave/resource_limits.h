// Resource limits of this machine: those of the volunteer's file, reduced by remote settings of the slave's owner where
// the volunteer allows them (remote_settings). Remote settings never exceed the file: threads, memory and minutes are
// the smaller of both, the schedule what both allow. Pure. Invalid settings are named in `problems`, the others apply.
#pragma once

#include <string>
#include <vector>

#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "slave/availability.h"

namespace distren {

struct ResourceLimits {
  int threads = 0;                // of a renderer
  int memory_mib = 0;             // of it
  std::int64_t max_frame_ms = 0;  // 0: any
  WeekSchedule schedule = WeekSchedule().set();
  bool paused = false;  // by remote settings
  std::vector<std::string> problems{};
};

// requested: with the problems of those that could not be read.
ResourceLimits apply_remote_settings(ResourceLimits const& by_file,
                                     protocol::Reading<protocol::RemoteSettings> const& requested);
// As they were kept in a file: by version 0.1 under other names.
protocol::Reading<protocol::RemoteSettings> read_kept_settings(std::string const& text);
// What holds, for an announce.
protocol::EffectiveSettings effective_settings(ResourceLimits const& limits, protocol::RemoteSettings const& requested);

}  // namespace distren

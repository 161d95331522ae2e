// What of this machine is lent: what the volunteer's file says, and where he allows it (remote_settings) less, as the
// slave's owner asks for from afar. A wish never goes beyond the file: threads, memory and minutes are the smaller of
// both, the schedule what both allow. Pure. What of a wish cannot be used is named in `problems` and the rest holds.
#pragma once

#include <string>
#include <vector>

#include "common/protocol/codec.h"
#include "common/protocol/hello.h"
#include "slave/availability.h"

namespace distren {

struct ResourceLimits {
  int threads = 0;            // of a renderer
  int memory_mib = 0;         // of it
  int minutes_per_frame = 0;  // 0: any
  WeekSchedule schedule = WeekSchedule().set();
  bool paused = false;  // from afar
  std::vector<std::string> problems{};
};

// wishes: with what could not be read of them.
ResourceLimits apply_remote_settings(ResourceLimits const& by_file,
                                     protocol::Reading<protocol::RemoteSettings> const& wishes);
// "settings" of a hello: what holds now.
protocol::EffectiveSettings limits_to_json(ResourceLimits const& lent, protocol::RemoteSettings const& wishes);

}  // namespace distren

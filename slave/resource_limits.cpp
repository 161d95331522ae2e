#include "slave/resource_limits.h"

#include <algorithm>

#include "common/base/text.h"

namespace distren {

ResourceLimits apply_remote_settings(ResourceLimits const& by_file,
                                     protocol::Reading<protocol::RemoteSettings> const& wishes) {
  ResourceLimits lent = by_file;
  lent.problems = wishes.problems;
  protocol::RemoteSettings const& asked = wishes.message;
  lent.threads = std::min(lent.threads, asked.threads.value_or(lent.threads));
  lent.memory_mib = std::min(lent.memory_mib, asked.memory_mib.value_or(lent.memory_mib));
  if (asked.minutes_per_frame)
    lent.minutes_per_frame = lent.minutes_per_frame == 0 ? *asked.minutes_per_frame
                                                         : std::min(lent.minutes_per_frame, *asked.minutes_per_frame);
  lent.paused = asked.paused.value_or(lent.paused);
  if (!asked.schedule) return lent;
  if (auto const week = parse_schedule(*asked.schedule); week)
    lent.schedule &= *week;
  else
    lent.problems.push_back(printable(week.error().message, 200));
  return lent;
}

protocol::EffectiveSettings limits_to_json(ResourceLimits const& lent, protocol::RemoteSettings const& wishes) {
  return {.threads = lent.threads,
          .memory_mib = lent.memory_mib,
          .minutes_per_frame = lent.minutes_per_frame,
          .paused = lent.paused,
          .schedule = wishes.schedule,
          .problems = lent.problems};
}

}  // namespace distren

#include "slave/resource_limits.h"

#include <algorithm>

#include "common/base/text.h"

namespace distren {

ResourceLimits apply_remote_settings(ResourceLimits const& by_file,
                                     protocol::Reading<protocol::RemoteSettings> const& requested) {
  ResourceLimits limits = by_file;
  limits.problems = requested.problems;
  protocol::RemoteSettings const& settings = requested.message;
  limits.threads = std::min(limits.threads, settings.threads.value_or(limits.threads));
  limits.memory_mib = std::min(limits.memory_mib, settings.memory_mib.value_or(limits.memory_mib));
  if (settings.max_frame_ms)
    limits.max_frame_ms =
        limits.max_frame_ms == 0 ? *settings.max_frame_ms : std::min(limits.max_frame_ms, *settings.max_frame_ms);
  limits.paused = settings.paused.value_or(limits.paused);
  if (!settings.schedule) return limits;
  if (auto const week = parse_schedule(*settings.schedule); week)
    limits.schedule &= *week;
  else
    limits.problems.push_back(printable(week.error().message, 200));
  return limits;
}

protocol::Reading<protocol::RemoteSettings> read_kept_settings(std::string const& text) {
  auto settings = nlohmann::json::parse(text, nullptr, false);
  if (settings.is_object()) {
    if (settings.contains("memory")) settings["memory_mib"] = settings["memory"];
    if (auto const minutes = settings.find("minutes_per_frame"); minutes != settings.end() && minutes->is_number())
      settings["max_frame_ms"] = 60'000 * minutes->get<std::int64_t>();
  }
  return protocol::read<protocol::RemoteSettings>(settings);
}

protocol::EffectiveSettings effective_settings(ResourceLimits const& limits,
                                               protocol::RemoteSettings const& requested) {
  return {.threads = limits.threads,
          .memory_mib = limits.memory_mib,
          .max_frame_ms = limits.max_frame_ms > 0 ? std::optional(limits.max_frame_ms) : std::nullopt,
          .paused = limits.paused,
          .schedule = requested.schedule,
          .problems = limits.problems};
}

}  // namespace distren

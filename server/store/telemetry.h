// What slaves said of their machines, by the hour, kept for a year. Worker threads; users.h has the rules and errors.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct TelemetryHour {
  struct Figure {
    int mean = 0;
    int most = 0;
  };
  std::int64_t slave = 0;
  std::int64_t hour = 0;  // UNIX time / 3,600
  int samples = 0;
  int rendering = 0;                       // samples
  std::optional<Figure> load{};            // hundredths
  std::optional<Figure> cpu{};             // percent of all cores
  std::optional<Figure> memory_used{};     // MiB
  std::optional<Figure> temperature{};     // degrees Celsius
  std::optional<int> min_disk_free_mib{};  // MiB free
};

// Hours that are there already are added to. Of slaves that are gone nothing is written.
Result<void> write_telemetry(Database&, std::vector<TelemetryHour> const& hours);
// Oldest first; hours after `after` (UNIX time / 3,600).
Result<std::vector<TelemetryHour>> list_telemetry(Database&, std::int64_t slave, std::int64_t after);

}  // namespace distren::store

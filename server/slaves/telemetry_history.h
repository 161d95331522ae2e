// Telemetry of slaves: the last 24 hours in memory, one row a minute and slave, and sums of the hour that
// runs, for the database. Owned by main; any thread, one lock for all: a message costs less than a microsecond.
// A row is 16 bytes, a day of one slave 26 KiB at most. All rows together stay below `budget` bytes: with more slaves
// than fit into it rows are kept two, three ... minutes apart (10,000 slaves: four minutes).
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/store/telemetry.h"

namespace distren {

namespace protocol {
struct Telemetry;
}

struct TelemetryReading {
  std::int64_t at_ms = 0;  // to the minute; UNIX time
  std::optional<double> load{};
  std::optional<int> cpu{};          // percent of all cores
  std::optional<int> memory_free{};  // MiB, to 16
  std::optional<int> disk_free{};    // MiB
  std::optional<int> temperature{};  // degrees Celsius
  std::optional<int> battery{};      // percent
  bool on_battery = false;
  std::string_view state;  // "idle", "rendering", "suspended", "paused", "stopping"; empty: it did not say
};

class TelemetryHistory {
public:
  static constexpr std::size_t default_budget = 64U << 20;
  explicit TelemetryHistory(std::size_t budget = default_budget) : budget_rows_(budget / sizeof(Row)) {}

  void take(std::int64_t slave, protocol::Telemetry const& message, std::int64_t now_ms);
  [[nodiscard]] std::optional<TelemetryReading> latest(std::int64_t slave, std::int64_t now_ms) const;
  [[nodiscard]] std::vector<TelemetryReading> last(std::int64_t slave, int hours, std::int64_t now_ms) const;
  [[nodiscard]] int memory_mib(std::int64_t slave) const;  // of the whole machine; 0: not known
  [[nodiscard]] int minutes_apart() const;                 // of the rows that are kept

  // The hours that are over, or with `all` also the one that runs; they are the caller's from then on. Forgets slaves
  // that have sent nothing for a day.
  std::vector<store::TelemetryHour> take_hours(std::int64_t now_ms, bool all);
  void put_back(
      std::vector<store::TelemetryHour> hours);  // they could not be written; the oldest go when there are many

  [[nodiscard]] std::size_t bytes() const;  // of all rows and their keepers, about

private:
  struct Row {
    std::uint32_t minute = 0;
    std::uint32_t disk_free = UINT32_MAX;
    std::uint16_t load = UINT16_MAX;         // hundredths
    std::uint16_t memory_free = UINT16_MAX;  // 16 MiB
    std::uint8_t cpu = UINT8_MAX;
    std::int8_t temperature = INT8_MIN;
    std::uint8_t battery = UINT8_MAX;
    std::uint8_t state = 0;  // index into state_names, and a bit for on_battery
  };
  static_assert(sizeof(Row) == 16);
  struct Sum {
    std::uint32_t count = 0;
    std::uint32_t most = 0;
    std::uint64_t sum = 0;
    void add(std::uint32_t value);
    [[nodiscard]] std::optional<store::TelemetryHour::Figure> figure() const;
  };
  struct Hour {
    std::uint32_t hour = 0;  // UNIX time / 3,600; 0: nothing yet
    std::uint32_t samples = 0;
    std::uint32_t rendering = 0;  // samples
    Sum load{}, cpu{}, memory_used{}, temperature{};
    std::optional<std::uint32_t> min_disk_free_mib{};
  };
  struct Slave {
    std::vector<Row> rows;  // oldest first
    int apart = 1;
    int memory_mib = 0;
    Row latest;
    Hour hour;
  };

  static Row encode(protocol::Telemetry const& message);
  static TelemetryReading decode(Row const& row);
  static store::TelemetryHour finished(std::int64_t slave, Hour const& hour);
  void keep(Slave& slave, Row const& row) const;
  void count(std::int64_t id, Slave& slave, Row const& row);
  [[nodiscard]] int apart() const;

  std::size_t budget_rows_;
  mutable std::mutex mutex_;  // guards all below
  std::unordered_map<std::int64_t, Slave> slaves_;
  std::vector<store::TelemetryHour> over_;  // hours that wait to be written
};

}  // namespace distren

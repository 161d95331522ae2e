#include "server/store/telemetry.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace distren::store {

namespace {

constexpr std::size_t at_once = 5000;  // rows of some 100 bytes, far below the database's largest packet

void put(nlohmann::json& row, std::optional<TelemetryHour::Figure> const& figure) {
  row.push_back(figure ? nlohmann::json(figure->mean) : nlohmann::json());
  row.push_back(figure ? nlohmann::json(figure->most) : nlohmann::json());
}

std::optional<TelemetryHour::Figure> read_figure(SqlRow const& row, unsigned column) {
  if (row.is_null(column)) return std::nullopt;
  return TelemetryHour::Figure{static_cast<int>(row.integer(column)), static_cast<int>(row.integer(column + 1))};
}

}  // namespace

Result<void> write_telemetry(Database& database, std::vector<TelemetryHour> const& hours) {
  for (std::size_t from = 0; from < hours.size(); from += at_once) {
    auto rows = nlohmann::json::array();
    for (std::size_t i = from; i < std::min(from + at_once, hours.size()); ++i) {
      TelemetryHour const& hour = hours[i];
      nlohmann::json row{hour.slave, hour.hour * 3600, hour.samples, hour.rendering};
      put(row, hour.load);
      put(row, hour.cpu);
      put(row, hour.memory_used);
      put(row, hour.temperature);
      row.push_back(hour.min_disk_free_mib ? nlohmann::json(*hour.min_disk_free_mib) : nlohmann::json());
      rows.push_back(std::move(row));
    }
    if (auto done = database.call("telemetry_write", {std::string_view(rows.dump())}); !done) return done;
  }
  return {};
}

Result<std::vector<TelemetryHour>> list_telemetry(Database& database, std::int64_t slave, std::int64_t after) {
  std::vector<TelemetryHour> hours;
  auto const listed = database.call("telemetry_list", {slave, after * 3600}, [&](SqlRow const& row) {
    TelemetryHour hour{.slave = slave,
                       .hour = row.integer(0) / 3600,
                       .samples = static_cast<int>(row.integer(1)),
                       .rendering = static_cast<int>(row.integer(2)),
                       .load = read_figure(row, 3),
                       .cpu = read_figure(row, 5),
                       .memory_used = read_figure(row, 7),
                       .temperature = read_figure(row, 9)};
    if (!row.is_null(11)) hour.min_disk_free_mib = static_cast<int>(row.integer(11));
    hours.push_back(hour);
  });
  if (!listed) return listed.error();
  return hours;
}

}  // namespace distren::store

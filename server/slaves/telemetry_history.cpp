#include "server/slaves/telemetry_history.h"

#include <algorithm>
#include <cmath>

#include "common/protocol/telemetry.h"

namespace distren {

namespace {

constexpr int day_minutes = 24 * 60;
constexpr std::size_t hours_kept = 500'000;  // that could not be written; some 60 MiB
constexpr auto rendering_state = static_cast<std::uint8_t>(protocol::SlaveActivity::rendering);
constexpr std::uint8_t state_bits = 0x0f;
constexpr std::uint8_t battery_bit = 0x80;

template <typename Number>
void encode_number(std::optional<double> const& value, double times, Number& out) {
  if (value) out = static_cast<Number>(std::lround(*value * times));
}

std::optional<int> unless(std::int64_t value, std::int64_t absent, int times = 1) {
  return value == absent ? std::nullopt : std::optional(static_cast<int>(value * times));
}

}  // namespace

void TelemetryHistory::Sum::add(std::uint32_t value) {
  ++count;
  sum += value;
  most = std::max(most, value);
}

std::optional<store::TelemetryHour::Figure> TelemetryHistory::Sum::figure() const {
  if (count == 0) return std::nullopt;
  return store::TelemetryHour::Figure{.mean = static_cast<int>((sum + count / 2) / count),
                                      .most = static_cast<int>(most)};
}

TelemetryHistory::Row TelemetryHistory::encode(protocol::Telemetry const& message) {
  Row row;
  encode_number(message.load, 100, row.load);
  encode_number(message.cpu_percent, 1, row.cpu);
  if (message.memory_free_mib)
    row.memory_free =
        static_cast<std::uint16_t>(std::min(*message.memory_free_mib / 16, UINT16_MAX - 1.0));  // a TiB, and no more
  encode_number(message.disk_free_mib, 1, row.disk_free);
  encode_number(message.temperature_celsius, 1, row.temperature);
  encode_number(message.battery_percent, 1, row.battery);
  row.state = static_cast<std::uint8_t>(message.state);
  if (message.on_battery) row.state |= battery_bit;
  return row;
}

TelemetryReading TelemetryHistory::decode(Row const& row) {
  TelemetryReading out;
  out.at_ms = std::int64_t{row.minute} * 60'000;
  if (row.load != UINT16_MAX) out.load = row.load / 100.0;
  out.cpu = unless(row.cpu, UINT8_MAX);
  out.memory_free = unless(row.memory_free, UINT16_MAX, 16);
  if (row.disk_free != UINT32_MAX) out.disk_free = static_cast<int>(std::min<std::uint32_t>(row.disk_free, INT32_MAX));
  out.temperature = unless(row.temperature, INT8_MIN);
  out.battery = unless(row.battery, UINT8_MAX);
  out.on_battery = (row.state & battery_bit) != 0;
  out.state = protocol::choice_name(protocol::activities, protocol::SlaveActivity(row.state & state_bits));
  return out;
}

int TelemetryHistory::apart() const {
  std::size_t const rows = slaves_.size() * day_minutes * 9 / 8;  // with what keep() lets stand a while
  return static_cast<int>(
      std::clamp<std::size_t>((rows + budget_rows_ - 1) / std::max<std::size_t>(budget_rows_, 1), 1, day_minutes));
}

void TelemetryHistory::keep(Slave& slave, Row const& row) const {
  auto const minutes = static_cast<std::uint32_t>(apart());
  auto& rows = slave.rows;
  if (static_cast<int>(minutes) > slave.apart) {  // more slaves came: the latest row of each stretch stays
    std::vector<Row> fewer;
    for (Row const& each : rows) {
      if (!fewer.empty() && fewer.back().minute / minutes == each.minute / minutes) fewer.pop_back();
      fewer.push_back(each);
    }
    rows = std::move(fewer);
  }
  slave.apart = static_cast<int>(minutes);
  if (!rows.empty() && rows.back().minute / minutes >= row.minute / minutes) {
    rows.back() = row;
    return;
  }
  std::size_t const day = day_minutes / minutes + 1;
  if (rows.size() >= day + day / 8) {  // now and then, so that not every row moves all others
    std::erase_if(rows, [&row](Row const& each) { return each.minute + day_minutes <= row.minute; });
  }
  if (rows.size() == rows.capacity())
    rows.reserve(std::max(rows.size() + 1, std::min(day + day / 8, std::max<std::size_t>(8, 2 * rows.size()))));
  rows.push_back(row);
}

// Once a minute, however often a slave speaks.
void TelemetryHistory::count(std::int64_t id, Slave& slave, Row const& row) {
  Hour& hour = slave.hour;
  if (std::uint32_t const now = row.minute / 60; hour.hour != now) {
    if (hour.samples > 0) over_.push_back(finished(id, hour));
    hour = {.hour = now};
  } else if (slave.latest.minute == row.minute) {
    return;
  }
  ++hour.samples;
  if ((row.state & state_bits) == rendering_state) ++hour.rendering;
  if (row.load != UINT16_MAX) hour.load.add(row.load);
  if (row.cpu != UINT8_MAX) hour.cpu.add(row.cpu);
  if (row.memory_free != UINT16_MAX && slave.memory_mib > 0)
    hour.memory_used.add(static_cast<std::uint32_t>(std::max(0, slave.memory_mib - 16 * row.memory_free)));
  if (row.temperature >= 0) hour.temperature.add(static_cast<std::uint32_t>(row.temperature));
  if (row.disk_free != UINT32_MAX)
    hour.min_disk_free_mib = std::min(hour.min_disk_free_mib.value_or(row.disk_free), row.disk_free);
}

void TelemetryHistory::take(std::int64_t id, protocol::Telemetry const& message, std::int64_t now_ms) {
  int memory = 0;
  encode_number(message.memory_mib, 1, memory);
  Row row = encode(message);
  row.minute = static_cast<std::uint32_t>(std::clamp<std::int64_t>(now_ms / 60'000, 1, UINT32_MAX));
  std::lock_guard const lock(mutex_);
  Slave& slave = slaves_[id];
  if (memory > 0) slave.memory_mib = memory;
  count(id, slave, row);
  keep(slave, row);
  slave.latest = row;
}

std::optional<TelemetryReading> TelemetryHistory::latest(std::int64_t id, std::int64_t now_ms) const {
  std::lock_guard const lock(mutex_);
  auto const found = slaves_.find(id);
  if (found == slaves_.end() || (found->second.latest.minute + day_minutes) * std::int64_t{60'000} <= now_ms)
    return std::nullopt;
  return decode(found->second.latest);
}

std::vector<TelemetryReading> TelemetryHistory::last(std::int64_t id, int hours, std::int64_t now_ms) const {
  std::int64_t const since = now_ms / 60'000 - std::int64_t{60} * std::clamp(hours, 0, 24);
  std::vector<TelemetryReading> out;
  std::lock_guard const lock(mutex_);
  auto const found = slaves_.find(id);
  if (found == slaves_.end()) return out;
  for (Row const& row : found->second.rows) {
    if (row.minute > since) out.push_back(decode(row));
  }
  return out;
}

int TelemetryHistory::memory_mib(std::int64_t id) const {
  std::lock_guard const lock(mutex_);
  auto const found = slaves_.find(id);
  return found == slaves_.end() ? 0 : found->second.memory_mib;
}

int TelemetryHistory::minutes_apart() const {
  std::lock_guard const lock(mutex_);
  return apart();
}

store::TelemetryHour TelemetryHistory::finished(std::int64_t slave, Hour const& hour) {
  store::TelemetryHour out{.slave = slave,
                           .hour = hour.hour,
                           .samples = static_cast<int>(hour.samples),
                           .rendering = static_cast<int>(hour.rendering),
                           .load = hour.load.figure(),
                           .cpu = hour.cpu.figure(),
                           .memory_used = hour.memory_used.figure(),
                           .temperature = hour.temperature.figure()};
  if (hour.min_disk_free_mib)
    out.min_disk_free_mib = static_cast<int>(std::min<std::uint32_t>(*hour.min_disk_free_mib, INT32_MAX));
  return out;
}

std::vector<store::TelemetryHour> TelemetryHistory::take_hours(std::int64_t now_ms, bool all) {
  auto const now = static_cast<std::uint32_t>(now_ms / 60'000);
  std::lock_guard const lock(mutex_);
  for (auto& [id, slave] : slaves_) {
    if (slave.hour.samples == 0 || (!all && slave.hour.hour >= now / 60)) continue;
    over_.push_back(finished(id, slave.hour));
    slave.hour = {.hour = slave.hour.hour};
  }
  std::erase_if(slaves_, [now](auto const& each) { return each.second.latest.minute + day_minutes <= now; });
  return std::exchange(over_, {});
}

void TelemetryHistory::put_back(std::vector<store::TelemetryHour> hours) {
  std::lock_guard const lock(mutex_);
  hours.insert(hours.end(), over_.begin(), over_.end());
  if (hours.size() > hours_kept) hours.erase(hours.begin(), hours.end() - static_cast<std::ptrdiff_t>(hours_kept));
  over_ = std::move(hours);
}

std::size_t TelemetryHistory::bytes() const {
  std::lock_guard const lock(mutex_);
  std::size_t total = slaves_.bucket_count() * sizeof(void*) + over_.capacity() * sizeof(store::TelemetryHour);
  for (auto const& [id, slave] : slaves_)
    total += sizeof(Slave) + 3 * sizeof(void*) + slave.rows.capacity() * sizeof(Row);
  return total;
}

}  // namespace distren

#include "server/dispatch/benchmarks.h"

#include <algorithm>
#include <utility>

namespace distren {

namespace {

constexpr std::int64_t month_ms = std::int64_t{30} * 86400 * 1000;
constexpr std::int64_t first_pause_ms = 30'000;  // doubles with each failure
constexpr std::int64_t longest_pause_ms = std::int64_t{4} * 3600 * 1000;
constexpr std::size_t pictures_kept = 10'000;
// Beyond this band the correction says that the machine is not what was measured (economy.md).
constexpr std::int64_t min_kept = 700;
constexpr std::int64_t max_kept = 1249;
constexpr std::int64_t not_again_ms = std::int64_t{86400} * 1000;  // for that reason: at most daily

}  // namespace

Benchmarks::Entry const* Benchmarks::find(std::int64_t slave, store::Method const& method) const {
  auto const found = slaves_.find(slave);
  if (found == slaves_.end()) return nullptr;
  auto const entry =
      std::ranges::find_if(found->second, [&](Entry const& each) { return each.method.same_renderer(method); });
  return entry == found->second.end() ? nullptr : &*entry;
}

Benchmarks::Entry* Benchmarks::find(std::int64_t slave, store::Method const& method) {
  return const_cast<Entry*>(std::as_const(*this).find(slave, method));
}

Benchmarks::Entry& Benchmarks::entry(std::int64_t slave, store::Method const& method) {
  if (Entry* const known = find(slave, method)) return *known;
  return slaves_[slave].emplace_back(Entry{.method = method, .power = {}});
}

void Benchmarks::load(store::Power const& row, std::int64_t now) {
  if (row.benchmark <= 0) return;
  Power& power =
      entry(row.slave, {.name = row.method, .version = row.version, .build = row.build, .device = row.device}).power;
  power.benchmark = row.benchmark;
  power.power = row.power > 0 ? row.power : row.benchmark;
  power.measured_ms = std::max<std::int64_t>(1, now - row.age_s * 1000);
}

void Benchmarks::set_hardware(std::int64_t slave, std::string_view cpu, int cores) {
  std::size_t const now = std::hash<std::string_view>()(cpu) * 31 + static_cast<std::size_t>(cores);
  auto const [known, first] = hardware_.try_emplace(slave, now);
  if (first || std::exchange(known->second, now) == now) return;
  auto const found = slaves_.find(slave);
  if (found == slaves_.end()) return;
  for (Entry& each : found->second) {
    if (each.power.measured_ms > 0) each.power.measured_ms = 1;
    each.power.failures = 0;
    each.power.next_try_ms = 0;
  }
}

Power Benchmarks::of(std::int64_t slave, store::Method const& method) const {
  Entry const* const known = find(slave, method);
  return known == nullptr ? Power{} : known->power;
}

bool Benchmarks::ready(std::int64_t slave, store::Method const& method) const {
  if (!benchmarked_.contains(method.name)) return true;
  Entry const* const known = find(slave, method);
  return known != nullptr && known->power.measured_ms > 0;
}

bool Benchmarks::may_try(std::int64_t slave, store::Method const& method, std::int64_t now) const {
  Entry const* const known = find(slave, method);
  return known == nullptr || known->power.next_try_ms <= now;
}

std::optional<store::Method> Benchmarks::due(std::int64_t slave, std::vector<store::Method> const& methods,
                                             std::int64_t now) const {
  for (store::Method const& method : methods) {
    if (!method.fetched || !benchmarked_.contains(method.name)) continue;
    Entry const* const known = find(slave, method);
    if (known == nullptr) return method;
    Power const& power = known->power;
    if (power.next_try_ms > now) continue;
    std::int64_t const age = now - power.measured_ms;
    std::int64_t const ratio = power.power * 1000 / std::max<std::int64_t>(1, power.benchmark);
    bool const off = ratio < min_kept || ratio > max_kept;
    if (power.measured_ms == 0 || age > month_ms || (off && age > not_again_ms)) return method;
  }
  return std::nullopt;
}

std::optional<Power> Benchmarks::waiting(std::int64_t slave, std::vector<store::Method> const& methods) const {
  for (store::Method const& method : methods) {
    Entry const* const known = find(slave, method);
    if (known != nullptr && known->power.measured_ms == 0 && known->power.failures > 0) return known->power;
  }
  return std::nullopt;
}

Result<std::int64_t> Benchmarks::measured(std::int64_t slave, store::Method const& method,
                                          economy::Benchmark const& run, std::string_view sha256, std::int64_t now) {
  std::string picture(sha256);
  if (picture.empty() || seen_.contains(picture))
    return fail(Errc::invalid, picture.empty() ? "the benchmark's answer has no picture"
                                               : "this very picture was handed in for a benchmark before");
  economy::Benchmark measured = run;
  measured.device = !method.device.empty();
  auto const power = economy::benchmark_power(measured);
  if (!power) return power.error();
  seen_.insert(picture);
  pictures_.push_back(std::move(picture));
  if (pictures_.size() > pictures_kept) {
    seen_.erase(pictures_.front());
    pictures_.pop_front();
  }
  entry(slave, method).power = {.benchmark = *power, .power = *power, .measured_ms = now};
  return *power;
}

void Benchmarks::failed(std::int64_t slave, store::Method const& method, std::string reason, std::int64_t now) {
  Power& power = entry(slave, method).power;
  std::int64_t const pause = first_pause_ms << std::min(power.failures, 10);
  power.next_try_ms = now + std::min(pause, longest_pause_ms);
  power.reason = std::move(reason);
  ++power.failures;
}

void Benchmarks::correct(std::int64_t slave, store::Method const& method, std::int64_t fair, std::int64_t claim) {
  Entry* const known = find(slave, method);
  if (known == nullptr || known->power.measured_ms == 0) return;  // nobody's word is corrected, only measurements
  std::int64_t const power = economy::corrected_power(known->power.power, known->power.benchmark, fair, claim);
  if (power == known->power.power) return;
  known->power.power = power;
  known->corrected = true;
  corrected_.insert(slave);
}

std::vector<store::Power> Benchmarks::take_corrected() {
  std::vector<store::Power> rows;
  for (std::int64_t const slave : corrected_) {
    auto const found = slaves_.find(slave);
    if (found == slaves_.end()) continue;
    for (Entry& each : found->second) {
      if (!std::exchange(each.corrected, false)) continue;
      rows.push_back({.slave = slave,
                      .method = each.method.name,
                      .version = each.method.version,
                      .power = static_cast<int>(each.power.power),
                      .build = each.method.build,
                      .device = each.method.device});
    }
  }
  corrected_.clear();
  return rows;
}

}  // namespace distren

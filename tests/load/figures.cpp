#include "tests/load/figures.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace distren::load {

namespace {

constexpr std::size_t samples_kept = 10;

}  // namespace

void Durations::add(std::int64_t microseconds) {
  auto const value =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(microseconds, 0, (std::int64_t{1} << (powers + fine)) - 1));
  int const shift = std::max(0, static_cast<int>(std::bit_width(value)) - fine - 1);
  std::size_t const bucket = (static_cast<std::size_t>(shift) << fine) + static_cast<std::size_t>(value >> shift);
  ++buckets_[std::min(bucket, buckets_.size() - 1)];
  ++count_;
  longest_ = std::max(longest_, microseconds);
}

double Durations::percentile_ms(double percent) const {
  if (count_ == 0) return 0;
  auto const wanted = static_cast<std::int64_t>(static_cast<double>(count_) * percent / 100);
  std::int64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen <= wanted && bucket + 1 < buckets_.size()) continue;
    // The bucket's upper edge: never better than it was.
    std::size_t const shift = bucket < (2U << fine) ? 0 : (bucket >> fine) - 1;
    std::size_t const step = bucket - (shift << fine);
    return std::min(static_cast<double>(((step + 1) << shift) - 1) / 1000, longest_ms());
  }
  return longest_ms();
}

ProcessUse process_use(int pid) {
  ProcessUse use;
  use.pid = pid;
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(stat, line);
  auto const open = line.find('(');
  auto const close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return use;
  use.name = line.substr(open + 1, close - open - 1);
  std::istringstream rest(line.substr(close + 1));
  std::string field;
  double ticks = 0;
  for (int number = 3; rest >> field && number <= 24; ++number) {
    if (number == 14 || number == 15) ticks += std::stod(field);
    if (number == 24) use.resident = std::stoll(field) * sysconf(_SC_PAGESIZE);
  }
  use.cpu_s = ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  return use;
}

void Figures::trouble(std::string const& kind, std::string const& words) {
  ++troubles[kind];
  if (samples.size() < samples_kept) samples.push_back(fmt::format("{}: {}", kind, words.substr(0, 300)));
}

std::string Figures::table() const {
  std::string text;
  auto const row = [&text](std::string_view what, std::string const& value) {
    text += fmt::format("  {:<34} {:>14}\n", what, value);
  };
  auto const per_second = [this](std::int64_t count) {
    return fmt::format("{:.0f}", seconds > 0 ? static_cast<double>(count) / seconds : 0.0);
  };
  text += fmt::format("{} slaves, measured for {:.1f} s\n", slaves, seconds);
  row("signed on", fmt::format("{} in {:.1f} s", signed_on, sign_on_s));
  row("orders per second", per_second(orders));
  row("results accepted per second", per_second(results));
  auto const times = [&](std::string_view what, Durations const& durations) {
    if (durations.count() == 0) return;
    row(what, fmt::format("p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  max {:.1f} ms", durations.percentile_ms(50),
                          durations.percentile_ms(90), durations.percentile_ms(99), durations.longest_ms()));
  };
  times("from result to next order", next_order);
  times("from result to accepted", accepted);
  for (auto const& each : watched) {
    double const cpu = each.end.cpu_s - each.start.cpu_s;
    row(fmt::format("{} ({})", each.end.name, each.end.pid),
        fmt::format("{:.1f} % of a core{}, {:.0f} MiB", seconds > 0 ? 100 * cpu / seconds : 0.0,
                    results > 0 ? fmt::format(", {:.3f} CPU-s per 1,000", 1000 * cpu / static_cast<double>(results))
                                : std::string(),
                    static_cast<double>(each.end.resident) / (1 << 20)));
  }
  if (cancelled > 0) row("cancelled by the server", fmt::format("{}", cancelled));
  row("distren-load itself", fmt::format("{:.1f} % of a core", seconds > 0 ? 100 * own_cpu_s / seconds : 0.0));
  for (auto const& [kind, count] : troubles) row(kind, fmt::format("{}", count));
  for (auto const& sample : samples) text += "  " + sample + "\n";
  return text;
}

std::string Figures::json() const {
  using nlohmann::json;
  auto const rounded = [](double value) { return std::round(value * 10000) / 10000; };
  auto const rate = [&](std::int64_t count) {
    return seconds > 0 ? rounded(static_cast<double>(count) / seconds) : 0.0;
  };
  json out{{"program", "distren-load"},    {"slaves", slaves},
           {"signed_on", signed_on},       {"sign_on_s", rounded(sign_on_s)},
           {"seconds", rounded(seconds)},  {"orders", orders},
           {"results", results},           {"cancelled", cancelled},
           {"orders_per_s", rate(orders)}, {"results_per_s", rate(results)}};
  for (auto const& [name, durations] : {std::pair{"order", &next_order}, {"accepted", &accepted}}) {
    for (auto const& [suffix, percent] : {std::pair{"p50", 50.0}, {"p90", 90.0}, {"p99", 99.0}, {"p999", 99.9}})
      out[fmt::format("{}_{}_ms", name, suffix)] = rounded(durations->percentile_ms(percent));
    out[fmt::format("{}_max_ms", name)] = rounded(durations->longest_ms());
  }
  std::int64_t all = 0;
  out["troubles"] = json::object();
  for (auto const& [kind, count] : troubles) {
    out["troubles"][kind] = count;
    all += count;
  }
  out["errors"] = all;
  out["own_cpu_s"] = rounded(own_cpu_s);
  out["watched"] = json::array();
  for (auto const& each : watched) {
    out["watched"].push_back({{"pid", each.end.pid},
                              {"name", each.end.name},
                              {"cpu_s", rounded(each.end.cpu_s - each.start.cpu_s)},
                              {"bytes_before", each.before.resident},
                              {"bytes_connected", each.connected.resident},
                              {"bytes_end", each.end.resident}});
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace distren::load

// statistics [stats]: the grid's activity, or the user's share of it, in a short table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "client/context.h"
#include "client/points_format.h"
#include "client/table.h"

namespace distren::client {
namespace {

struct StatisticsOptions {
  std::string period = "week";
  bool mine = false;
};

// Steps per row: one hour for a day, one day for a week or a month, one week for a year.
std::size_t together(std::string const& period) {
  return period == "day" ? 1 : period == "year" ? 7 : period == "all" ? 52 : 24;
}

// Of [from, to): the sum of counters, the mean of samples, over the steps that are known.
double sum_of(Json const& column, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < std::min(to, column.size()); ++i)
    if (column[i].is_number()) sum += column[i].get<double>();
  return sum;
}

double mean_of(Json const& column, std::size_t from, std::size_t to) {
  std::size_t known = 0;
  for (std::size_t i = from; i < std::min(to, column.size()); ++i) known += column[i].is_number() ? 1 : 0;
  return known == 0 ? 0 : sum_of(column, from, to) / static_cast<double>(known);
}

std::string figure(double value) {
  auto text = fmt::format("{:.1f}", value);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

// "3 h ago", "2 d ago": the start of a row.
std::string duration_ago(std::int64_t seconds) {
  if (seconds < 2 * 86400) return fmt::format("{} h ago", seconds / 3600);
  return seconds < 100 * 86400 ? fmt::format("{} d ago", seconds / 86400)
                               : fmt::format("{} weeks ago", seconds / (7 * 86400));
}

Result<int> show_statistics(Context const& context, StatisticsOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  auto found =
      session->get(fmt::format("/api/v1/statistics?period={}&owner={}", options.period, options.mine ? "me" : "any"),
                   "the statistics");
  if (!found) return found.error();
  auto const& series = object_of(*found, "series");
  auto const& frames = list_of(series, "frames_finished");
  auto const& failures = list_of(series, "attempts_failed");
  auto const& points = list_of(series, "earned_millipoints");
  auto const& power = list_of(object_of(series, "power_online"), "mean");
  auto const& ready = list_of(object_of(series, "frames_ready"), "mean");
  auto const step = std::max<std::int64_t>(1, number_of(*found, "step_ms") / 1000);
  auto const size = together(options.period);
  Table table({{"STARTED"},
               {"FRAMES", Align::right},
               {"FAILED", Align::right},
               {"POINTS", Align::right},
               {"POWER", Align::right},
               {"WAITING", Align::right}});
  auto const line = [&](std::string const& name, std::size_t from, std::size_t to) {
    table.add({name, figure(sum_of(frames, from, to)), figure(sum_of(failures, from, to)),
               figure(sum_of(points, from, to) / 1000), figure(mean_of(power, from, to)),
               figure(mean_of(ready, from, to))});
  };
  // The newest row is complete; the oldest covers the rest.
  for (std::size_t to = frames.size() % size == 0 ? size : frames.size() % size; to <= frames.size(); to += size) {
    auto const from = to < size ? 0 : to - size;
    auto const ago_s = static_cast<std::int64_t>(frames.size() - from) * step;
    if (sum_of(frames, from, to) + sum_of(failures, from, to) + mean_of(power, from, to) + mean_of(ready, from, to) > 0)
      line(duration_ago(ago_s), from, to);
  }
  if (!table.empty()) line("total", 0, frames.size());
  context.print(*found, table.empty() ? "No activity in this period.\n" : table.text());
  return exit_ok;
}

}  // namespace

void add_statistics_command(CLI::App& app, Context& context) {
  // Shared with the callback, which runs after this function has returned.
  auto options = std::make_shared<StatisticsOptions>();
  auto* command =
      app.add_subcommand("statistics", "Show the grid's activity: frames, failures, points, power and queue");
  command->alias("stats");
  command->add_option("--period", options->period, "Period until now: day, week, month, year or all (default week)")
      ->check(CLI::IsMember({"day", "week", "month", "year", "all"}));
  command->add_flag("--mine", options->mine, "Count only what your slaves rendered and your waiting jobs");
  command->callback(
      [&context, options] { context.run = [&context, options] { return show_statistics(context, *options); }; });
}

}  // namespace distren::client

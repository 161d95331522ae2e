// What the grid did, or what is the caller's own of it, from hours to years: columns with a value for each step.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/store/statistics.h"

namespace distren {

namespace {

using nlohmann::json;
using store::StatisticRow;

constexpr std::int64_t hour_s = 3600;
constexpr std::int64_t day_s = 24 * hour_s;
constexpr std::int64_t week_s = 7 * day_s;
constexpr std::int64_t monday_s = 4 * day_s;  // the first Monday of UNIX time

struct Period {
  std::string_view name;
  std::string_view step;
  std::int64_t step_s;
  int steps;  // the one that runs is the last of them
};
constexpr std::array periods{Period{"day", "hour", hour_s, 24}, Period{"week", "hour", hour_s, 7 * 24},
                             Period{"month", "hour", hour_s, 30 * 24}, Period{"year", "day", day_s, 365},
                             Period{"all", "week", week_s, 10 * 52}};

struct Question {
  Period period = periods[1];
  bool mine = false;
};

Result<Question> read_question(Request const& request) {
  Question asked;
  for (auto const& [name, value] : request.query) {
    if (name == "period") {
      auto const found = std::ranges::find(periods, std::string_view(value), &Period::name);
      if (found == periods.end())
        return fail(Errc::invalid, fmt::format("period={} is not day, week, month, year or all", printable(value, 30)));
      asked.period = *found;
    } else if (name == "owner") {
      if (value != "any" && value != "me")
        return fail(Errc::invalid, fmt::format("owner={} is neither any nor me", printable(value, 30)));
      asked.mine = value == "me";
    }
  }
  return asked;
}

// A column with a value for each step: of the row that is there, else `absent`.
template <typename Value>
json column(std::vector<StatisticRow const*> const& rows, json const& absent, Value value) {
  auto out = json::array();
  for (auto const* row : rows) out.push_back(row == nullptr ? absent : value(*row));
  return out;
}

// What was sampled, as {"mean","max"} columns. In steps without a sample of the grid nothing is known; in the others a
// user without a row had nothing.
json level_columns(std::vector<StatisticRow const*> const& rows, std::vector<std::int64_t> const& samples,
                   StatisticRow::Level StatisticRow::*level, bool thousandths) {
  auto mean = json::array();
  auto most = json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (samples[i] == 0) {
      mean.push_back(nullptr);
      most.push_back(nullptr);
      continue;
    }
    auto const found = rows[i] == nullptr ? StatisticRow::Level{} : rows[i]->*level;
    auto const unit = thousandths ? 1000.0 : 1.0;
    auto const average = static_cast<double>(found.sum) / static_cast<double>(samples[i]) / unit;
    mean.push_back(static_cast<double>(static_cast<std::int64_t>(average * 1000 + 0.5)) / 1000);
    most.push_back(thousandths ? decimal(found.most) : json(found.most));
  }
  return {{"mean", std::move(mean)}, {"max", std::move(most)}};
}

}  // namespace

Reply handle_show_statistics(Request const& request, Context& context) {
  auto const asked = read_question(request);
  if (!asked) return error_reply(asked.error());
  auto const& period = asked->period;
  std::int64_t const shift = period.step_s == week_s ? monday_s : 0;
  std::int64_t const last = (context.services.now_s() - shift) / period.step_s * period.step_s + shift;
  std::int64_t const first = last - (period.steps - 1) * period.step_s;
  auto const grid = store::list_statistics(context.database(), 0, first, period.step);
  if (!grid) return error_reply(grid.error());
  auto const own = asked->mine ? store::list_statistics(context.database(), context.caller.user.id, first, period.step)
                               : Result<std::vector<StatisticRow>>(std::vector<StatisticRow>{});
  if (!own) return error_reply(own.error());

  auto const place = [&](StatisticRow const& row) {
    auto const at = (row.at_s - first) / period.step_s;
    return row.at_s >= first && at < period.steps ? std::optional(static_cast<std::size_t>(at)) : std::nullopt;
  };
  std::vector<StatisticRow const*> rows(static_cast<std::size_t>(period.steps));
  std::vector<std::int64_t> samples(static_cast<std::size_t>(period.steps));
  for (auto const& row : *grid) {
    if (auto const at = place(row)) samples[*at] = row.samples;
  }
  for (auto const& row : asked->mine ? *own : *grid) {
    if (auto const at = place(row)) rows[*at] = &row;
  }
  auto const counted = [&rows](std::int64_t StatisticRow::*member) {
    return column(rows, 0, [member](StatisticRow const& row) { return json(row.*member); });
  };
  auto const& user = context.caller.user;
  return json_reply(200, {{"owner", asked->mine ? named_or_null(user.id, user.name) : json(nullptr)},
                          {"period", period.name},
                          {"step_ms", period.step_s * 1000},
                          {"starts_at", time_or_null(first * 1000)},
                          {"series",
                           {{"frames_finished", counted(&StatisticRow::frames)},
                            {"attempts_failed", counted(&StatisticRow::failures)},
                            {"cpu_ms", counted(&StatisticRow::cpu_ms)},
                            {"wall_ms", counted(&StatisticRow::wall_ms)},
                            {"earned_millipoints", counted(&StatisticRow::points)},
                            {"frames_delivered", counted(&StatisticRow::received)},
                            {"jobs_started", counted(&StatisticRow::begun)},
                            {"job_wait_ms",
                             {{"mean", column(rows, nullptr,
                                              [](StatisticRow const& row) {
                                                return row.begun == 0 ? json(nullptr) : json(row.wait_ms / row.begun);
                                              })},
                              {"max", column(rows, nullptr,
                                             [](StatisticRow const& row) {
                                               return row.begun == 0 ? json(nullptr) : json(row.max_wait_ms);
                                             })}}},
                            {"slaves_online", level_columns(rows, samples, &StatisticRow::slaves, false)},
                            {"power_online", level_columns(rows, samples, &StatisticRow::power, true)},
                            {"frames_ready", level_columns(rows, samples, &StatisticRow::ready, false)},
                            {"frames_leased", level_columns(rows, samples, &StatisticRow::leased, false)}}}});
}

}  // namespace distren

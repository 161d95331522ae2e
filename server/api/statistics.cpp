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

struct Span {
  std::string_view name;
  std::string_view step;
  std::int64_t step_s;
  int steps;  // the one that runs is the last of them
};
constexpr std::array spans{Span{"day", "hour", hour_s, 24}, Span{"week", "hour", hour_s, 7 * 24},
                           Span{"month", "hour", hour_s, 30 * 24}, Span{"year", "day", day_s, 365},
                           Span{"all", "week", week_s, 10 * 52}};

struct Question {
  Span span = spans[1];
  bool mine = false;
};

Result<Question> read_question(Request const& request) {
  Question asked;
  for (auto const& [name, value] : request.query) {
    if (name == "span") {
      auto const found = std::ranges::find(spans, std::string_view(value), &Span::name);
      if (found == spans.end())
        return fail(Errc::invalid, fmt::format("span={} is not day, week, month, year or all", printable(value, 30)));
      asked.span = *found;
    } else if (name == "of") {
      if (value != "grid" && value != "mine")
        return fail(Errc::invalid, fmt::format("of={} is neither grid nor mine", printable(value, 30)));
      asked.mine = value == "mine";
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
  auto const& span = asked->span;
  std::int64_t const shift = span.step_s == week_s ? monday_s : 0;
  std::int64_t const last = (context.services.now_s() - shift) / span.step_s * span.step_s + shift;
  std::int64_t const first = last - (span.steps - 1) * span.step_s;
  auto const grid = store::list_statistics(context.database(), 0, first, span.step);
  if (!grid) return error_reply(grid.error());
  auto const own = asked->mine ? store::list_statistics(context.database(), context.caller.user.id, first, span.step)
                               : Result<std::vector<StatisticRow>>(std::vector<StatisticRow>{});
  if (!own) return error_reply(own.error());

  auto const place = [&](StatisticRow const& row) {
    auto const at = (row.at_s - first) / span.step_s;
    return row.at_s >= first && at < span.steps ? std::optional(static_cast<std::size_t>(at)) : std::nullopt;
  };
  std::vector<StatisticRow const*> rows(static_cast<std::size_t>(span.steps));
  std::vector<std::int64_t> samples(static_cast<std::size_t>(span.steps));
  for (auto const& row : *grid) {
    if (auto const at = place(row)) samples[*at] = row.samples;
  }
  for (auto const& row : asked->mine ? *own : *grid) {
    if (auto const at = place(row)) rows[*at] = &row;
  }
  auto const counted = [&rows](std::int64_t StatisticRow::*member) {
    return column(rows, 0, [member](StatisticRow const& row) { return json(row.*member); });
  };
  return json_reply(200,
                    {{"of", asked->mine ? "mine" : "grid"},
                     {"span", span.name},
                     {"step", span.step_s},
                     {"from", time_or_null(first * 1000)},
                     {"frames", counted(&StatisticRow::frames)},
                     {"failures", counted(&StatisticRow::failures)},
                     {"cpu", counted(&StatisticRow::cpu_ms)},
                     {"wall", counted(&StatisticRow::wall_ms)},
                     {"earned_millipoints", column(rows, 0, [](StatisticRow const& row) { return json(row.points); })},
                     {"received", counted(&StatisticRow::received)},
                     {"begun", counted(&StatisticRow::begun)},
                     {"wait",
                      {{"mean", column(rows, nullptr,
                                       [](StatisticRow const& row) {
                                         return row.begun == 0 ? json(nullptr) : json(row.wait_ms / row.begun);
                                       })},
                       {"max", column(rows, nullptr,
                                      [](StatisticRow const& row) {
                                        return row.begun == 0 ? json(nullptr) : json(row.max_wait_ms);
                                      })}}},
                     {"slaves", level_columns(rows, samples, &StatisticRow::slaves, false)},
                     {"power", level_columns(rows, samples, &StatisticRow::power, true)},
                     {"ready", level_columns(rows, samples, &StatisticRow::ready, false)},
                     {"leased", level_columns(rows, samples, &StatisticRow::leased, false)}});
}

}  // namespace distren

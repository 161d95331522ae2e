// What slaves say of their machines: what is taken, what is dropped, what a day of ten thousand of them costs.
#include <chrono>
#include <nlohmann/json.hpp>

#include "common/protocol/codec.h"
#include "common/protocol/telemetry.h"
#include "server/slaves/telemetry_history.h"
#include "tests/support/check_main.h"

using namespace distren;
using nlohmann::json;

namespace {

constexpr std::int64_t minute = 60'000, hour = 60 * minute, start = 500'000 * hour;

json said_well() {
  return {{"type", "telemetry"},   {"state", "rendering"},    {"load", 7.91},           {"cpu_percent", 97},
          {"memory_mib", 16000},   {"memory_free_mib", 9104}, {"disk_free_mib", 20480}, {"temperature_celsius", 61},
          {"battery_percent", 80}, {"on_battery", true}};
}

protocol::Telemetry read(json const& said) {
  return protocol::read<protocol::Telemetry>(said).message;
}

protocol::Telemetry const& good() {
  static protocol::Telemetry const message = read(said_well());
  return message;
}

}  // namespace

START_TEST(what_a_slave_says_is_shown_as_it_was_said) {
  TelemetryHistory book;
  ck_assert(!book.latest(1, start));
  book.take(1, good(), start + 1234);
  auto const now = book.latest(1, start + minute);
  ck_assert(now && now->at_ms == start && now->state == "rendering" && now->on_battery);
  ck_assert(now->load == 7.91 && now->cpu == 97 && now->memory_free == 9104 && now->disk_free == 20480);
  ck_assert(now->temperature == 61 && now->battery == 80);
  ck_assert_int_eq(book.memory_mib(1), 16000);
  ck_assert(!book.latest(2, start) && book.last(2, 24, start).empty());
}
END_TEST

START_TEST(absurd_numbers_are_dropped_one_by_one) {
  TelemetryHistory book;
  json absurd = said_well();
  absurd["load"] = -1;
  absurd["cpu_percent"] = 101;
  absurd["memory_mib"] = 1e300;
  absurd["memory_free_mib"] = "much";
  absurd["disk_free_mib"] = -5;
  absurd["temperature_celsius"] = 4000;
  absurd["battery_percent"] = nullptr;
  absurd["on_battery"] = 1;
  absurd["state"] = std::string(100000, 'x');
  book.take(1, read(absurd), start);
  auto const now = book.latest(1, start);
  ck_assert(now.has_value());
  ck_assert(!now->load && !now->cpu && !now->memory_free && !now->disk_free && !now->temperature && !now->battery);
  ck_assert(!now->on_battery && now->state.empty() && book.memory_mib(1) == 0);
  book.take(
      1,
      read({{"type", "telemetry"}, {"cpu_percent", 12}, {"temperature_celsius", -20}, {"memory_free_mib", 60'000'000}}),
      start);
  ck_assert(book.latest(1, start)->cpu == 12 && book.latest(1, start)->temperature == -20);
  ck_assert(book.latest(1, start)->memory_free == 16 * 65534);  // as much as a row holds
}
END_TEST

START_TEST(a_minute_has_one_row_however_often_a_slave_speaks) {
  TelemetryHistory book;
  for (int i = 0; i < 600; ++i) book.take(1, read({{"cpu_percent", i % 100}}), start + i * 100);
  auto const rows = book.last(1, 24, start + minute);
  ck_assert_uint_eq(rows.size(), 1);
  ck_assert(rows[0].cpu == 99);  // the latest
  auto const hours = book.take_hours(start + hour, false);
  ck_assert_uint_eq(hours.size(), 1);
  ck_assert_int_eq(hours[0].samples, 1);
}
END_TEST

START_TEST(a_day_is_kept_and_no_more) {
  TelemetryHistory book;
  int const minutes = 3 * 24 * 60;
  for (int i = 0; i < minutes; ++i) book.take(1, good(), start + i * minute);
  std::int64_t const now = start + (minutes - 1) * minute;
  ck_assert_uint_eq(book.last(1, 24, now).size(), 24 * 60);
  ck_assert_uint_eq(book.last(1, 2, now).size(), 120);
  ck_assert(book.last(1, 24, now).front().at_ms == now - 24 * hour + minute);
  (void)book.take_hours(now, true);
  ck_assert_uint_lt(book.bytes(), 30'000);
  ck_assert(book.last(1, 24, now + 24 * hour).empty() && !book.latest(1, now + 25 * hour));
  (void)book.take_hours(now + 25 * hour, false);
  ck_assert_uint_lt(book.bytes(), 5'000);  // silent for a day: forgotten
}
END_TEST

START_TEST(an_hour_is_summed_up_once) {
  TelemetryHistory book;
  for (int i = 0; i < 60; ++i)
    book.take(1,
              {.state = i < 15 ? protocol::SlaveActivity::rendering : protocol::SlaveActivity::idle,
               .load = 2,
               .cpu_percent = i < 30 ? 10 : 50,
               .memory_mib = 1600,
               .memory_free_mib = 800,
               .disk_free_mib = 1000 - i},
              start + i * minute);
  ck_assert(book.take_hours(start + 59 * minute, false).empty());  // it is not over
  auto const hours = book.take_hours(start + hour, false);
  ck_assert_uint_eq(hours.size(), 1);
  ck_assert(hours[0].slave == 1 && hours[0].hour == start / hour && hours[0].samples == 60);
  ck_assert_int_eq(hours[0].rendering, 15);
  ck_assert(hours[0].cpu->mean == 30 && hours[0].cpu->most == 50 && hours[0].load->mean == 200);
  ck_assert(hours[0].memory_used->mean == 800 && hours[0].min_disk_free_mib == 941 && !hours[0].temperature);
  ck_assert(book.take_hours(start + hour, true).empty());
  book.put_back(hours);
  ck_assert_uint_eq(book.take_hours(start + hour, false).size(), 1);
}
END_TEST

START_TEST(an_hour_that_ends_while_nobody_looks_is_not_lost) {
  TelemetryHistory book;
  for (int i = 0; i < 150; ++i) book.take(1, good(), start + i * minute);
  ck_assert_uint_eq(book.take_hours(start + 149 * minute, false).size(), 2);
  auto const rest = book.take_hours(start + 149 * minute, true);  // the server stops
  ck_assert(rest.size() == 1 && rest[0].samples == 30);
}
END_TEST

START_TEST(ten_thousand_slaves_stay_within_the_budget_and_cost_next_to_nothing) {
  TelemetryHistory book;
  auto const message = good();
  auto const begun = std::chrono::steady_clock::now();
  constexpr int slaves = 10'000, minutes = 300;
  for (int at = 0; at < minutes; ++at)
    for (int slave = 1; slave <= slaves; ++slave) book.take(slave, message, start + at * minute);
  auto const spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  std::printf("# %.2f us a message; %d slaves: a row each %d minutes, %.1f MiB after %d minutes\n",
              spent / slaves / minutes * 1e6, slaves, book.minutes_apart(),
              static_cast<double>(book.bytes()) / (1 << 20), minutes);
  ck_assert_uint_lt(book.bytes(), TelemetryHistory::default_budget + (std::size_t{8} << 20));
  ck_assert_int_lt(book.minutes_apart(), 6);
  ck_assert_uint_ge(book.last(slaves, 24, start + minutes * minute).size(), minutes / book.minutes_apart());
}
END_TEST

START_TEST(rows_move_apart_when_more_slaves_come_than_fit) {
  TelemetryHistory book(1 << 20);  // 65,536 rows: full resolution for some forty slaves
  for (int at = 0; at < 24 * 60; ++at)
    for (int slave = 1; slave <= 20; ++slave) book.take(slave, good(), start + at * minute);
  ck_assert_int_eq(book.minutes_apart(), 1);
  std::int64_t const later = start + 24 * hour;
  for (int at = 0; at < 24 * 60; ++at)
    for (int slave = 1; slave <= 400; ++slave) book.take(slave, good(), later + at * minute);
  ck_assert_int_gt(book.minutes_apart(), 1);
  (void)book.take_hours(later + 24 * hour, true);
  ck_assert_uint_lt(book.bytes(), (3U << 20) / 2);
  auto const rows = book.last(1, 24, later + 24 * hour);
  ck_assert_uint_ge(rows.size(), static_cast<unsigned>(24 * 60 / book.minutes_apart() - 1));
  for (std::size_t i = 1; i < rows.size(); ++i) ck_assert(rows[i].at_ms > rows[i - 1].at_ms);
}
END_TEST

namespace {

TestGroup const taken_tests{"taken",
                            {what_a_slave_says_is_shown_as_it_was_said, absurd_numbers_are_dropped_one_by_one,
                             a_minute_has_one_row_however_often_a_slave_speaks, a_day_is_kept_and_no_more}};
TestGroup const hours_tests{"hours", {an_hour_is_summed_up_once, an_hour_that_ends_while_nobody_looks_is_not_lost}};
TestGroup const many_tests{"many",
                           {ten_thousand_slaves_stay_within_the_budget_and_cost_next_to_nothing,
                            rows_move_apart_when_more_slaves_come_than_fit},
                           {.timeout_s = 120}};

}  // namespace

// Points at the command line: what is typed and shown, and `distren` against a grid that only pretends.
#include "client/points_format.h"
#include "client/table.h"
#include "client/validators.h"
#include "common/base/points_text.h"
#include "tests/support/client_fixture.h"

namespace distren {
namespace {

START_TEST(points_are_read_and_written_exactly) {
  for (auto const& [text, millipoints] : {std::pair<char const*, std::int64_t>{"1", 1000},
                                          {"0.001", 1},
                                          {"12.5", 12500},
                                          {"0.07", 70},
                                          {"120", 120000},
                                          {"999999999999.999", max_millipoints - 1},
                                          {"1000000000000", max_millipoints}}) {
    ck_assert_int_eq(parse_points(text).value(), millipoints);
    ck_assert_text(points_text(millipoints), text);
  }
  ck_assert_int_eq(parse_points("12.500").value(), 12500);
  ck_assert_text(points_text(0), "0");
  ck_assert_text(points_text(-70), "-0.07");
  ck_assert_text(points_text(INT64_MIN), "-9223372036854775.808");
}
END_TEST

START_TEST(what_cannot_be_points_is_refused_where_it_is_typed) {
  auto const check = client::points_validator();
  for (std::string bad : {"",
                          "0",
                          "0.000",
                          "-1",
                          "+1",
                          " 1",
                          "1 ",
                          "1,5",
                          "1.",
                          ".5",
                          "0.0001",
                          "1.2345",
                          "1e3",
                          "nan",
                          "inf",
                          "0x10",
                          "1.2.3",
                          "1000000000000.001",
                          "9223372036854775808",
                          "99999999999999999999999"})
    ck_assert_msg(!check(bad).empty(), "%s", bad.c_str());
  ck_assert_says(parse_points("lots").error().message, "'lots' cannot be points; say a number above 0");
}
END_TEST

START_TEST(a_receipt_says_what_it_was_for) {
  using client::purpose_of;
  Json const frame{{"kind", "earn"},
                   {"job", {{"id", 7}, {"name", "film"}}},
                   {"frame", 5},
                   {"slave", {{"id", 3}, {"name", "attic"}}}};
  ck_assert_text(purpose_of(frame), "frame 5 of job 7 (film) on slave 3 (attic)");
  ck_assert_text(purpose_of({{"kind", "boost"}, {"job", {{"id", 7}, {"name", nullptr}}}}), "for the boost of job 7");
  ck_assert_text(purpose_of({{"kind", "refund"}, {"job", {{"id", 7}, {"name", "film"}}}}),
                 "refund of the boost of job 7 (film)");
  Json gift{
      {"kind", "give"}, {"available_change_millipoints", -5000}, {"counterparty_name", "ben"}, {"reason", "thanks"}};
  ck_assert_text(purpose_of(gift), "to ben: thanks");
  gift["available_change_millipoints"] = 5000;
  gift["reason"] = nullptr;
  ck_assert_text(purpose_of(gift), "from ben");
  ck_assert_text(purpose_of({{"kind", "adjust"}, {"counterparty_name", "admin"}, {"reason", "a prize"}}),
                 "adjusted by admin: a prize");
}
END_TEST

START_TEST(a_quote_is_told_in_sentences_even_when_little_is_known) {
  Json quote{{"job_id", 7},
             {"millipoints", 120000},
             {"available_millipoints", 300500},
             {"current", {{"queue_position", 7}, {"boost_factor", 0}, {"estimated_finish_at", nullptr}}},
             {"boosted", {{"queue_position", 2}, {"boost_factor", 0.75}, {"estimated_finish_at", nullptr}}}};
  auto const words = client::quote_text(quote, 0);
  ck_assert_says(words, "This boost costs 120 points; you have 300.5.");
  ck_assert_says(words, "from position 7 to 2, its boost from 0 to 0.75");
  ck_assert_says(words, "stays: unknown, as no slave is rendering");
  quote["current"] = nullptr;
  ck_assert_says(client::quote_text(quote, 0), "the effect is unknown");
}
END_TEST

START_TEST(an_estimate_is_a_time_of_the_day_or_has_its_date) {
  setenv("TZ", "UTC", 1);
  tzset();
  constexpr std::int64_t now = 1767607200000;  // 2026-01-05T10:00:00Z
  ck_assert_text(client::clock_time("2026-01-05T14:20:00.500Z", now), "14:20");
  ck_assert_text(client::clock_time("2026-01-06T00:05:00Z", now), "2026-01-06 00:05");
  ck_assert_text(client::clock_time("2027-01-05T14:20:00Z", now), "2027-01-05 14:20");
  ck_assert_text(client::clock_time("", now), "");
}
END_TEST

START_TEST(points_are_shown_with_what_moved_them) {
  ClientFixture const desk;
  desk.sign_on();
  ck_assert_says(desk.good({"points", "statement"}).out, "No transactions yet.");
  auto const balance = desk.good({"points"}).out;
  ck_assert_says(balance, "12.5");
  ck_assert_says(balance, "at most, for 2 frames");
  ck_assert_says(balance, "1234.567");
  ck_assert(desk.good({"points", "--json"}).json().at("total_millipoints") == 1234567);
  for (int i = 1; i <= 5; ++i) desk.good({"give", "ben", std::to_string(i), "--reason", "thanks"});
  auto const all = desk.good({"points", "statement", "--json"}).json();
  ck_assert(all.at("items").size() == 5 && all.at("next_cursor").is_null());
  auto const some = desk.good({"points", "statement", "--limit", "3", "--json"}).json();
  ck_assert(some.at("items").size() == 3 && some.at("items")[0].at("available_change_millipoints") == -5000);
  auto const rest =
      desk.good({"points", "statement", "--cursor", some.at("next_cursor").get<std::string>(), "--json"}).json();
  ck_assert(rest.at("items").size() == 2 && rest.at("items")[0].at("available_change_millipoints") == -2000);
  auto const text = desk.good({"points", "statement", "--limit", "3"});
  ck_assert_says(text.out, "to ben: thanks");
  ck_assert_says(text.err, ("--cursor " + some.at("next_cursor").get<std::string>()).c_str());
}
END_TEST

START_TEST(the_ranking_goes_over_pages) {
  ClientFixture const desk;
  desk.sign_on();
  ck_assert_uint_eq(desk.good({"ranking", "--json"}).json().at("items").size(), 3);
  ck_assert_uint_eq(desk.good({"ranking", "--json", "--limit", "1"}).json().at("items").size(), 1);
  ck_assert_says(desk.good({"ranking"}).out, "user3");
}
END_TEST

START_TEST(statistics_are_a_few_lines_with_their_sum) {
  ClientFixture const desk;
  desk.sign_on();
  auto const day = desk.good({"statistics", "--period", "day"}).out;
  ck_assert_says(day, "2 h ago     100       0");
  ck_assert_says(day, "total       120       3    12.5    2.5");
  auto const week = desk.good({"statistics"}).out;  // the last day is one line
  ck_assert_says(week, "24 h ago     120       3    12.5");
  ck_assert_says(desk.good({"statistics", "--mine", "--period", "all"}).out, "No activity");
  ck_assert_uint_eq(
      desk.good({"statistics", "--period", "year", "--json"}).json().at("series").at("frames_finished").size(), 365);
  ck_assert_int_eq(desk.run({"statistics", "--period", "century"}).code, 2);
}
END_TEST

START_TEST(a_boost_is_quoted_made_and_made_once) {
  ClientFixture const desk;
  desk.sign_on();
  auto const job = desk.submit("film");
  auto const quote = desk.good({"boost", job, "12.5", "--quote"}).out;
  ck_assert_says(quote, "costs 12.5 points; you have 100");
  ck_assert_says(quote, "from position 7 to 2");
  ck_assert_says(quote, " instead of 2031-01-05");
  ck_assert(desk.good({"boost", job, "12.5", "--quote", "--json"}).json().at("boosted").at("queue_position") == 2);
  ck_assert(desk.good({"points", "--json"}).json().at("available_millipoints") == 100000);
  auto const made = desk.good({"boost", job, "12.5"});  // no terminal: nobody is asked
  ck_assert_says(made.out, ("Job " + job + " boosted with 12.5 points").c_str());
  auto const first = desk.good({"boost", job, "10", "--key", "k1", "--json"}).json();
  ck_assert(desk.good({"boost", job, "10", "--key", "k1", "--json"}).json() == first);
  ck_assert(desk.good({"points", "--json"}).json().at("available_millipoints") == 77500);
  auto const refused = desk.run({"boost", job, "500", "--yes"});
  ck_assert_int_eq(refused.code, 1);
  ck_assert_says(refused.err, "you have 77.5 points to spend");
  ck_assert_int_eq(desk.run({"boost", "999", "5"}).code, 4);
}
END_TEST

START_TEST(a_spending_whose_answer_is_lost_is_repeated_and_spends_once) {
  ClientFixture const desk;
  desk.sign_on();
  for (auto const* name : {"lost", "busy"}) {
    auto const before = desk.good({"points", "--json"}).json().at("available_millipoints").get<std::int64_t>();
    ck_assert_says(desk.good({"boost", desk.submit(name), "10", "--yes"}).out, "boosted with 10 points");
    ck_assert(desk.good({"points", "--json"}).json().at("available_millipoints") == before - 10000);
  }
}
END_TEST

START_TEST(gifts_and_adjustments_reach_the_grid_with_their_reason) {
  ClientFixture const desk;
  desk.sign_on();
  ck_assert_says(desk.good({"give", "ben", "0.5"}).out, "0.5 points given to ben");
  ck_assert_int_eq(desk.run({"give", "anna", "1"}).code, 1);
  ck_assert_says(desk.good({"adjust", "50", "--to", "ben", "--reason", "a prize"}).out, "from the mint to ben");
  auto const line = desk.good({"points", "statement", "--json"}).json().at("items")[0];
  ck_assert(line.at("reason") == "a prize" && line.at("millipoints") == 50000);
}
END_TEST

START_TEST(why_and_the_estimates_are_shown) {
  ClientFixture const desk;
  desk.sign_on();
  auto const job = desk.submit("film");
  ck_assert_text(desk.good({"explain", job}).out, "job " + job + ": 2 users come first [users_ahead]\n");
  auto const shown = desk.good({"job", "show", job}).out;
  ck_assert_says(shown, "position         3");
  ck_assert_says(shown, "0.25, 12.5 points in escrow");
  ck_assert_says(desk.good({"jobs"}).out, "POSITION  ESTIMATED FINISH");
  auto const slave = desk.good({"slave", "create", "attic", "--json"}).json().at("id").dump();
  ck_assert_says(desk.good({"explain", "--slave", slave}).out, "no job has a frame waiting [nothing_to_do]");
  ck_assert_says(desk.good({"slave", "show", slave}).out,
                 "blender 3.4.1: 1.1 of the reference core (benchmark 1.25, 2026-01-05)");
}
END_TEST

START_TEST(a_ledger_that_is_not_in_order_is_no_success) {
  ClientFixture const desk;
  desk.sign_on();
  ck_assert_says(desk.good({"ledger-check"}).out, "2 invariants hold");
  desk.submit("broken");
  auto const broken = desk.run({"ledger-check"});
  ck_assert_int_eq(broken.code, 1);
  ck_assert_says(broken.out, "all_balances_sum_to_0: the balances sum to 1");
}
END_TEST

START_TEST(what_cannot_be_is_refused_before_the_server_is_asked) {
  ClientFixture const desk;
  for (std::vector<std::string> const& words : {std::vector<std::string>{"boost", "1"},
                                                {"boost", "1", "0"},
                                                {"boost", "1", "1.2345"},
                                                {"boost", "1", "-5"},
                                                {"boost", "0", "5"},
                                                {"boost", "1", "5", "--quote", "--yes"},
                                                {"give", "ben"},
                                                {"give", "ben", "lots"},
                                                {"adjust", "5", "--to", "ben"},
                                                {"explain"},
                                                {"explain", "1", "--slave", "2"},
                                                {"points", "statement", "--limit", "0"}})
    ck_assert_msg(desk.run(words).code == 2, "%s", fmt::format("{}", fmt::join(words, " ")).c_str());
}
END_TEST

TestGroup const points_tests{
    "points",
    {points_are_read_and_written_exactly, what_cannot_be_points_is_refused_where_it_is_typed,
     a_receipt_says_what_it_was_for, a_quote_is_told_in_sentences_even_when_little_is_known,
     an_estimate_is_a_time_of_the_day_or_has_its_date, points_are_shown_with_what_moved_them,
     the_ranking_goes_over_pages, statistics_are_a_few_lines_with_their_sum, a_boost_is_quoted_made_and_made_once,
     a_spending_whose_answer_is_lost_is_repeated_and_spends_once,
     gifts_and_adjustments_reach_the_grid_with_their_reason, why_and_the_estimates_are_shown,
     a_ledger_that_is_not_in_order_is_no_success, what_cannot_be_is_refused_before_the_server_is_asked},
    {.timeout_s = 120}};

}  // namespace
}  // namespace distren

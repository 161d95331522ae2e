// Points over the HTTP API: what is shown, what may be adjusted and by whom.
#include "server/store/points.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "common/base/points_text.h"
#include "server/store/operations.h"
#include "tests/support/points_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

START_TEST(a_new_account_has_nothing_and_an_adjustment_is_receipted) {
  PointsFixture desk;
  auto const ann = desk.user();
  auto const nothing = desk.points(ann);
  for (auto const* key : {"available_millipoints", "pending_millipoints", "escrow_millipoints", "held_max_millipoints",
                          "held_count", "total_millipoints", "weight"})
    ck_assert_msg(nothing[key] == 0, "%s: %s", key, nothing.dump().c_str());
  ck_assert(desk.statement(ann) == json({{"items", json::array()}, {"next_cursor", nullptr}}));
  auto const reply = desk.adjust("k1", {{"to", ann.name}, {"millipoints", 1234500}, {"reason", "as promised"}});
  ck_assert_int_eq(reply.status, 201);
  ck_assert(reply.json["kind"] == "adjust" && reply.json["millipoints"] == 1234500 && reply.json["from"].is_null());
  auto const balance = desk.points(ann);
  ck_assert(balance["available_millipoints"] == 1234500 && balance["total_millipoints"] == 1234500 &&
            balance["weight"] > 1.5);
  ck_assert_int_eq(desk.totals()[ann.id], 1234500);
  auto const line = desk.statement(ann)["items"][0];
  ck_assert_msg(line["id"] == reply.json["id"] && line["kind"] == "adjust" &&
                    line["available_change_millipoints"] == 1234500 && line["total_change_millipoints"] == 1234500 &&
                    line["counterparty_name"] == "admin" && line["reason"] == "as promised" && line["job"].is_null() &&
                    line["frame"].is_null(),
                "%s", line.dump().c_str());
  ck_assert_int_eq(desk.adjust("k2", {{"from", ann.name}, {"millipoints", 234500}, {"reason", "too much"}}).status,
                   201);
  ck_assert_int_eq(desk.totals()[ann.id], 1000000);
}
END_TEST

START_TEST(only_administrators_adjust_and_read_the_whole_ledger) {
  PointsFixture desk;
  auto const ann = desk.user(10000);
  auto const tried =
      desk.spend("adjustments", ann, "k", json{{"to", ann.name}, {"millipoints", 5000}, {"reason", "mine"}});
  ck_assert_int_eq(tried.status, 403);
  ck_assert_int_eq(desk.call("POST", "/api/v1/admin/ledger-checks", ann.secret).status, 403);
  auto const checked = desk.call("POST", "/api/v1/admin/ledger-checks", admin_session);
  auto const found = desk.end_of(checked, admin_session);
  ck_assert_text(found["kind"], "ledger_check");
  ck_assert_text(found["state"], "succeeded");
  ck_assert(found["result"]["clean"] == true);
  ck_assert_uint_gt(found["result"]["invariants"].size(), 10);
  ck_assert_int_eq(desk.call("GET", checked.header("Location"), ann.secret).status, 404);
  auto const role = [&](char const* what) {
    desk.write_row(fmt::format("UPDATE user SET role = '{}' WHERE id = {}", what, ann.id));
  };
  role("moderator");
  ck_assert_int_eq(desk.call("GET", checked.header("Location"), ann.secret).status, 404);
  role("administrator");
  auto const hers = desk.call("POST", "/api/v1/admin/ledger-checks", ann.secret).header("Location");
  ck_assert_int_eq(desk.call("GET", hers, ann.secret).status, 200);
  role("user");
  ck_assert_int_eq(desk.call("GET", hers, ann.secret).status, 404);
  ck_assert(desk.points(ann)["available_millipoints"] == 10000);
}
END_TEST

START_TEST(work_that_never_gets_an_answer_fails_and_keeps_no_other_waiting) {
  PointsFixture desk;
  auto const begun = desk.call("POST", "/api/v1/admin/ledger-checks", admin_session);
  ck_assert_int_eq(begun.status, 202);
  desk.write_row("UPDATE operation SET try_count = 3 WHERE id = " + begun.json["id"].dump());
  auto const failed = desk.end_of(begun, admin_session);
  ck_assert_text(failed["state"], "failed");
  ck_assert_text(failed["problem"]["code"], "database_unavailable");
}
END_TEST

START_TEST(a_long_account_of_why_work_failed_is_cut_between_two_characters) {
  PointsFixture desk;
  auto const made = desk.call("POST", "/api/v1/admin/ledger-checks", admin_session);
  auto begun = store::begin_operation(desk.database);
  while (begun && *begun && (*begun)->id != made.json["id"]) begun = store::begin_operation(desk.database);
  ck_assert(begun.has_value() && begun->has_value() && (*begun)->tries == 1);
  auto const why = std::string(1999, 'x') + "\u00e4\u00e4";
  ck_assert(store::fail_operation(desk.database, (*begun)->id, "internal_error", why).has_value());
  auto const shown = desk.call("GET", made.header("Location"), admin_session).json;
  ck_assert_text(shown["problem"]["detail"], std::string(1999, 'x'));
}
END_TEST

START_TEST(a_ledger_that_is_not_in_order_says_which_row_breaks_it) {
  PointsFixture desk;
  auto const ann = desk.user(10000);
  auto const where = " WHERE kind = 'available' AND user_id = " + std::to_string(ann.id);
  desk.write_row("UPDATE account SET balance = balance + 1" + where);
  auto const broken =
      desk.end_of(desk.call("POST", "/api/v1/admin/ledger-checks", admin_session), admin_session)["result"];
  desk.write_row("UPDATE account SET balance = balance - 1" + where);
  ck_assert(broken["clean"] == false);
  bool named = false;
  for (auto const& each : broken["invariants"]) {
    if (each["name"] != "a_balance_is_the_sum_of_its_entries") continue;
    named = each["holds"] == false && each["detail"].get<std::string>().find("10001") != std::string::npos;
  }
  ck_assert_msg(named, "%s", broken.dump().c_str());
}
END_TEST

START_TEST(amounts_that_cannot_be_are_refused_with_a_sentence_and_move_nothing) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  std::string const huge(400, '9');
  for (std::string const& amount : {std::string("-5"),
                                    std::string("0"),
                                    std::string("-1"),
                                    std::string("0.5"),
                                    std::string("12.0"),
                                    std::string("1e-9"),
                                    std::string("1e3"),
                                    std::string("1000000000000001"),
                                    std::string("1e300"),
                                    std::string("1e999"),
                                    std::string("-1e999"),
                                    std::string("NaN"),
                                    std::string("Infinity"),
                                    huge,
                                    std::string("9223372036854775807"),
                                    std::string("18446744073709551616"),
                                    std::string("-9223372036854775808"),
                                    std::string("\"5\""),
                                    std::string("true"),
                                    std::string("[5]"),
                                    std::string("{}"),
                                    std::string("null")}) {
    auto const quoted = R"({"millipoints":)" + amount;
    for (auto const& reply : {desk.spend(boost_path(job), ann, "k", quoted + "}"),
                              desk.spend("transfers", ann, "k", quoted + R"(,"to":")" + ben.name + "\"}"),
                              desk.spend("adjustments", {"admin", admin_session, 1}, "k",
                                         quoted + R"(,"reason":"x","to":")" + ben.name + "\"}")}) {
      ck_assert_msg(reply.status == 400, "%s: %d %s", amount.c_str(), reply.status, reply.text.c_str());
      ck_assert_uint_gt(reply.message().size(), 15);
    }
  }
  ck_assert_says(desk.spend(boost_path(job), ann, "k", json{{"millipoints", -5}}).message(),
                 "millipoints: -5 is not between 1 and 1000000000000000");
  ck_assert_says(desk.spend(boost_path(job), ann, "k", json::object()).message(), "millipoints is missing");
  auto const fraction = desk.spend(boost_path(job), ann, "k", json{{"millipoints", 12.5}});
  ck_assert_says(fraction.message(), "millipoints: 12.5 is not a whole number");
  ck_assert(fraction.json["errors"][0]["at"] == "/millipoints" && fraction.json["errors"][0]["code"] == "wrong_type");
  ck_assert_says(desk.spend(boost_path(job), ann, "k", json{{"millipoints", 1000}, {"job", 2}}).message(),
                 "'job' is not known");
  ck_assert(desk.points(ann)["available_millipoints"] == 100000 && desk.points(ben)["available_millipoints"] == 0);
}
END_TEST

START_TEST(the_smallest_and_the_largest_amounts_arrive_exactly) {
  PointsFixture desk;
  auto const ann = desk.user();
  for (std::int64_t const amount :
       {std::int64_t{1}, std::int64_t{70}, std::int64_t{12'345'678}, max_millipoints - 1, max_millipoints}) {
    auto const before = desk.points(ann)["available_millipoints"].get<std::int64_t>();
    auto const key = std::to_string(amount);
    ck_assert_int_eq(desk.adjust(ann.name + key, {{"to", ann.name}, {"millipoints", amount}, {"reason", "x"}}).status,
                     201);
    auto const balance = store::show_balance(desk.database, ann.id);
    ck_assert_int_eq(balance->available, before + amount);
    ck_assert_msg(desk.statement(ann)["items"][0]["available_change_millipoints"] == amount, "%s", key.c_str());
    auto const back = desk.adjust("back" + ann.name + key,
                                  {{"from", ann.name}, {"millipoints", amount}, {"reason", "it was a test"}});
    ck_assert_msg(back.status == 201, "%s", back.text.c_str());
  }
  ck_assert(desk.points(ann)["available_millipoints"] == 0);
}
END_TEST

START_TEST(why_names_the_rule_of_a_job_and_of_a_slave_to_its_owner) {
  PointsFixture desk;
  auto const ben = desk.user();
  auto const cid = desk.user();
  auto const ann = desk.user();
  // Nobody has anything yet: in the order of their numbers. The slave takes the first.
  for (auto const& each : {ben, cid}) desk.job(each);
  auto const job = "/api/v1/jobs/" + std::to_string(desk.job(ann));
  desk.connect(a_slave(1'000'000, ben.id));
  auto why = desk.call("GET", job + "/explain", ann.secret);
  for (int i = 0; i < 1000 && why.json["rule"] == "renderer_recorded"; ++i) {  // before anybody's first frame
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    why = desk.call("GET", job + "/explain", ann.secret);
  }
  ck_assert_msg(why.json == json({{"rule", "users_ahead"},
                                  {"value", 1},
                                  {"message",
                                   "1 user who is further behind their share comes first (from the fifth that all "
                                   "share alike)"}}),
                "%s", why.text.c_str());
  ck_assert_int_eq(desk.call("GET", job + "/explain", ben.secret).status, 404);
  ck_assert_int_eq(desk.call("POST", job + "/pause", ann.secret).status, 200);
  auto const paused = desk.call("GET", job + "/explain", ann.secret).json;
  ck_assert(paused["rule"] == "paused" && paused["message"] == "it is paused: paused by its owner");
  ck_assert(desk.call("GET", job, ann.secret).json["queue_position"].is_null());
  ck_assert_int_eq(desk.call("POST", job + "/cancel", ann.secret).status, 200);
  ck_assert(desk.call("GET", job + "/explain", ann.secret).json["rule"] == "cancelled");

  auto const made = desk.call("POST", "/api/v1/slaves", ann.secret, {{"name", "attic"}}).json["id"];
  auto const slave = "/api/v1/slaves/" + made.dump();
  ck_assert(desk.call("GET", slave + "/explain", ann.secret).json["rule"] == "offline");
  desk.connect(a_slave(made.get<std::int64_t>(), ann.id));
  ck_assert_text(desk.call("GET", slave + "/explain", ann.secret).json["rule"], "fair_share");
  ck_assert_int_eq(desk.call("GET", slave + "/explain", ben.secret).status, 404);
  ck_assert_int_eq(desk.call("POST", slave + "/disable", ann.secret).status, 200);
  ck_assert(desk.call("GET", slave + "/explain", ann.secret).json["message"] == "it is disabled");
}
END_TEST

START_TEST(a_slave_shows_the_power_of_its_cores) {
  PointsFixture desk;
  auto const ann = desk.user();
  auto const made = desk.call("POST", "/api/v1/slaves", ann.secret, {{"name", "attic"}}).json["id"];
  auto const slave = made.get<std::int64_t>();
  ck_assert_good(
      store::record_hello(desk.database, slave, {"Linux", "cpu", 4, 8000, {{"blender", "3.4.1"}}, {}, "::1"}));
  auto const path = "/api/v1/slaves/" + made.dump();
  auto const unknown = desk.call("GET", path, ann.secret).json["renderers"][0];
  ck_assert(unknown["benchmark_power"].is_null() && unknown["power"].is_null() && unknown["benchmarked_at"].is_null());
  ck_assert_good(store::record_power(desk.database, slave, {"blender", "3.4.1"}, 1250));
  ck_assert_good(store::correct_powers(desk.database, {{slave, "blender", "3.4.1", 0, 1100, 0}}));
  for (auto const& shown : {desk.call("GET", path, ann.secret).json["renderers"][0],
                            desk.call("GET", "/api/v1/slaves", ann.secret).json["items"][0]["renderers"][0]}) {
    ck_assert_msg(shown["benchmark_power"] == 1.25 && shown["power"] == 1.1 && shown["benchmarked_at"].is_string(),
                  "%s", shown.dump().c_str());
  }
}
END_TEST

START_TEST(the_ranking_and_the_statement_come_page_by_page) {
  PointsFixture desk;
  auto const first = desk.user(9000000000);
  auto const second = desk.user(8000000000);
  auto const third = desk.user(8000000000);
  auto const page = desk.call("GET", "/api/v1/ranking?limit=2", first.secret).json;
  ck_assert(page["items"][0] == json({{"rank", 1},
                                      {"user", {{"id", first.id}, {"name", first.name}}},
                                      {"total_millipoints", 9'000'000'000},
                                      {"weight", 4}}));
  ck_assert(page["items"][1]["user"]["id"] == second.id && page["items"][1]["rank"] == 2 &&
            page["next_cursor"].is_string());
  auto const rest =
      desk.call("GET", "/api/v1/ranking?limit=2&cursor=" + page["next_cursor"].get<std::string>(), first.secret).json;
  ck_assert(rest["items"][0]["user"]["id"] == third.id && rest["items"][0]["rank"] == 2);
  for (int i = 0; i < 4; ++i) {
    auto const key = "page-" + std::to_string(i);
    ck_assert_int_eq(
        desk.spend("transfers", first, key, json{{"to", second.name}, {"millipoints", 1000 * (i + 1)}}).status, 201);
  }
  auto const recent = desk.statement(first, "?limit=3");
  ck_assert(recent["items"].size() == 3 && recent["items"][0]["available_change_millipoints"] == -4000);
  auto const older = desk.statement(first, "?limit=3&cursor=" + recent["next_cursor"].get<std::string>());
  ck_assert(older["items"].size() == 2 && older["items"][0]["available_change_millipoints"] == -1000 &&
            older["next_cursor"].is_null());
  ck_assert_int_eq(desk.call("GET", "/api/v1/transactions?all=1", first.secret).status, 400);
  ck_assert_int_eq(desk.call("GET", "/api/v1/ranking?cursor=x", first.secret).status, 400);
}
END_TEST

TestGroup const points_tests{
    "points",
    {a_new_account_has_nothing_and_an_adjustment_is_receipted, only_administrators_adjust_and_read_the_whole_ledger,
     work_that_never_gets_an_answer_fails_and_keeps_no_other_waiting,
     a_long_account_of_why_work_failed_is_cut_between_two_characters,
     a_ledger_that_is_not_in_order_says_which_row_breaks_it,
     amounts_that_cannot_be_are_refused_with_a_sentence_and_move_nothing,
     the_smallest_and_the_largest_amounts_arrive_exactly, why_names_the_rule_of_a_job_and_of_a_slave_to_its_owner,
     a_slave_shows_the_power_of_its_cores, the_ranking_and_the_statement_come_page_by_page},
    with_database};

}  // namespace

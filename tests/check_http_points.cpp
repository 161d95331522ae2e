// Points over the HTTP API: what is shown, what may be spent and by whom, and that after every refusal, repetition and
// race the ledger is in order, and the dispatcher has what it says.
#include <pwd.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "server/store/points.h"
#include "tests/support/api_desk.h"
#include "tests/support/database_suite.h"
#include "tests/support/private_database.h"

using namespace distren;
using nlohmann::json;

namespace {

constexpr char const* admin = "the-administrators-session";

struct Person {
  std::string name;
  std::string secret;
  std::int64_t id = 0;
};

struct Desk : DatabaseThread, ApiDesk {
  Desk() : ApiDesk(*the_database) {}
  ~Desk() { check_ledger(); }  // whatever a test did

  void check_ledger() {
    auto const invariants = store::check_ledger(database);
    ck_assert_good(invariants);
    ck_assert_uint_gt(invariants->size(), 10);
    for (auto const& each : *invariants) {
      ck_assert_msg(each.holds, "%s: %s", each.name.c_str(), each.detail.c_str());
    }
  }

  // As the owner of the database, who may write what the server may not.
  void write_row(std::string const& statement) {
    auto address = *the_database;
    address.user = getpwuid(geteuid())->pw_name;
    address.password.clear();
    Database owner(address);
    ck_assert_good(owner.execute(statement));
  }

  ApiReply spend(std::string const& path, Person const& who, std::string const& key, std::string const& body) {
    Request request;
    request.method = "POST";
    request.headers = {{"authorization", "Bearer " + who.secret}};
    if (!key.empty()) request.headers.emplace_back("idempotency-key", key);
    request.body = body;
    return send(std::move(request), "/api/v1/" + path);
  }
  ApiReply spend(std::string const& path, Person const& who, std::string const& key, json const& body) {
    return spend(path, who, key, body.dump());
  }
  ApiReply adjust(std::string const& key, json const& body) {
    return spend("points/adjust", {"admin", admin, 1}, key, body);
  }

  // A new account with so many points.
  Person user(double points = 0) {
    Person made;
    made.secret = person(&made.name);
    made.id = call("GET", "/api/v1/me", made.secret).json["user"]["id"];
    if (points > 0) {
      auto const reply = adjust("start-" + made.name, {{"to", made.name}, {"points", points}, {"reason", "a start"}});
      ck_assert_msg(reply.status == 200, "%s", reply.text.c_str());
    }
    return made;
  }
  std::int64_t job(Person const& owner) {
    ck_assert_good(store::record_blob(database, owner.id, hex_digest('a'), 10));
    auto const made = create_job(database, owner.id, new_job(3));
    ck_assert_good(made);
    ck_assert_good(services->jobs.load_into_dispatcher(database, *made));
    return *made;
  }
  void foretell_a_boost() {
    foretell([](std::int64_t more_escrow) {
      return more_escrow > 0 ? Forecast{2, 1000, 60000, 1'800'000'000'000} : Forecast{7, 0, 60000, 1'800'000'900'000};
    });
  }
  json points(Person const& who) { return call("GET", "/api/v1/points", who.secret).json; }
  json statement(Person const& who, std::string const& query = "") {
    return call("GET", "/api/v1/points/statement" + query, who.secret).json;
  }
};

std::string boost_path(std::int64_t job) {
  return "jobs/" + std::to_string(job) + "/boost";
}

}  // namespace

START_TEST(a_new_account_has_nothing_and_an_adjustment_is_receipted) {
  Desk desk;
  auto const ann = desk.user();
  auto const nothing = desk.points(ann);
  for (auto const* key : {"available", "pending", "escrow", "held", "held_frames", "total", "weight"})
    ck_assert_msg(nothing[key] == 0, "%s: %s", key, nothing.dump().c_str());
  ck_assert(desk.statement(ann) == json({{"items", json::array()}, {"next", nullptr}}));
  auto const reply = desk.adjust("k1", {{"to", ann.name}, {"points", 1234.5}, {"reason", "as promised"}});
  ck_assert_int_eq(reply.status, 200);
  ck_assert(reply.json["kind"] == "adjust" && reply.json["points"] == 1234.5 && reply.json["from"].is_null());
  auto const balance = desk.points(ann);
  ck_assert(balance["available"] == 1234.5 && balance["total"] == 1234.5 && balance["weight"] > 1.5);
  ck_assert_int_eq(desk.totals()[ann.id], 1234500);
  auto const line = desk.statement(ann)["items"][0];
  ck_assert_msg(line["id"] == reply.json["id"] && line["kind"] == "adjust" && line["available"] == 1234.5 &&
                    line["total"] == 1234.5 && line["other"] == "admin" && line["reason"] == "as promised" &&
                    line["job"].is_null() && line["frame"].is_null(),
                "%s", line.dump().c_str());
  ck_assert_int_eq(desk.adjust("k2", {{"from", ann.name}, {"points", 234.5}, {"reason", "too much"}}).status, 200);
  ck_assert_int_eq(desk.totals()[ann.id], 1000000);
}
END_TEST

START_TEST(only_administrators_adjust_and_read_the_whole_ledger) {
  Desk desk;
  auto const ann = desk.user(10);
  auto const tried = desk.spend("points/adjust", ann, "k", json{{"to", ann.name}, {"points", 5}, {"reason", "mine"}});
  ck_assert_int_eq(tried.status, 403);
  ck_assert_int_eq(desk.call("GET", "/api/v1/ledger/check", ann.secret).status, 403);
  auto const checked = desk.call("GET", "/api/v1/ledger/check", admin);
  ck_assert_int_eq(checked.status, 200);
  ck_assert(checked.json["clean"] == true);
  ck_assert_uint_gt(checked.json["invariants"].size(), 10);
  ck_assert(desk.points(ann)["available"] == 10);
}
END_TEST

START_TEST(a_ledger_that_is_not_in_order_says_which_row_breaks_it) {
  Desk desk;
  auto const ann = desk.user(10);
  auto const where = " WHERE kind = 'available' AND user_id = " + std::to_string(ann.id);
  desk.write_row("UPDATE account SET balance = balance + 1" + where);
  auto const broken = desk.call("GET", "/api/v1/ledger/check", admin).json;
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
  Desk desk;
  auto const ann = desk.user(100);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  std::string const huge(400, '9');
  for (std::string const& amount : {std::string("-5"),
                                    std::string("0"),
                                    std::string("-0.001"),
                                    std::string("0.0001"),
                                    std::string("1.2345"),
                                    std::string("1e-9"),
                                    std::string("1000000000000.001"),
                                    std::string("1e13"),
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
    auto const quoted = R"({"points":)" + amount;
    for (auto const& reply : {desk.spend(boost_path(job), ann, "k", quoted + "}"),
                              desk.spend("points/give", ann, "k", quoted + R"(,"to":")" + ben.name + "\"}"),
                              desk.spend("points/adjust", {"admin", admin, 1}, "k",
                                         quoted + R"(,"reason":"x","to":")" + ben.name + "\"}")}) {
      ck_assert_msg(reply.status == 400, "%s: %d %s", amount.c_str(), reply.status, reply.text.c_str());
      ck_assert_uint_gt(reply.message().size(), 15);
    }
  }
  ck_assert_says(desk.spend(boost_path(job), ann, "k", json{{"points", -5}}).message(),
                 "points: -5 is not a number above 0 and at most 1,000,000,000,000");
  ck_assert_says(desk.spend(boost_path(job), ann, "k", json::object()).message(), "points is missing");
  ck_assert_says(desk.spend(boost_path(job), ann, "k", json{{"points", 1}, {"job", 2}}).message(),
                 "'job' is not known");
  ck_assert(desk.points(ann)["available"] == 100 && desk.points(ben)["available"] == 0);
}
END_TEST

START_TEST(the_smallest_and_the_largest_amounts_arrive_exactly) {
  Desk desk;
  auto const ann = desk.user();
  for (double const amount : {0.001, 0.07, 1.001, 12345.678, 999999999999.999, 1e12}) {
    auto const before = desk.points(ann)["available"].get<double>();
    auto const key = std::to_string(amount);
    ck_assert_int_eq(desk.adjust(ann.name + key, {{"to", ann.name}, {"points", amount}, {"reason", "x"}}).status, 200);
    auto const balance = store::show_balance(desk.database, ann.id);
    ck_assert_int_eq(balance->available, std::llround(before * 1000) + std::llround(amount * 1000));
    ck_assert_msg(desk.statement(ann)["items"][0]["available"] == amount, "%f", amount);
    auto const back =
        desk.adjust("back" + ann.name + key, {{"from", ann.name}, {"points", amount}, {"reason", "it was a test"}});
    ck_assert_msg(back.status == 200, "%s", back.text.c_str());
  }
  ck_assert(desk.points(ann)["available"] == 0);
}
END_TEST

START_TEST(a_boost_moves_points_once_however_often_it_is_sent) {
  Desk desk;
  auto const ann = desk.user(100);
  auto const job = desk.job(ann);
  desk.foretell_a_boost();
  auto const first = desk.spend(boost_path(job), ann, "boost-1", json{{"points", 12.5}});
  ck_assert_msg(first.status == 200, "%s", first.text.c_str());
  ck_assert(first.json["kind"] == "boost" && first.json["job"] == job && first.json["points"] == 12.5);
  for (auto const* key : {"boost-1", "\"boost-1\""}) {
    auto const again = desk.spend(boost_path(job), ann, key, json{{"points", 12.5}});
    ck_assert_int_eq(again.status, 200);
    ck_assert_text(again.text, first.text);
  }
  ck_assert(desk.points(ann)["available"] == 87.5 && desk.points(ann)["escrow"] == 12.5);
  ck_assert_int_eq(desk.escrows()[job], 12500);
  auto const shown = desk.call("GET", "/api/v1/jobs/" + std::to_string(job), ann.secret).json;
  ck_assert_msg(shown["escrow"] == 12.5 && shown["position"] == 7 && shown["boost"] == 0 &&
                    shown["finish_at"] == "2027-01-15T08:15:00.000Z",
                "%s", shown.dump().c_str());
  auto const listed = desk.call("GET", "/api/v1/jobs", ann.secret).json["items"][0];
  ck_assert(listed["escrow"] == 12.5 && listed["position"] == 7);

  auto const other = desk.spend(boost_path(job), ann, "boost-1", json{{"points", 13}});
  ck_assert_int_eq(other.status, 409);
  ck_assert_says(other.message(), "was used to boost job");
  ck_assert_says(other.message(), "with 12.5 points");
  auto const second = desk.job(ann);
  ck_assert_int_eq(desk.spend(boost_path(second), ann, "boost-1", json{{"points", 12.5}}).status, 409);
  ck_assert_int_eq(desk.spend(boost_path(job), ann, "boost-2", json{{"points", 12.5}}).status, 200);
  ck_assert(desk.points(ann)["available"] == 75);
  ck_assert_int_eq(desk.escrows()[job], 25000);
}
END_TEST

START_TEST(what_spends_needs_a_key_of_plain_letters) {
  Desk desk;
  auto const ann = desk.user(100);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  for (std::string const& key : {std::string(), std::string("\"\""), std::string("a b"), std::string("k\xC3\xA4se"),
                                 std::string(65, 'x'), std::string("a'b")}) {
    for (auto const& reply : {desk.spend(boost_path(job), ann, key, json{{"points", 1}}),
                              desk.spend("points/give", ann, key, json{{"points", 1}, {"to", ben.name}}),
                              desk.adjust(key, {{"points", 1}, {"to", ben.name}, {"reason", "x"}})}) {
      ck_assert_int_eq(reply.status, 400);
      ck_assert_says(reply.message(), "Idempotency-Key");
    }
  }
  ck_assert_int_eq(desk.spend(boost_path(job), ann, std::string(64, 'x'), json{{"points", 1}}).status, 200);
  ck_assert(desk.points(ann)["available"] == 99);
}
END_TEST

START_TEST(more_than_is_there_is_not_spent) {
  Desk desk;
  auto const ann = desk.user(12.5);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  for (auto const& reply : {desk.spend(boost_path(job), ann, "k", json{{"points", 12.501}}),
                            desk.spend("points/give", ann, "k", json{{"points", 12.501}, {"to", ben.name}})}) {
    ck_assert_int_eq(reply.status, 409);
    ck_assert_text(reply.message(), "you have 12.5 points to spend, not 12.501");
  }
  auto const taken = desk.adjust("take-" + ann.name, {{"points", 13}, {"from", ann.name}, {"reason", "x"}});
  ck_assert_int_eq(taken.status, 409);
  ck_assert(desk.points(ann)["available"] == 12.5);
  ck_assert(desk.escrows().empty());
}
END_TEST

START_TEST(nobody_boosts_another_s_job_or_one_that_has_ended) {
  Desk desk;
  auto const ann = desk.user(100);
  auto const ben = desk.user(100);
  auto const job = desk.job(ben);
  auto const others = desk.spend(boost_path(job), ann, "k", json{{"points", 5}});
  auto const absent = desk.spend(boost_path(999999), ann, "k", json{{"points", 5}});
  ck_assert_int_eq(others.status, 404);
  ck_assert_int_eq(absent.status, 404);
  ck_assert_text(absent.message(), "you have no job 999999");
  auto const by_admin = desk.spend(boost_path(job), {"admin", admin, 1}, "k", json{{"points", 5}});
  ck_assert_int_eq(by_admin.status, 403);
  ck_assert_says(by_admin.message(), "only its owner can boost it");
  for (auto const* state : {"finished", "failed", "cancelled"}) {
    desk.write_row("UPDATE job SET state = '" + std::string(state) + "' WHERE id = " + std::to_string(job));
    auto const ended = desk.spend(boost_path(job), ben, "k", json{{"points", 5}});
    ck_assert_int_eq(ended.status, 409);
    ck_assert_says(ended.message(), state);
    ck_assert_int_eq(desk.call("GET", "/api/v1/" + boost_path(job) + "/quote?points=5", ben.secret).status, 409);
  }
  ck_assert(desk.points(ann)["available"] == 100 && desk.points(ben)["available"] == 100);
}
END_TEST

START_TEST(two_places_at_once_spend_no_point_twice) {
  Desk desk;
  auto const ann = desk.user(100);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  constexpr int places = 8;
  std::vector<ApiReply> different(places);
  std::vector<ApiReply> same(places);
  std::vector<std::thread> threads;
  for (int i = 0; i < places; ++i) {
    threads.emplace_back([&, i] {
      DatabaseThread const thread;
      Database own(*the_database);
      Worker worker{own};
      auto const ask = [&](std::string const& path, std::string const& key, json const& body) {
        Request request;
        request.method = "POST";
        request.path = "/api/v1/" + path;
        request.headers = {{"authorization", "Bearer " + ann.secret}, {"idempotency-key", key}};
        request.body = body.dump();
        auto const reply = desk.router->answer(request, worker);
        auto const text = std::get<std::string>(reply.body);
        return ApiReply{reply.status, {}, text, json::parse(text), false};
      };
      same[static_cast<std::size_t>(i)] = ask(boost_path(job), "the-same", {{"points", 10}});
      // Of eight times 40 points, in boosts and gifts, the 90 that are left pay two.
      auto const key = "key-" + std::to_string(i);
      different[static_cast<std::size_t>(i)] = i % 2 == 0 ? ask(boost_path(job), key, {{"points", 40}})
                                                          : ask("points/give", key, {{"points", 40}, {"to", ben.name}});
    });
  }
  for (auto& thread : threads) thread.join();
  int good = 0;
  for (auto const& reply : same) ck_assert_text(reply.text, same.front().text);
  ck_assert_int_eq(same.front().status, 200);
  for (auto const& reply : different) {
    good += reply.status == 200 ? 1 : 0;
    ck_assert_msg(reply.status == 200 || reply.status == 409, "%s", reply.text.c_str());
  }
  ck_assert_int_eq(good, 2);
  auto const balance = desk.points(ann);
  ck_assert_msg(balance["available"] == 10, "%s", balance.dump().c_str());
  auto const escrow = balance["escrow"].get<double>();
  ck_assert(escrow + desk.points(ben)["available"].get<double>() == 90);
  ck_assert_int_eq(desk.escrows()[job], std::llround(escrow * 1000));
}
END_TEST

START_TEST(a_gift_reaches_somebody_else_with_its_reason_and_raises_nobodys_rank) {
  Desk desk;
  auto const ann = desk.user(100);
  auto const ben = desk.user();
  json const gift{{"to", ben.name}, {"points", 2.5}, {"reason", "thanks"}};
  auto const given = desk.spend("points/give", ann, "g", gift);
  ck_assert_msg(given.status == 200, "%s", given.text.c_str());
  ck_assert_text(desk.spend("points/give", ann, "g", gift).text, given.text);
  ck_assert(desk.points(ann)["available"] == 97.5 && desk.points(ann)["total"] == 100);
  ck_assert(desk.points(ben)["available"] == 2.5 && desk.points(ben)["total"] == 0);
  ck_assert(!desk.totals().contains(ben.id));
  auto const theirs = desk.statement(ben)["items"][0];
  ck_assert(theirs["kind"] == "give" && theirs["available"] == 2.5 && theirs["other"] == ann.name &&
            theirs["reason"] == "thanks");
  auto const mine = desk.statement(ann)["items"][0];
  ck_assert(mine["available"] == -2.5 && mine["other"] == ben.name && mine["reason"] == "thanks");

  auto const refuse = [&](json const& body, int status, char const* part) {
    auto const reply = desk.spend("points/give", ann, "h", body);
    ck_assert_msg(reply.status == status, "%s", reply.text.c_str());
    ck_assert_says(reply.message(), part);
  };
  refuse({{"to", ann.name}, {"points", 1}}, 400, "to yourself");
  refuse({{"to", "nobody-here"}, {"points", 1}}, 404, "no user \"nobody-here\"");
  refuse({{"to", ""}, {"points", 1}}, 404, "no user");
  refuse({{"points", 1}}, 400, "to is missing");
  refuse({{"to", ben.name}, {"points", 1}, {"reason", "a\nb"}}, 400, "reason");
  refuse({{"to", ben.name}, {"points", 1}, {"reason", std::string(1001, 'x')}}, 400, "1000");
  auto const other = desk.spend("points/give", ann, "g", json{{"to", ben.name}, {"points", 3}});
  ck_assert_int_eq(other.status, 409);
  ck_assert(desk.points(ben)["available"] == 2.5);
}
END_TEST

START_TEST(what_is_left_of_a_boost_comes_back_and_its_receipts_outlive_the_job) {
  Desk desk;
  auto const ann = desk.user(100);
  auto const job = desk.job(ann);
  auto const path = "/api/v1/jobs/" + std::to_string(job);
  auto const boosted = desk.spend(boost_path(job), ann, "b", json{{"points", 60}});
  ck_assert_int_eq(desk.call("DELETE", path, ann.secret).status, 409);
  ck_assert_int_eq(desk.call("POST", path + "/cancel", ann.secret).status, 200);
  ck_assert(desk.points(ann)["available"] == 100 && desk.points(ann)["escrow"] == 0);
  desk.check_ledger();
  ck_assert_int_eq(desk.call("DELETE", path, ann.secret).status, 204);
  auto const items = desk.statement(ann)["items"];
  ck_assert(items[0]["kind"] == "refund" && items[0]["available"] == 60 && items[0]["job"] == job);
  ck_assert(items[1]["kind"] == "boost" && items[1]["available"] == -60 && items[1]["job_name"].is_null());
  // The client that never saw the first answer asks again.
  auto const again = desk.spend(boost_path(job), ann, "b", json{{"points", 60}});
  ck_assert_int_eq(again.status, 200);
  ck_assert_text(again.text, boosted.text);
  ck_assert_int_eq(desk.spend(boost_path(job), ann, "c", json{{"points", 60}}).status, 404);
  ck_assert(desk.points(ann)["available"] == 100);
}
END_TEST

START_TEST(a_quote_tells_what_a_boost_would_change_and_spends_nothing) {
  Desk desk;
  auto const ann = desk.user(100);
  auto const job = desk.job(ann);
  desk.foretell_a_boost();
  auto const path = "/api/v1/" + boost_path(job) + "/quote";
  auto const quote = desk.call("GET", path + "?points=12.5", ann.secret);
  ck_assert_msg(quote.status == 200, "%s", quote.text.c_str());
  ck_assert(quote.json == json({{"job", job},
                                {"points", 12.5},
                                {"available", 100},
                                {"escrow", 0},
                                {"remaining", 60},
                                {"now", {{"position", 7}, {"boost", 0}, {"finish_at", "2027-01-15T08:15:00.000Z"}}},
                                {"then", {{"position", 2}, {"boost", 1}, {"finish_at", "2027-01-15T08:00:00.000Z"}}}}));
  ck_assert(desk.points(ann)["available"] == 100 && desk.escrows().empty());
  ck_assert_int_eq(desk.call("GET", path + "?points=500", ann.secret).status, 200);  // to know what it would take
  for (auto const* query : {"", "?points=", "?points=x", "?points=-1", "?points=0", "?points=0.0001", "?points=1e3",
                            "?points=1000000000000.001", "?points=99999999999999999999", "?points=1&boost=2"}) {
    auto const reply = desk.call("GET", path + query, ann.secret);
    ck_assert_msg(reply.status == 400, "%s: %s", query, reply.text.c_str());
  }
  auto const ben = desk.user(100);
  ck_assert_int_eq(desk.call("GET", path + "?points=1", ben.secret).status, 404);
}
END_TEST

START_TEST(why_names_the_rule_of_a_job_and_of_a_slave_to_its_owner) {
  Desk desk;
  auto const ben = desk.user();
  auto const cid = desk.user();
  auto const ann = desk.user();
  for (auto const& each : {ben, cid}) desk.job(each);  // nobody has anything yet: in the order of their numbers
  auto const job = "/api/v1/jobs/" + std::to_string(desk.job(ann));
  desk.connect(a_slave(1'000'000, ben.id));
  auto const why = desk.call("GET", job + "/why", ann.secret);
  ck_assert_msg(why.json == json({{"rule", "users_ahead"},
                                  {"number", 2},
                                  {"sentence",
                                   "2 users who are further behind their share come first (from the fifth that all "
                                   "share alike)"}}),
                "%s", why.text.c_str());
  ck_assert_int_eq(desk.call("GET", job + "/why", ben.secret).status, 404);
  ck_assert_int_eq(desk.call("POST", job + "/pause", ann.secret).status, 200);
  auto const paused = desk.call("GET", job + "/why", ann.secret).json;
  ck_assert(paused["rule"] == "paused" && paused["sentence"] == "it is paused: paused by its owner");
  ck_assert(desk.call("GET", job, ann.secret).json["position"].is_null());
  ck_assert_int_eq(desk.call("POST", job + "/cancel", ann.secret).status, 200);
  ck_assert(desk.call("GET", job + "/why", ann.secret).json["rule"] == "cancelled");

  auto const made = desk.call("POST", "/api/v1/slaves", ann.secret, {{"name", "attic"}}).json["id"];
  auto const slave = "/api/v1/slaves/" + made.dump();
  ck_assert(desk.call("GET", slave + "/why", ann.secret).json["rule"] == "offline");
  desk.connect(a_slave(made.get<std::int64_t>(), ann.id));
  ck_assert(desk.call("GET", slave + "/why", ann.secret).json["rule"] == "nothing_to_do");
  ck_assert_int_eq(desk.call("GET", slave + "/why", ben.secret).status, 404);
  ck_assert_int_eq(desk.call("PATCH", slave, ann.secret, {{"state", "disabled"}}).status, 200);
  ck_assert(desk.call("GET", slave + "/why", ann.secret).json["sentence"] == "it is disabled");
}
END_TEST

START_TEST(a_slave_shows_the_power_of_its_cores) {
  Desk desk;
  auto const ann = desk.user();
  auto const made = desk.call("POST", "/api/v1/slaves", ann.secret, {{"name", "attic"}}).json["id"];
  auto const slave = made.get<std::int64_t>();
  ck_assert_good(
      store::record_hello(desk.database, slave, {"Linux", "cpu", 4, 8000, {{"blender", "3.4.1"}}, {}, "::1"}));
  auto const path = "/api/v1/slaves/" + made.dump();
  auto const unknown = desk.call("GET", path, ann.secret).json["methods"][0];
  ck_assert(unknown["benchmark"].is_null() && unknown["power"].is_null() && unknown["age"].is_null());
  ck_assert_good(store::record_power(desk.database, slave, "blender", "3.4.1", 1250));
  ck_assert_good(store::correct_powers(desk.database, {{slave, "blender", "3.4.1", 0, 1100, 0}}));
  for (auto const& shown : {desk.call("GET", path, ann.secret).json["methods"][0],
                            desk.call("GET", "/api/v1/slaves", ann.secret).json["items"][0]["methods"][0]}) {
    ck_assert_msg(shown["benchmark"] == 1.25 && shown["power"] == 1.1 && shown["age"] >= 0 && shown["age"] < 3600000,
                  "%s", shown.dump().c_str());
  }
}
END_TEST

START_TEST(the_ranking_and_the_statement_come_page_by_page) {
  Desk desk;
  auto const first = desk.user(9000000);
  auto const second = desk.user(8000000);
  auto const third = desk.user(8000000);
  auto const page = desk.call("GET", "/api/v1/ranking?limit=2", first.secret).json;
  ck_assert(page["items"][0] ==
            json({{"place", 1}, {"user", first.id}, {"user_name", first.name}, {"total", 9000000}, {"weight", 4}}));
  ck_assert(page["items"][1]["user"] == second.id && page["items"][1]["place"] == 2 && page["next"] == second.id);
  auto const rest = desk.call("GET", "/api/v1/ranking?limit=2&after=" + page["next"].dump(), first.secret).json;
  ck_assert(rest["items"][0]["user"] == third.id && rest["items"][0]["place"] == 2);
  for (int i = 0; i < 4; ++i) {
    auto const key = "page-" + std::to_string(i);
    ck_assert_int_eq(desk.spend("points/give", first, key, json{{"to", second.name}, {"points", i + 1}}).status, 200);
  }
  auto const recent = desk.statement(first, "?limit=3");
  ck_assert(recent["items"].size() == 3 && recent["items"][0]["available"] == -4);
  auto const older = desk.statement(first, "?limit=3&before=" + recent["next"].dump());
  ck_assert(older["items"].size() == 2 && older["items"][0]["available"] == -1 && older["next"].is_null());
  ck_assert_int_eq(desk.call("GET", "/api/v1/points/statement?all=1", first.secret).status, 400);
  ck_assert_int_eq(desk.call("GET", "/api/v1/ranking?after=x", first.secret).status, 400);
}
END_TEST

START_TEST(a_token_spends_as_far_as_its_scopes_go) {
  Desk desk;
  auto const ann = desk.user(100);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  auto const token = [&](char const* scope) {
    auto const made =
        desk.call("POST", "/api/v1/tokens", ann.secret, {{"name", scope}, {"scopes", json::array({"read", scope})}});
    ck_assert_msg(made.status == 201, "%s", made.text.c_str());
    return Person{ann.name, made.json["secret"], ann.id};
  };
  auto const reader = token("slaves");
  auto const submitter = token("submit");
  json const gift{{"to", ben.name}, {"points", 1}};
  ck_assert(desk.points(reader)["available"] == 100);
  ck_assert_int_eq(desk.spend(boost_path(job), reader, "k", json{{"points", 1}}).status, 403);
  ck_assert_int_eq(desk.spend(boost_path(job), submitter, "k", json{{"points", 1}}).status, 200);
  ck_assert_int_eq(desk.spend("points/give", submitter, "k", gift).status, 403);
  ck_assert_int_eq(desk.spend("points/give", ann, "k", gift).status, 200);  // a login may
  ck_assert_int_eq(desk.spend(boost_path(job), {ann.name, "", ann.id}, "k", json{{"points", 1}}).status, 401);
}
END_TEST

int main() {
  return run_database_suite(
      "http_points",
      {database_cases(
          "points",
          {a_new_account_has_nothing_and_an_adjustment_is_receipted,
           only_administrators_adjust_and_read_the_whole_ledger, a_ledger_that_is_not_in_order_says_which_row_breaks_it,
           amounts_that_cannot_be_are_refused_with_a_sentence_and_move_nothing,
           the_smallest_and_the_largest_amounts_arrive_exactly, a_boost_moves_points_once_however_often_it_is_sent,
           what_spends_needs_a_key_of_plain_letters, more_than_is_there_is_not_spent,
           nobody_boosts_another_s_job_or_one_that_has_ended, two_places_at_once_spend_no_point_twice,
           a_gift_reaches_somebody_else_with_its_reason_and_raises_nobodys_rank,
           what_is_left_of_a_boost_comes_back_and_its_receipts_outlive_the_job,
           a_quote_tells_what_a_boost_would_change_and_spends_nothing,
           why_names_the_rule_of_a_job_and_of_a_slave_to_its_owner, a_slave_shows_the_power_of_its_cores,
           the_ranking_and_the_statement_come_page_by_page, a_token_spends_as_far_as_its_scopes_go})},
      [](Database& first) -> Result<void> {
        auto const made = store::create_user(first, "admin", "", "hash");
        if (!made) return made.error();
        auto const session = store::create_session(first, made->id, secret_hash(admin), 3600, "::1");
        if (!session) return session.error();
        return {};
      });
}

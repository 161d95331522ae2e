// Points spent over the HTTP API: that after every refusal, repetition and race the ledger is in order.
#include <thread>

#include "server/store/points.h"
#include "tests/support/points_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

START_TEST(a_boost_moves_points_once_however_often_it_is_sent) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
  auto const job = desk.job(ann);
  desk.foretell_a_boost();
  auto const first = desk.spend(boost_path(job), ann, "boost-1", json{{"millipoints", 12500}});
  ck_assert_msg(first.status == 201, "%s", first.text.c_str());
  ck_assert(first.json["kind"] == "boost" && first.json["job_id"] == job && first.json["millipoints"] == 12500);
  for (auto const* key : {"boost-1", "\"boost-1\""}) {
    auto const again = desk.spend(boost_path(job), ann, key, json{{"millipoints", 12500}});
    ck_assert_int_eq(again.status, 201);
    ck_assert_text(again.text, first.text);
  }
  ck_assert(desk.points(ann)["available_millipoints"] == 87500 && desk.points(ann)["escrow_millipoints"] == 12500);
  ck_assert_int_eq(desk.escrows()[job], 12500);
  auto const shown = desk.call("GET", "/api/v1/jobs/" + std::to_string(job), ann.secret).json;
  ck_assert_msg(shown["escrow_millipoints"] == 12500 && shown["queue_position"] == 7 && shown["boost_factor"] == 0 &&
                    shown["estimated_finish_at"] == "2027-01-15T08:15:00.000Z",
                "%s", shown.dump().c_str());
  auto const listed = desk.call("GET", "/api/v1/jobs", ann.secret).json["items"][0];
  ck_assert(listed["escrow_millipoints"] == 12500 && listed["queue_position"] == 7);

  auto const other = desk.spend(boost_path(job), ann, "boost-1", json{{"millipoints", 13000}});
  ck_assert_int_eq(other.status, 422);
  ck_assert_text(other.json["code"], "idempotency_key_reused");
  ck_assert_says(other.message(), "was used for another request");
  auto const second = desk.job(ann);
  ck_assert_int_eq(desk.spend(boost_path(second), ann, "boost-1", json{{"millipoints", 12500}}).status, 422);
  ck_assert_int_eq(desk.spend(boost_path(job), ann, "boost-2", json{{"millipoints", 12500}}).status, 201);
  ck_assert(desk.points(ann)["available_millipoints"] == 75000);
  ck_assert_int_eq(desk.escrows()[job], 25000);
}
END_TEST

START_TEST(what_spends_needs_a_key_of_plain_letters) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  for (std::string const& key : {std::string(), std::string("\"\""), std::string("a b"), std::string("k\xC3\xA4se"),
                                 std::string(65, 'x'), std::string("a'b")}) {
    for (auto const& reply : {desk.spend(boost_path(job), ann, key, json{{"millipoints", 1000}}),
                              desk.spend("transfers", ann, key, json{{"millipoints", 1000}, {"to", ben.name}}),
                              desk.adjust(key, {{"millipoints", 1000}, {"to", ben.name}, {"reason", "x"}})}) {
      ck_assert_int_eq(reply.status, 400);
      ck_assert_says(reply.message(), "Idempotency-Key");
    }
  }
  ck_assert_int_eq(desk.spend(boost_path(job), ann, std::string(64, 'x'), json{{"millipoints", 1000}}).status, 201);
  ck_assert(desk.points(ann)["available_millipoints"] == 99000);
}
END_TEST

START_TEST(more_than_is_there_is_not_spent) {
  PointsFixture desk;
  auto const ann = desk.user(12500);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  for (auto const& reply : {desk.spend(boost_path(job), ann, "k", json{{"millipoints", 12501}}),
                            desk.spend("transfers", ann, "k", json{{"millipoints", 12501}, {"to", ben.name}})}) {
    ck_assert_int_eq(reply.status, 409);
    ck_assert_text(reply.message(), "you have 12.5 points to spend, not 12.501");
  }
  auto const taken = desk.adjust("take-" + ann.name, {{"millipoints", 13000}, {"from", ann.name}, {"reason", "x"}});
  ck_assert_int_eq(taken.status, 409);
  ck_assert(desk.points(ann)["available_millipoints"] == 12500);
  ck_assert(desk.escrows().empty());
}
END_TEST

START_TEST(nobody_boosts_another_s_job_or_one_that_has_ended) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
  auto const ben = desk.user(100000);
  auto const job = desk.job(ben);
  auto const others = desk.spend(boost_path(job), ann, "k", json{{"millipoints", 5000}});
  auto const absent = desk.spend(boost_path(999999), ann, "k", json{{"millipoints", 5000}});
  ck_assert_int_eq(others.status, 404);
  ck_assert_int_eq(absent.status, 404);
  ck_assert_text(absent.message(), "you have no job 999999");
  auto const by_admin = desk.spend(boost_path(job), {"admin", admin_session, 1}, "k", json{{"millipoints", 5000}});
  ck_assert_int_eq(by_admin.status, 403);
  ck_assert_says(by_admin.message(), "only its owner can boost it");
  for (auto const* state : {"finished", "failed", "cancelled"}) {
    desk.write_row("UPDATE job SET state = '" + std::string(state) + "' WHERE id = " + std::to_string(job));
    auto const ended = desk.spend(boost_path(job), ben, "k", json{{"millipoints", 5000}});
    ck_assert_int_eq(ended.status, 409);
    ck_assert_says(ended.message(), state);
    ck_assert_int_eq(desk.call("GET", "/api/v1/" + boost_path(job) + "/quote?millipoints=5000", ben.secret).status,
                     409);
  }
  ck_assert(desk.points(ann)["available_millipoints"] == 100000 && desk.points(ben)["available_millipoints"] == 100000);
}
END_TEST

START_TEST(two_places_at_once_spend_no_point_twice) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
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
      auto& mine = same[static_cast<std::size_t>(i)];
      do mine = ask(boost_path(job), "the-same", {{"millipoints", 10000}});
      while (mine.status == 409 && mine.json["code"] == "request_in_progress");
      // Of eight times 40 points, in boosts and gifts, the 90 that are left pay two.
      auto const key = "key-" + std::to_string(i);
      different[static_cast<std::size_t>(i)] = i % 2 == 0
                                                   ? ask(boost_path(job), key, {{"millipoints", 40000}})
                                                   : ask("transfers", key, {{"millipoints", 40000}, {"to", ben.name}});
    });
  }
  for (auto& thread : threads) thread.join();
  int good = 0;
  for (auto const& reply : same) ck_assert_text(reply.text, same.front().text);
  ck_assert_int_eq(same.front().status, 201);
  for (auto const& reply : different) {
    good += reply.status == 201 ? 1 : 0;
    ck_assert_msg(reply.status == 201 || reply.status == 409, "%s", reply.text.c_str());
  }
  ck_assert_int_eq(good, 2);
  auto const balance = desk.points(ann);
  ck_assert_msg(balance["available_millipoints"] == 10000, "%s", balance.dump().c_str());
  auto const escrow = balance["escrow_millipoints"].get<std::int64_t>();
  ck_assert(escrow + desk.points(ben)["available_millipoints"].get<std::int64_t>() == 90000);
  ck_assert_int_eq(desk.escrows()[job], escrow);
}
END_TEST

START_TEST(a_gift_reaches_somebody_else_with_its_reason_and_raises_nobodys_rank) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
  auto const ben = desk.user();
  json const gift{{"to", ben.name}, {"millipoints", 2500}, {"reason", "thanks"}};
  auto const given = desk.spend("transfers", ann, "g", gift);
  ck_assert_msg(given.status == 201, "%s", given.text.c_str());
  ck_assert_text(desk.spend("transfers", ann, "g", gift).text, given.text);
  ck_assert(desk.points(ann)["available_millipoints"] == 97500 && desk.points(ann)["total_millipoints"] == 100000);
  ck_assert(desk.points(ben)["available_millipoints"] == 2500 && desk.points(ben)["total_millipoints"] == 0);
  ck_assert(!desk.totals().contains(ben.id));
  auto const theirs = desk.statement(ben)["items"][0];
  ck_assert(theirs["kind"] == "give" && theirs["available_change_millipoints"] == 2500 &&
            theirs["counterparty_name"] == ann.name && theirs["reason"] == "thanks");
  auto const mine = desk.statement(ann)["items"][0];
  ck_assert(mine["available_change_millipoints"] == -2500 && mine["counterparty_name"] == ben.name &&
            mine["reason"] == "thanks");

  auto const refuse = [&](json const& body, int status, char const* part) {
    auto const reply = desk.spend("transfers", ann, "h", body);
    ck_assert_msg(reply.status == status, "%s", reply.text.c_str());
    ck_assert_says(reply.message(), part);
  };
  refuse({{"to", ann.name}, {"millipoints", 1000}}, 400, "to yourself");
  refuse({{"to", "nobody-here"}, {"millipoints", 1000}}, 404, "no user \"nobody-here\"");
  refuse({{"to", ""}, {"millipoints", 1000}}, 404, "no user");
  refuse({{"millipoints", 1000}}, 400, "to is missing");
  refuse({{"to", ben.name}, {"millipoints", 1000}, {"reason", "a\nb"}}, 400, "reason");
  refuse({{"to", ben.name}, {"millipoints", 1000}, {"reason", std::string(1001, 'x')}}, 400, "1000");
  auto const other = desk.spend("transfers", ann, "g", json{{"to", ben.name}, {"millipoints", 3000}});
  ck_assert_int_eq(other.status, 422);
  ck_assert(desk.points(ben)["available_millipoints"] == 2500);
}
END_TEST

START_TEST(what_is_left_of_a_boost_comes_back_and_its_receipts_outlive_the_job) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
  auto const job = desk.job(ann);
  auto const path = "/api/v1/jobs/" + std::to_string(job);
  auto const boosted = desk.spend(boost_path(job), ann, "b", json{{"millipoints", 60000}});
  ck_assert_int_eq(desk.call("DELETE", path, ann.secret).status, 409);
  ck_assert_int_eq(desk.call("POST", path + "/cancel", ann.secret).status, 200);
  ck_assert(desk.points(ann)["available_millipoints"] == 100000 && desk.points(ann)["escrow_millipoints"] == 0);
  desk.check_ledger();
  ck_assert_int_eq(desk.call("DELETE", path, ann.secret).status, 204);
  auto const items = desk.statement(ann)["items"];
  ck_assert(items[0]["kind"] == "refund" && items[0]["available_change_millipoints"] == 60000 &&
            items[0]["job"]["id"] == job);
  ck_assert(items[1]["kind"] == "boost" && items[1]["available_change_millipoints"] == -60000 &&
            items[1]["job"]["name"].is_null());
  // The client that never saw the first answer asks again.
  auto const again = desk.spend(boost_path(job), ann, "b", json{{"millipoints", 60000}});
  ck_assert_int_eq(again.status, 201);
  ck_assert_text(again.text, boosted.text);
  ck_assert_int_eq(desk.spend(boost_path(job), ann, "c", json{{"millipoints", 60000}}).status, 404);
  ck_assert(desk.points(ann)["available_millipoints"] == 100000);
}
END_TEST

START_TEST(a_quote_tells_what_a_boost_would_change_and_spends_nothing) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
  auto const job = desk.job(ann);
  desk.foretell_a_boost();
  auto const path = "/api/v1/" + boost_path(job) + "/quote";
  auto const quote = desk.call("GET", path + "?millipoints=12500", ann.secret);
  ck_assert_msg(quote.status == 200, "%s", quote.text.c_str());
  ck_assert(
      quote.json ==
      json({{"job_id", job},
            {"millipoints", 12500},
            {"available_millipoints", 100000},
            {"escrow_millipoints", 0},
            {"remaining_millipoints", 60000},
            {"current",
             {{"queue_position", 7}, {"boost_factor", 0}, {"estimated_finish_at", "2027-01-15T08:15:00.000Z"}}},
            {"boosted",
             {{"queue_position", 2}, {"boost_factor", 1}, {"estimated_finish_at", "2027-01-15T08:00:00.000Z"}}}}));
  ck_assert(desk.points(ann)["available_millipoints"] == 100000 && desk.escrows().empty());
  ck_assert_int_eq(desk.call("GET", path + "?millipoints=500000", ann.secret).status,
                   200);  // to know what it would take
  for (auto const* query : {"", "?millipoints=", "?millipoints=x", "?millipoints=-1", "?millipoints=0",
                            "?millipoints=0.5", "?millipoints=1e3", "?millipoints=1000000000000001",
                            "?millipoints=99999999999999999999", "?points=1", "?millipoints=1&boost=2"}) {
    auto const reply = desk.call("GET", path + query, ann.secret);
    ck_assert_msg(reply.status == 400, "%s: %s", query, reply.text.c_str());
  }
  auto const ben = desk.user(100000);
  ck_assert_int_eq(desk.call("GET", path + "?millipoints=1000", ben.secret).status, 404);
}
END_TEST

START_TEST(a_token_spends_as_far_as_its_scopes_go) {
  PointsFixture desk;
  auto const ann = desk.user(100000);
  auto const ben = desk.user();
  auto const job = desk.job(ann);
  auto const token = [&](char const* scope) {
    auto const made = desk.call("POST", "/api/v1/tokens", ann.secret,
                                {{"name", scope}, {"scopes", json::array({"points:read", scope})}});
    ck_assert_msg(made.status == 201, "%s", made.text.c_str());
    return Person{ann.name, made.json["secret"], ann.id};
  };
  auto const reader = token("jobs:write");
  auto const spender = token("points:write");
  json const gift{{"to", ben.name}, {"millipoints", 1000}};
  ck_assert(desk.points(reader)["available_millipoints"] == 100000);
  ck_assert_int_eq(desk.spend(boost_path(job), reader, "k", json{{"millipoints", 1000}}).status, 403);
  ck_assert_int_eq(desk.spend(boost_path(job), spender, "k", json{{"millipoints", 1000}}).status, 201);
  ck_assert_int_eq(desk.spend("transfers", spender, "g", gift).status, 403);
  ck_assert_int_eq(desk.spend("transfers", ann, "g", gift).status, 201);  // a login may
  // Not even a token that may do everything else gives points away.
  auto const all =
      desk.call("POST", "/api/v1/tokens", admin_session,
                {{"name", random_secret().substr(0, 9)}, {"scopes", scope_names(static_cast<unsigned>(Scope::all))}});
  ck_assert_msg(all.status == 201, "%s", all.text.c_str());
  auto const given = desk.spend("transfers", {"admin", all.json["secret"], 1}, "t", gift);
  ck_assert_int_eq(given.status, 403);
  ck_assert_says(given.message(), "by a login, not by an API token");
  ck_assert_int_eq(desk.spend(boost_path(job), {ann.name, "", ann.id}, "k", json{{"millipoints", 1000}}).status, 401);
}
END_TEST

TestGroup const points_spent_tests{
    "points spent",
    {a_boost_moves_points_once_however_often_it_is_sent, what_spends_needs_a_key_of_plain_letters,
     more_than_is_there_is_not_spent, nobody_boosts_another_s_job_or_one_that_has_ended,
     two_places_at_once_spend_no_point_twice, a_gift_reaches_somebody_else_with_its_reason_and_raises_nobodys_rank,
     what_is_left_of_a_boost_comes_back_and_its_receipts_outlive_the_job,
     a_quote_tells_what_a_boost_would_change_and_spends_nothing, a_token_spends_as_far_as_its_scopes_go},
    with_database};

}  // namespace

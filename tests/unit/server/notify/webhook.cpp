// Webhooks: the standard's own example of a signature, what is sent, and how people look after theirs.
#include <string>
#include <vector>

#include "server/notify/notifier.h"
#include "server/notify/webhook.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

struct HookFixture : DatabaseThread, ApiFixture {
  HookFixture() : ApiFixture(*the_database) { config.database = *the_database; }
  std::string secret = person();
  ApiReply create(json const& topics = {"job"}, std::string const& url = "https://127.0.0.1:1/x") {
    return call("POST", "/api/v1/webhooks", secret, {{"url", url}, {"topics", topics}});
  }
  // What a GET of something of a webhook says.
  json show(json const& webhook, std::string const& below = "") {
    return call("GET", "/api/v1/webhooks/" + webhook["id"].dump() + below, secret).json;
  }
  ApiReply act(json const& webhook, std::string const& action) {
    return call("POST", "/api/v1/webhooks/" + webhook["id"].dump() + "/" + action, secret);
  }
  json newest(json const& webhook) { return show(webhook, "/deliveries?limit=1")["items"][0]; }
};

}  // namespace

START_TEST(a_request_is_signed_as_the_standard_has_it) {
  constexpr auto secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  constexpr auto id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  auto const signature = webhook_signature(secret, id, 1614265330, R"({"test": 2432232314})");
  ck_assert_text(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  ck_assert(webhook_signature(secret, id, 1614265331, R"({"test": 2432232314})") != signature);
  ck_assert(webhook_signature(secret, "msg_1", 1614265330, R"({"test": 2432232314})") != signature);
  store::DueWebhook due{.secret = new_webhook_secret()};
  ck_assert_uint_eq(due.secret.size(), 6 + 44);
  ck_assert_text(webhook_signatures(due, id, 1, "{}"), webhook_signature(due.secret, id, 1, "{}"));
  due.previous_secret = secret;
  ck_assert_text(webhook_signatures(due, id, 1, "{}"),
                 webhook_signature(due.secret, id, 1, "{}") + " " + webhook_signature(secret, id, 1, "{}"));
}
END_TEST

START_TEST(a_body_has_type_timestamp_and_data_with_the_page_of_its_thing) {
  ServerConfig config;
  auto const body = [&config](std::string event, std::string data) {
    return json::parse(webhook_body(
        config, {.event = std::move(event), .data = std::move(data), .occurred_at = "2026-01-05T10:00:00.000Z"}));
  };
  ck_assert(body("job.failed", R"({"id":5,"message":"\"x\""})") ==
            json({{"type", "job.failed"},
                  {"timestamp", "2026-01-05T10:00:00.000Z"},
                  {"data", {{"id", 5}, {"message", "\"x\""}, {"url", nullptr}}}}));
  config.public_url = "https://grid.example.org";
  auto const page = [&](std::string event, std::string data) {
    return body(std::move(event), std::move(data))["data"]["url"].get<std::string>();
  };
  ck_assert_text(page("job.created", R"({"id":5})"), "https://grid.example.org/#/jobs/5");
  ck_assert_text(page("slave.offline", R"({"id":6})"), "https://grid.example.org/#/slaves/6");
  ck_assert_text(page("points.changed", "{}"), "https://grid.example.org/#/points");
  ck_assert_text(page("notification.created", R"({"id":1,"job_id":null,"slave_id":6})"),
                 "https://grid.example.org/#/slaves/6");
  ck_assert_text(page("webhook.test", "no json"), "https://grid.example.org/#/account");
}
END_TEST

START_TEST(a_webhook_goes_over_tls_unless_the_grid_is_private) {
  ck_assert(check_webhook_url("https://hook.example.org/x?y=1", false).has_value());
  for (std::string const& bad : {std::string("http://hook.example.org/"), std::string("ftp://x"), std::string("x"),
                                 std::string("https://a:b@c/"), "https://x/" + std::string(1000, 'y')})
    ck_assert_msg(!check_webhook_url(bad, false), "%s", bad.c_str());
  ck_assert(check_webhook_url("http://10.0.0.1/x", true).has_value());
}
END_TEST

START_TEST(people_look_after_their_webhooks) {
  HookFixture desk;
  auto const made = desk.create({"job.finished", "slave"});
  ck_assert_msg(made.status == 201, "%s", made.text.c_str());
  ck_assert_text(made.header("Location"), "/api/v1/webhooks/" + made.json["id"].dump());
  ck_assert(made.json["topics"] == json({"job.finished", "slave.offline"}) && made.json["is_enabled"] == true);
  ck_assert(made.json["secret"].get<std::string>().starts_with("whsec_"));
  ck_assert(!desk.show(made.json).contains("secret") && desk.show(made.json)["url"] == "https://127.0.0.1:1/x");
  auto const path = "/api/v1/webhooks/" + made.json["id"].dump();
  auto const changed = desk.call("PATCH", path, desk.secret, {{"topics", {"points"}}, {"is_enabled", false}});
  ck_assert_msg(changed.json["topics"] == json({"points.changed"}) && changed.json["is_enabled"] == false &&
                    changed.json["revision"] == 2 && changed.json["disabled_reason"].is_null(),
                "%s", changed.text.c_str());
  for (auto const* member : {"url", "topics", "is_enabled"}) {
    auto const refused = desk.call("PATCH", path, desk.secret, {{member, nullptr}});
    ck_assert_msg(refused.status == 422 || refused.status == 400, "%s: %s", member, refused.text.c_str());
  }
  auto const stranger = desk.person();
  for (auto const* method : {"GET", "DELETE"}) ck_assert_int_eq(desk.call(method, path, stranger).status, 404);
  ck_assert_int_eq(desk.call("PATCH", path, stranger, {{"is_enabled", true}}).status, 404);
  ck_assert_int_eq(desk.call("GET", path + "/deliveries", stranger).status, 404);
  for (auto const* action : {"/test", "/rotate", "/deliveries/1/resend"})
    ck_assert_int_eq(desk.call("POST", path + action, stranger).status, 404);
  ck_assert_int_eq(desk.call("DELETE", path, desk.secret).status, 204);
  ck_assert(desk.call("GET", "/api/v1/webhooks", desk.secret).json["items"].empty());
  desk.config.webhook.enabled = false;
  ck_assert_says(desk.create().message(), "this grid sends to no webhooks");
}
END_TEST

START_TEST(a_webhook_that_took_long_is_called_later) {
  HookFixture desk;
  std::int64_t now = desk.now;  // every delivery takes four seconds of this clock
  Notifier notifier(desk.config, desk.services->runtime, *desk.dispatcher, desk.live, *desk.signer,
                    [&now] { return now += 4000; });
  auto const webhook = desk.create().json;
  auto const test = [&] {
    ck_assert_int_eq(desk.act(webhook, "test").status, 202);
    ck_assert(notifier.round(desk.database));
    return desk.newest(webhook);
  };
  ck_assert_says(test()["problem"].get<std::string>(), "private network");
  auto const waiting = test();
  ck_assert_msg(waiting["state"] == "waiting" && waiting["try_count"] == 0, "%s", waiting.dump().c_str());
  now += 200000;
  ck_assert(notifier.round(desk.database));
  ck_assert(desk.newest(webhook)["state"] == "given_up");
}
END_TEST

START_TEST(a_webhook_that_takes_a_tenth_of_a_second_gets_a_thirtieth_of_the_time) {
  HookFixture desk;
  std::int64_t now = desk.now;
  std::int64_t pace = 100;
  Notifier notifier(desk.config, desk.services->runtime, *desk.dispatcher, desk.live, *desk.signer,
                    [&now, &pace] { return now += pace; });
  auto const webhook = desk.create().json;
  for (int i = 0; i < 2; ++i) ck_assert_int_eq(desk.act(webhook, "test").status, 202);
  ck_assert(notifier.round(desk.database));
  ck_assert_text(desk.newest(webhook)["state"].get<std::string>(), "waiting");
  now += 3000;
  pace = 0;  // quicker than the clock: nothing waits
  ck_assert_int_eq(desk.act(webhook, "test").status, 202);
  ck_assert(notifier.round(desk.database));
  for (auto const& each : desk.show(webhook, "/deliveries")["items"])
    ck_assert_text(each["state"].get<std::string>(), "given_up");
}
END_TEST

START_TEST(a_round_ends_after_five_seconds_however_much_is_due) {
  HookFixture desk;
  std::int64_t now = desk.now;
  Notifier notifier(desk.config, desk.services->runtime, *desk.dispatcher, desk.live, *desk.signer,
                    [&now] { return now += 1000; });
  std::vector<json> webhooks;
  std::vector<std::string> secrets;
  for (int i = 0; i < 9; ++i) {
    secrets.push_back(desk.secret = desk.person());
    webhooks.push_back(desk.create().json);
    ck_assert_int_eq(desk.act(webhooks.back(), "test").status, 202);
  }
  auto const waiting = [&] {
    int count = 0;
    for (std::size_t i = 0; i < webhooks.size(); ++i) {
      desk.secret = secrets[i];
      count += desk.newest(webhooks[i])["state"] == "waiting" ? 1 : 0;
    }
    return count;
  };
  ck_assert(notifier.round(desk.database));
  int const left = waiting();
  ck_assert_msg(left >= 7, "%d wait", left);
  for (int i = 0; i < 9; ++i) ck_assert(notifier.round(desk.database));
  ck_assert_int_eq(waiting(), 0);
}
END_TEST

START_TEST(a_delivery_into_a_private_network_is_given_up_and_one_that_fails_waits) {
  HookFixture desk;
  Notifier notifier(desk.config, desk.services->runtime, *desk.dispatcher, desk.live, *desk.signer,
                    [&desk] { return desk.now; });
  auto const webhook = desk.create().json;
  ck_assert_int_eq(desk.act(webhook, "test").status, 202);
  ck_assert(notifier.round(desk.database));
  auto tried = desk.newest(webhook);
  ck_assert_msg(tried["state"] == "given_up" && tried["response_status"].is_null(), "%s", tried.dump().c_str());
  ck_assert_says(tried["problem"].get<std::string>(), "private network");
  ck_assert_int_eq(desk.act(webhook, "deliveries/" + tried["id"].dump() + "/resend").status, 202);
  ck_assert_int_eq(desk.act(webhook, "deliveries/" + tried["id"].dump() + "/resend").status, 409);
  desk.config.webhook.private_addresses = true;  // now nobody answers there
  ck_assert(notifier.round(desk.database));
  tried = desk.newest(webhook);
  ck_assert_msg(tried["state"] == "waiting" && tried["try_count"] == 1 && !tried["next_attempt_at"].is_null(), "%s",
                tried.dump().c_str());
  desk.config.webhook.enabled = false;
  ck_assert_int_eq(desk.act(webhook, "test").status, 202);
  ck_assert(notifier.round(desk.database));
  auto const kept = desk.newest(webhook);
  ck_assert_msg(kept["state"] == "waiting" && kept["try_count"] == 0, "%s", kept.dump().c_str());
}
END_TEST

namespace {

TestGroup const webhook_message_tests{
    "webhook_messages",
    {a_request_is_signed_as_the_standard_has_it, a_body_has_type_timestamp_and_data_with_the_page_of_its_thing,
     a_webhook_goes_over_tls_unless_the_grid_is_private}};
TestGroup const webhook_tests{"webhooks",
                              {people_look_after_their_webhooks, a_webhook_that_took_long_is_called_later,
                               a_webhook_that_takes_a_tenth_of_a_second_gets_a_thirtieth_of_the_time,
                               a_round_ends_after_five_seconds_however_much_is_due,
                               a_delivery_into_a_private_network_is_given_up_and_one_that_fails_waits},
                              with_database};

}  // namespace

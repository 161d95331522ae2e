// Notifications: what may be connected to, what a mail looks like, and how people choose.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/http/http_client.h"
#include "common/http/public_address.h"
#include "server/config/mail_address.h"
#include "server/notify/delivery.h"
#include "server/notify/mail_client.h"
#include "server/notify/notifier.h"
#include "server/notify/reset_link.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {
    config.database = *the_database;
    config.mail.server = "smtp://127.0.0.1:1";  // nobody listens there
    config.mail.from = "grid@example.org";
    config.mail.tls = "off";
  }
  std::string secret = person();
  // An e-mail address is the account's, the rest are preferences.
  ApiReply choose(json body) {
    if (auto const email = body.find("email"); email != body.end()) {
      auto set = call("PATCH", "/api/v1/users/me", secret, {{"email", *email}, {"current_password", "long enough"}});
      if (set.status != 200) return set;
      body.erase("email");
    }
    return call("PATCH", "/api/v1/notifications/preferences", secret, body);
  }
  void confirm(std::string_view email) {
    ck_assert_int_eq(call("POST", "/api/v1/users/me/email/send-code", secret).status, 204);
    auto const taken = store::dequeue_notifications(database, 10);
    ck_assert(taken.has_value());
    auto const sent = std::ranges::find(*taken, email, &store::Delivery::email);
    ck_assert(sent != taken->end() && sent->kind == "confirm" && sent->code.size() == 8);
    auto const done = call("POST", "/api/v1/users/me/email/confirm", secret, {{"code", sent->code}});
    ck_assert_msg(done.status == 200 && done.json["email_confirmed"] == true, "%s", done.text.c_str());
  }
  json newest() { return call("GET", "/api/v1/notifications?limit=1", secret).json["items"][0]; }
};

}  // namespace

START_TEST(only_addresses_of_the_public_internet_are_public) {
  for (auto const* good :
       {"1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
        "192.167.1.1", "223.255.255.254", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"})
    ck_assert_msg(is_public_address(good), "%s", good);
  for (auto const* bad : {"0.0.0.0",
                          "0.1.2.3",
                          "10.0.0.1",
                          "100.64.0.1",
                          "127.0.0.1",
                          "127.255.0.1",
                          "169.254.169.254",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.0.0.1",
                          "192.0.2.1",
                          "192.168.1.1",
                          "198.18.0.1",
                          "198.19.255.255",
                          "198.51.100.7",
                          "203.0.113.1",
                          "224.0.0.1",
                          "239.1.1.1",
                          "240.0.0.1",
                          "255.255.255.255",
                          "::",
                          "::1",
                          "::ffff:127.0.0.1",
                          "::ffff:10.0.0.1",
                          "64:ff9b::10.0.0.1",
                          "64:ff9b::127.0.0.1",
                          "fe80::1",
                          "fc00::1",
                          "fd12:3456::1",
                          "ff02::1",
                          "2001::1",
                          "2001:db8::1",
                          "2002:7f00:1::1",
                          "2002:a00:1::",
                          "fec0::1",
                          "100::1",
                          "::127.0.0.1",
                          "3fff::1",
                          "no address",
                          "",
                          "127.1",
                          "1.1.1.1.1"})
    ck_assert_msg(!is_public_address(bad), "%s", bad);
}
END_TEST

START_TEST(a_name_that_leads_into_this_machine_is_refused_before_anything_is_sent) {
  HttpClient::Options options;
  options.plain_http_anywhere = true;
  options.public_only = true;
  HttpClient client(options);
  for (auto const* url : {"http://127.0.0.1:1/", "http://localhost:1/x", "http://[::1]:1/", "http://2130706433:1/",
                          "http://0x7f.1:1/", "http://0:1/", "http://10.255.255.1:1/"}) {
    auto const answer = client.send({.method = "POST", .url = url});
    ck_assert_msg(!answer && answer.error().code == Errc::denied, "%s: %s", url,
                  answer ? "was sent" : answer.error().message.c_str());
  }
}
END_TEST

START_TEST(addresses_of_mail_are_plain) {
  for (auto const* good : {"a@b", "anna.b+c@mail.example.org", "o'neil@example.org"})
    ck_assert_msg(is_mail_address(good), "%s", good);
  for (auto const& bad : std::initializer_list<std::string>{
           "", "@", "a@", "@b", "a b@c", "a@b c", "a@b\r\nBcc: x@y", "<a@b>", "a@b>", "a@b,c@d", "a@b@c", "ä@b", "a@.b",
           "a@b.", "\"a b\"@c", "a@[127.0.0.1]", std::string(65, 'a') + "@b", "a@" + std::string(254, 'b')})
    ck_assert_msg(!is_mail_address(bad), "%s", bad.c_str());
}
END_TEST

START_TEST(a_mail_server_is_named_with_its_scheme_and_without_a_login) {
  for (auto const* good : {"smtp://mail.example.org:587", "smtps://mail.example.org"})
    ck_assert_msg(check_mail_server(good, true).has_value(), "%s", good);
  for (auto const* bad : {"mail.example.org", "http://mail.example.org", "smtp://a:b@mail.example.org", "", "smtp://"})
    ck_assert_msg(!check_mail_server(bad, true), "%s", bad);
  ck_assert(check_mail_server("smtp://localhost:25", false) && check_mail_server("smtp://127.0.0.1:25", false));
  ck_assert_says(check_mail_server("smtp://mail.example.org", false).error().message, "without TLS");
}
END_TEST

START_TEST(nothing_in_a_mail_becomes_a_header) {
  std::vector<std::string> const expected{
      "Date: Thu, 1 Jan 2026 00:00:00 +0000",
      "From: Attic  Bcc: everybody@example.org <grid@example.org>",
      "To: <anna@example.org>",
      "Subject: Job 5 (cube  X-Evil: 1) is finished",
      "Message-ID: <distren-7-1@example.org>",
      "Auto-Submitted: auto-generated",
  };
  auto const headers = mail_headers({.from = "grid@example.org",
                                     .from_name = "Attic\r\nBcc: everybody@example.org",
                                     .to = "anna@example.org",
                                     .subject = "Job 5 (cube\r\nX-Evil: 1) is finished",
                                     .body = "",
                                     .id = "distren-7-1",
                                     .date_s = 1767225600});
  ck_assert_text(fmt::format("{}", fmt::join(headers, "\n")), fmt::format("{}", fmt::join(expected, "\n")));
  // Words of a header that is not plain, each whole by itself.
  auto const encoded = mail_headers({.from = "g@e",
                                     .from_name = "",
                                     .to = "a@b",
                                     .subject = std::string(30, 'x') + "äöüßéñ☀☀☀☀☀☀☀☀☀☀",
                                     .body = "",
                                     .id = "1",
                                     .date_s = 0})[3];
  ck_assert_says(encoded, "Subject: =?UTF-8?B?");
  ck_assert_says(encoded, "?=\r\n =?UTF-8?B?");
}
END_TEST

START_TEST(people_choose_what_they_are_told) {
  Fixture desk;
  auto const before = desk.call("GET", "/api/v1/notifications/preferences", desk.secret).json;
  ck_assert(before["choices"].empty() && before["email"].is_null() && before["email_available"] == true);
  auto const set =
      desk.choose({{"email", "anna@example.org"}, {"choices", {{{"kind", "job_done"}, {"channel", "mail"}}}}});
  ck_assert_msg(set.status == 200, "%s", set.text.c_str());
  for (json const& bad : std::initializer_list<json>{{{"email", "no address"}},
                                                     {{"email", 1}},
                                                     {{"webhook_url", "https://x"}},
                                                     {{"choices", "all"}},
                                                     {{"choices", nullptr}},
                                                     {{"pigeon", 1}},
                                                     {{"choices", {{{"kind", "job_done"}}}}},
                                                     {{"choices", {{{"kind", "job_done"}, {"channel", "pigeon"}}}}},
                                                     {{"choices", {1}}}})
    ck_assert_msg(desk.choose(bad).status == 400, "%s", bad.dump().c_str());
  auto const kept = desk.call("GET", "/api/v1/notifications/preferences", desk.secret).json;
  ck_assert(kept["email"] == "anna@example.org" && kept["choices"].size() == 1);
  ck_assert_int_eq(desk.call("GET", "/api/v1/notifications/preferences").status, 401);
  for (auto const* bad : {"?limit=0", "?channel=pigeon", "?after_id=x", "?kind=test"})
    ck_assert_msg(desk.call("GET", std::string("/api/v1/notifications") + bad, desk.secret).status == 400, "%s", bad);
}
END_TEST

START_TEST(an_address_is_written_to_when_its_owner_has_given_the_code) {
  Fixture desk;
  auto const code = [&desk] { return desk.call("POST", "/api/v1/users/me/email/send-code", desk.secret); };
  auto const give = [&desk](json const& body) {
    return desk.call("POST", "/api/v1/users/me/email/confirm", desk.secret, body);
  };
  auto const refused = desk.call("POST", "/api/v1/notifications/test", desk.secret, {{"channel", "mail"}});
  ck_assert_int_eq(refused.status, 409);
  ck_assert_says(refused.message(), "no confirmed e-mail address");
  ck_assert_says(code().message(), "save one first");
  ck_assert(desk.choose({{"email", "ben@example.org"}}).json["email_confirmed"] == false);
  ck_assert_int_eq(give({{"code", "12345678"}}).status, 409);
  desk.confirm("ben@example.org");
  ck_assert_int_eq(code().status, 409);
  ck_assert(desk.choose({{"email", "carla@example.org"}}).json["email_confirmed"] == false);
  ck_assert_int_eq(code().status, 204);
  ck_assert_says(give({{"code", "no"}}).message(), "4 tries are left");
  ck_assert_int_eq(give({{"code", 1}}).status, 400);
  ck_assert_int_eq(desk.call("POST", "/api/v1/users/me/email/send-code").status, 401);
  desk.config.mail.server.clear();
  ck_assert_says(code().message(), "this grid sends no e-mail");
}
END_TEST

START_TEST(the_mail_with_the_code_says_nothing_that_its_asker_chose) {
  ServerConfig config;
  config.public_url = "https://grid.example.org/";
  auto const mail = confirmation_mail(config, "Attic",
                                      {.id = 7,
                                       .user_name = "buy-coins",
                                       .kind = "confirm",
                                       .message = "spam",
                                       .email = "ben@example.org",
                                       .created_s = 9,
                                       .code = "12345678"});
  ck_assert_text(mail.to, "ben@example.org");
  ck_assert_says(mail.subject, "12345678");
  ck_assert_says(mail.body, "12345678");
  ck_assert_says(mail.body, "https://grid.example.org/#/account");
  ck_assert(mail.body.find("buy-coins") == std::string::npos && mail.body.find("spam") == std::string::npos);
}
END_TEST

START_TEST(a_lost_password_is_replaced_by_a_link_that_works_once) {
  Fixture desk;
  desk.config.public_url = "https://grid.example.org";
  desk.choose({{"email", "fay@example.org"}});
  desk.confirm("fay@example.org");
  auto const name = desk.call("GET", "/api/v1/users/me", desk.secret).json["name"].get<std::string>();
  auto const ask = [&desk](json const& body) { return desk.call("POST", "/api/v1/password-resets", "", body); };
  auto const known = ask({{"name", name}});
  auto const unknown = ask({{"name", "nobody-here"}});
  ck_assert(known.status == 202 && unknown.status == 202 && known.text == unknown.text);
  for (json const& bad : std::initializer_list<json>{
           json::object(), {{"name", ""}}, {{"name", name}, {"email", "x@example.org"}}, {{"name", 1}}})
    ck_assert_msg(ask(bad).status == 400, "%s", bad.dump().c_str());
  auto const taken = store::dequeue_notifications(desk.database, 10);
  auto sent = std::ranges::find(*taken, "fay@example.org", &store::Delivery::email);
  ck_assert(sent != taken->end() && sent->kind == "reset");
  auto mail = *sent;
  mail.code = reset_path(*desk.signer, sent->code);
  auto const text = reset_mail(desk.config, "the grid", mail);
  ck_assert_says(text.body, "https://grid.example.org/#/reset/" + mail.code);
  ck_assert(desk.newest().dump().find(mail.code) == std::string::npos);

  auto const slash = mail.code.find('/');
  auto const path = "/api/v1/password-resets/" + mail.code.substr(0, slash) + "/confirm";
  auto const token = mail.code.substr(slash + 1);
  auto const set = [&](std::string const& with, std::string const& password) {
    return desk.call("POST", path, "", {{"token", with}, {"new_password", password}});
  };
  ck_assert_int_eq(set(token, "short").status, 400);
  auto const wrong = set(token + "x", "even longer");
  ck_assert(wrong.status == 403 && wrong.json["code"] == "link_invalid");
  ck_assert_text(desk.call("POST", "/api/v1/password-resets/987654/confirm", "",
                           {{"token", token}, {"new_password", "even longer"}})
                     .text,
                 wrong.text);
  for (int i = 0; i < 6; ++i) ck_assert_int_eq(set("a guess", "even longer").status, 403);
  ck_assert_int_eq(set(token, "even longer").status, 204);
  ck_assert_int_eq(desk.call("GET", "/api/v1/users/me", desk.secret).status, 401);
  ck_assert_int_eq(desk.call("POST", "/api/v1/sessions", "", {{"name", name}, {"password", "even longer"}}).status,
                   201);
  ck_assert_int_eq(set(token, "third password").status, 403);
  desk.config.mail.server.clear();
  auto const none = ask({{"name", name}});
  ck_assert(none.status == 409 && none.json["code"] == "state_conflict");
  ck_assert_says(none.message(), "sends no e-mail");
}
END_TEST

START_TEST(what_cannot_be_sent_waits_or_is_given_up_and_says_why) {
  Fixture desk;
  Notifier notifier(desk.config, desk.services->runtime, *desk.dispatcher, desk.live, *desk.signer,
                    [&desk] { return desk.now; });
  auto const test = [&desk](char const* channel) {
    ck_assert_int_eq(desk.call("POST", "/api/v1/notifications/test", desk.secret, {{"channel", channel}}).status, 204);
  };
  desk.choose({{"email", "dora@example.org"}});
  desk.confirm("dora@example.org");
  test("mail");
  ck_assert(notifier.round(desk.database));
  auto const tried = desk.newest();
  ck_assert_msg(tried["state"] == "waiting" && tried["try_count"] == 1, "%s", tried.dump().c_str());
  test("browser");
  ck_assert(desk.newest()["state"] == "sent");
  ck_assert_int_eq(desk.call("POST", "/api/v1/notifications/test", desk.secret, {{"channel", "pigeon"}}).status, 400);
  auto address = *the_database;
  address.socket = "/nowhere";
  Database away(address);
  ck_assert(!notifier.round(away));
}
END_TEST

namespace {

TestGroup const message_tests{
    "messages",
    {only_addresses_of_the_public_internet_are_public,
     a_name_that_leads_into_this_machine_is_refused_before_anything_is_sent, addresses_of_mail_are_plain,
     a_mail_server_is_named_with_its_scheme_and_without_a_login, nothing_in_a_mail_becomes_a_header,
     the_mail_with_the_code_says_nothing_that_its_asker_chose},
    {.timeout_s = 60}};
TestGroup const notify_tests{
    "notify",
    {people_choose_what_they_are_told, an_address_is_written_to_when_its_owner_has_given_the_code,
     what_cannot_be_sent_waits_or_is_given_up_and_says_why, a_lost_password_is_replaced_by_a_link_that_works_once},
    with_database};

}  // namespace

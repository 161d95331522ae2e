// The HTTP client against a server that has every fault; see support/http_fixture.py.
#include "common/http/http_client.h"

#include <sys/stat.h>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/http/http_error.h"
#include "common/http/tls.h"
#include "tests/support/http_fixture.h"

namespace distren {
namespace {

using std::chrono::milliseconds;

START_TEST(method_headers_body_and_logins_reach_the_server) {
  HttpClient client;
  auto request = request_to(at("/echo?x=1"));
  request.method = "POST";
  request.body = "{\"a\":1}";
  request.headers = {{"X-Test", "yes"}, {"X-Empty", ""}};
  request.bearer = "token";
  auto echoed = json_of(client, request);
  ck_assert(echoed.at("method") == "POST" && echoed.at("body") == request.body && echoed.at("path") == "/echo?x=1");
  ck_assert(echoed.at("headers").at("X-Test") == "yes" && echoed.at("headers").at("X-Empty") == "");
  ck_assert(echoed.at("headers").at("Authorization") == "Bearer token");
  request.bearer.clear();
  request.basic = HttpClient::BasicLogin{"K1", "pass:word"};
  echoed = json_of(client, request);
  ck_assert(echoed.at("headers").at("Authorization") == "Basic " + to_base64("K1:pass:word"));
}
END_TEST

START_TEST(nothing_of_one_request_leaks_into_the_next) {
  HttpClient client;
  auto request = request_to(at("/echo"));
  request.method = "DELETE";
  request.bearer = "token";
  request.body = "x";
  json_of(client, request);
  auto const echoed = json_of(client, request_to(at("/echo")));
  ck_assert(echoed.at("method") == "GET" && echoed.at("body") == "");
  ck_assert(!echoed.at("headers").contains("Authorization"));
}
END_TEST

START_TEST(a_connection_is_used_again) {
  HttpClient client;
  auto const first = json_of(client, request_to(at("/echo")));
  auto const second = json_of(client, request_to(at("/echo")));
  ck_assert(first.at("port") == second.at("port"));
}
END_TEST

START_TEST(answer_headers_are_lower_case_and_trimmed) {
  HttpClient client;
  auto const response = get(client, request_to(at("/echo")));
  ck_assert_text(response.header("x-mixed-case"), "padded");
  ck_assert_text(response.header("absent"), "");
}
END_TEST

START_TEST(a_refusal_is_an_answer_with_the_servers_sentence) {
  HttpClient client;
  auto error = refusal(get(client, request_to(at("/refusal"))), "the job");
  ck_assert(error.code == Errc::not_found);
  ck_assert_text(error.message, "there is no job 9 [31m");
  struct {
    int status;
    Errc code;
  } const cases[] = {{400, Errc::invalid},     {401, Errc::denied},      {403, Errc::denied},
                     {409, Errc::conflict},    {410, Errc::not_found},   {413, Errc::invalid},
                     {429, Errc::unavailable}, {500, Errc::unavailable}, {503, Errc::unavailable}};
  for (auto const& each : cases) {
    auto const response = get(client, request_to(at(fmt::format("/status/{}", each.status))));
    error = refusal(response, "the job 9");
    ck_assert(error.code == each.code);
    ck_assert_says(error.message, "the job 9");
    ck_assert(retry_after(response, milliseconds(1)) == milliseconds(7000));
  }
}
END_TEST

START_TEST(a_redirect_is_not_followed) {
  HttpClient client;
  ck_assert_int_eq(get(client, request_to(at("/redirect"))).status, 302);
}
END_TEST

START_TEST(an_answer_longer_than_its_limit_is_an_error) {
  HttpClient client;
  auto request = request_to(at("/big"));
  request.answer_limit = content_size;
  ck_assert_uint_eq(get(client, request).body.size(), content_size);
  request.answer_limit = content_size - 1;
  auto response = client.send(request);
  ck_assert(!response);
  ck_assert_says(response.error().message, "longer than the 299999 bytes");
}
END_TEST

START_TEST(an_answer_with_too_many_headers_is_an_error) {
  HttpClient client;
  ck_assert_uint_eq(get(client, request_to(at("/headers/500"))).body.size(), 0);
  std::string taken;
  HttpClient::Sink const sink{.begin = [](auto const&) { return Result<void>(); },
                              .write =
                                  [&taken](std::string_view part) {
                                    taken += part;
                                    return Result<void>();
                                  }};
  for (auto const* path : {"/headers/700", "/interim"}) {
    auto const kept = client.send(request_to(at(path)));
    ck_assert(!kept && kept.error().code == Errc::unavailable);
    ck_assert_says(kept.error().message, "more than 65536 bytes of headers");
    ck_assert_says(client.send(request_to(at(path)), sink).error().message, "more than 65536 bytes of headers");
  }
  ck_assert(taken.empty());
}
END_TEST

START_TEST(plain_http_goes_to_this_machine_only) {
  HttpClient client;
  for (auto const* url : {"http://grid.example.org/", "http://127.0.0.1.example.org/", "http://10.0.0.1:8080/x?token=T",
                          "http://0.0.0.0/", "http://localhost@grid.example.org/"}) {
    auto response = client.send(request_to(url));
    ck_assert_msg(!response && response.error().code == Errc::invalid, "%s", url);
    ck_assert(response.error().message.find("token=T") == std::string::npos);
  }
  HttpClient::Options daring;
  daring.plain_http_anywhere = true;
  daring.connect_timeout = milliseconds(1);
  HttpClient other(daring);
  auto response = other.send(request_to("http://192.0.2.1:9/"));  // a network for documentation: nobody answers
  ck_assert(!response && response.error().code == Errc::unavailable);
}
END_TEST

START_TEST(what_is_no_web_address_is_refused_without_its_query) {
  HttpClient client;
  for (auto const* url : {"", "nonsense with spaces", "ftp://host/x?SECRET", "file:///etc/passwd", "gopher://h/",
                          "https://user:password@host/"}) {
    auto response = client.send(request_to(url));
    ck_assert_msg(!response && response.error().code == Errc::invalid, "%s", url);
    ck_assert(response.error().message.find("SECRET") == std::string::npos);
    ck_assert(response.error().message.find("user:") == std::string::npos);
  }
}
END_TEST

START_TEST(line_breaks_cannot_smuggle_headers) {
  HttpClient client;
  auto request = request_to(at("/echo"));
  request.headers = {{"X-Name", "a\r\nX-Evil: 1"}};
  ck_assert(!client.send(request));
  request.headers.clear();
  request.bearer = "a\nX-Evil: 1";
  auto response = client.send(request);
  ck_assert(!response && response.error().message.find("Evil") == std::string::npos);
}
END_TEST

START_TEST(an_absent_server_is_named_with_what_to_do) {
  HttpClient client;
  auto response = client.send(request_to("http://127.0.0.1:1/x?signature=SECRET"));
  ck_assert(!response && response.error().code == Errc::unavailable);
  ck_assert_says(response.error().message, "127.0.0.1:1");
  ck_assert_says(response.error().message, "check that the server runs");
  ck_assert(response.error().message.find("SECRET") == std::string::npos);
}
END_TEST

START_TEST(a_hangup_is_unavailable) {
  HttpClient client;
  auto response = client.send(request_to(at("/hangup?signature=SECRET")));
  ck_assert(!response && response.error().code == Errc::unavailable);
  ck_assert_says(response.error().message, "was cut");
  ck_assert(response.error().message.find("SECRET") == std::string::npos);
}
END_TEST

START_TEST(a_stalled_transfer_ends_by_its_speed) {
  HttpClient::Options options;
  options.slow_for = std::chrono::seconds(1);
  HttpClient client(options);
  auto response = client.send(request_to(at("/slow")));
  ck_assert(!response && response.error().code == Errc::unavailable);
  ck_assert_says(response.error().message, "slower than 1024 bytes/s");
}
END_TEST

START_TEST(a_cancelled_transfer_ends_at_once) {
  std::atomic<bool> cancelled{true};
  HttpClient::Options options;
  options.cancelled = &cancelled;
  HttpClient client(options);
  auto response = client.send(request_to(at("/slow")));
  ck_assert(!response);
  ck_assert_text(response.error().message, "interrupted");
  ck_assert(!client.pause(milliseconds(3600000)));
}
END_TEST

START_TEST(an_unknown_certificate_is_refused_and_the_way_out_named) {
  HttpClient client;
  auto response = client.send(request_to(tls_at("/echo")));
  ck_assert(!response && response.error().code == Errc::unavailable);
  ck_assert_says(response.error().message, "not trusted");
  ck_assert_says(response.error().message, "CA file");
}
END_TEST

START_TEST(a_ca_file_makes_its_server_trusted_by_its_name_only) {
  HttpClient::Options options;
  options.ca_file = *certificates / "cert.pem";
  HttpClient client(options);
  ck_assert_int_eq(get(client, request_to(tls_at("/echo"))).status, 200);
  auto response = client.send(request_to(fmt::format("https://127.0.0.1:{}/echo", tls_server->first_line())));
  ck_assert(!response);
  ck_assert_says(response.error().message, "not trusted");
}
END_TEST

START_TEST(a_wrong_pinned_key_is_refused) {
  HttpClient::Options options;
  options.ca_file = *certificates / "cert.pem";
  options.pinned_public_key = "sha256//" + to_base64(std::string(32, 'x'));
  HttpClient client(options);
  auto response = client.send(request_to(tls_at("/echo")));
  ck_assert(!response);
  ck_assert_says(response.error().message, "not the pinned one");
}
END_TEST

START_TEST(a_missing_ca_file_is_named) {
  HttpClient::Options options;
  options.ca_file = "/nonexistent/ca.pem";
  HttpClient client(options);
  auto response = client.send(request_to(tls_at("/echo")));
  ck_assert(!response);
  ck_assert_says(response.error().message, "/nonexistent/ca.pem");
}
END_TEST

START_TEST(addresses_are_resolved_and_compared) {
  ck_assert_text(url_origin("HTTPS://Grid.example.org/x?y").value(), "https://grid.example.org:443");
  ck_assert_text(resolve_url("https://h:1/a/b?c", "/d").value(), "https://h:1/d");
  ck_assert_text(resolve_url("https://h:1/", "https://i/d").value(), "https://i/d");
  ck_assert(!resolve_url("https://h:1/", "d").has_value());
  ck_assert(!resolve_url("https://h:1/", "//i/d").has_value());
  ck_assert_text(url_host("https://Grid.example.org:8443/x").value(), "grid.example.org");
  ck_assert_text(url_host("https://[::1]:8443/").value(), "::1");
  ck_assert_text(url_escape("a b/ä?&~"), "a%20b%2F%C3%A4%3F%26~");
}
END_TEST

START_TEST(what_a_stranger_names_stays_at_the_servers_own_address) {
  std::string const base = "https://grid.example.org/x";
  ck_assert_text(resolve_within(base, "/d?e").value(), "https://grid.example.org:443/d?e");
  ck_assert_text(resolve_within(base, "https://GRID.example.org:443/d").value(), "https://GRID.example.org:443/d");
  for (auto const* away : {"http://grid.example.org/d", "http://grid.example.org:443/d",
                           "https://grid.example.org:8443/d", "https://example.org/d", "https://127.0.0.1/d",
                           "http://localhost:631/d?key=secret", "https://grid.example.org.evil.net/d"}) {
    auto const resolved = resolve_within(base, away);
    ck_assert_msg(!resolved, "%s", away);
    ck_assert(resolved.error().code == Errc::invalid);
    ck_assert_says(resolved.error().message, "leads away from the server's own address https://grid.example.org:443");
    ck_assert(resolved.error().message.find("secret") == std::string::npos);
  }
  for (auto const* bad :
       {"d", "//grid.example.org/d", "https://grid.example.org@127.0.0.1/d", "file:///etc/passwd", ""})
    ck_assert_msg(!resolve_within(base, bad), "%s", bad);
}
END_TEST

TestGroup const requests_tests{"requests",
                               {method_headers_body_and_logins_reach_the_server,
                                nothing_of_one_request_leaks_into_the_next,
                                a_connection_is_used_again,
                                answer_headers_are_lower_case_and_trimmed,
                                a_refusal_is_an_answer_with_the_servers_sentence,
                                a_redirect_is_not_followed,
                                an_answer_longer_than_its_limit_is_an_error,
                                an_answer_with_too_many_headers_is_an_error,
                                plain_http_goes_to_this_machine_only,
                                what_is_no_web_address_is_refused_without_its_query,
                                line_breaks_cannot_smuggle_headers,
                                an_absent_server_is_named_with_what_to_do,
                                a_hangup_is_unavailable,
                                a_stalled_transfer_ends_by_its_speed,
                                a_cancelled_transfer_ends_at_once,
                                an_unknown_certificate_is_refused_and_the_way_out_named,
                                a_ca_file_makes_its_server_trusted_by_its_name_only,
                                a_wrong_pinned_key_is_refused,
                                a_missing_ca_file_is_named,
                                addresses_are_resolved_and_compared,
                                what_a_stranger_names_stays_at_the_servers_own_address},
                               with_http_server};

}  // namespace
}  // namespace distren

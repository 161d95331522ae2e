// The HTTP server on real sockets: what clients have a right to, what they do wrong, and what they do slowly.
#include <poll.h>

#include <chrono>
#include <string>
#include <thread>

#include "common/http/tls.h"
#include "tests/support/check_main.h"
#include "tests/support/http_probe.h"
#include "tests/support/http_server_fixture.h"

using namespace distren;

namespace {

START_TEST(a_request_is_answered_with_the_security_headers) {
  HttpServerFixture grid;
  auto const reply = ask_once(grid.port, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ck_assert_int_eq(reply.status, 200);
  ck_assert_text(reply.body, "GET /hello 0");
  ck_assert_text(reply.header("x-content-type-options"), "nosniff");
  ck_assert(!reply.header("request-id").empty());
  ck_assert_text(reply.header("cache-control"), "private, no-cache");
  ck_assert_says(reply.header("content-security-policy"), "default-src 'none'");
  ck_assert(reply.header("content-security-policy").find("unsafe") == std::string::npos);
  ck_assert_text(reply.header("strict-transport-security"), "");
}
END_TEST

START_TEST(a_connection_carries_many_requests_and_pipelined_ones_keep_their_order) {
  HttpServerFixture grid;
  Probe probe(grid.port);
  std::string burst;
  for (int i = 0; i < 20; ++i) burst += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  probe.send(burst);
  for (int i = 0; i < 20; ++i) ck_assert_text(probe.read_reply().body, "GET /" + std::to_string(i) + " 0");
  probe.send("POST /after HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  ck_assert_text(probe.read_reply().body, "POST /after 3");
}
END_TEST

START_TEST(head_has_the_length_and_no_body) {
  HttpServerFixture grid;
  Probe probe(grid.port);
  probe.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  auto const head = probe.read_reply(true);
  ck_assert_int_eq(head.status, 200);
  ck_assert_text(head.header("content-length"), "13");
  ck_assert_text(probe.read_reply().body, "GET /next 0");
}
END_TEST

START_TEST(a_reply_without_content_leaves_the_connection_usable) {
  HttpServerFixture grid;
  Probe probe(grid.port);
  probe.send("GET /empty HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  ck_assert_int_eq(probe.read_reply().status, 204);
  ck_assert_text(probe.read_reply().body, "GET /next 0");
}
END_TEST

START_TEST(bodies_may_be_chunked_or_wait_for_100_continue) {
  HttpServerFixture grid;
  Probe probe(grid.port);
  probe.send("PATCH /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n");
  ck_assert_text(probe.read_reply().body, "PATCH /c 8");
  probe.send("POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  ck_assert_int_eq(probe.read_reply(true).status, 100);
  probe.send("data");
  ck_assert_text(probe.read_reply().body, "POST /e 4");
}
END_TEST

START_TEST(garbage_is_refused_and_the_connection_closed) {
  HttpServerFixture grid;
  for (std::string const text : {"\x16\x03\x01 nonsense\r\n\r\n", "GET\r\n\r\n", "{\"type\":\"sign_on\"}\r\n\r\n",
                                 "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nno colon here\r\n\r\n"}) {
    Probe probe(grid.port);
    probe.send(text);
    auto const rest = probe.read_to_end();
    ck_assert_msg(rest.empty() || rest.starts_with("HTTP/1.1 400"), "'%s' was answered '%.60s'", text.c_str(),
                  rest.c_str());
  }
  ck_assert_int_eq(ask_once(grid.port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n").status, 200);
}
END_TEST

START_TEST(paths_are_decoded_once_and_may_not_climb) {
  HttpServerFixture grid;
  auto get = [&grid](std::string const& target) {
    return ask_once(grid.port, "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  };
  ck_assert_text(get("/a%20b").body, "GET /a b 0");
  ck_assert_text(get("/a%2525").body, "GET /a%25 0");
  for (auto const* bad : {"/../etc/passwd", "/a/%2e%2e/b", "/a/..", "/a//b", "/a%", "/a%0ab", "/?x=1&x=2", "/?x=%zz"}) {
    ck_assert_msg(get(bad).status == 400, "%s was not refused", bad);
  }
}
END_TEST

START_TEST(a_length_given_in_two_ways_is_refused) {
  HttpServerFixture grid;
  for (std::string const headers :
       {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n"}) {
    Probe probe(grid.port);
    probe.send("POST / HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n3\r\nabc\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n");
    auto const text = probe.read_to_end();
    ck_assert_msg(text.starts_with("HTTP/1.1 400"), "%s was answered %.60s", headers.c_str(), text.c_str());
    ck_assert(text.find("smuggled") == std::string::npos);
  }
}
END_TEST

START_TEST(huge_headers_and_huge_bodies_are_refused) {
  HttpServerFixture grid;
  {
    Probe probe(grid.port);
    probe.send("GET / HTTP/1.1\r\nX: " + std::string(20000, 'a') + "\r\n\r\n");
    ck_assert_says(probe.read_to_end(), "HTTP/1.1 400");
  }
  {
    Probe probe(grid.port);  // the reply arrives although the client is still sending
    probe.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n");
    std::string const block(1 << 20, 'b');
    for (int i = 0; i < 20; ++i) {
      if (!probe.try_send(block)) break;
    }
    ck_assert_says(probe.read_to_end(), "HTTP/1.1 413");
  }
  {
    Probe probe(grid.port);
    probe.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n");
    ck_assert_says(probe.read_to_end(), "HTTP/1.1 413");
  }
}
END_TEST

START_TEST(a_line_without_end_ends_with_the_connection) {
  HttpServerFixture grid;
  for (std::string const start : {"", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    Probe probe(grid.port);
    probe.send(start);
    std::string const block(1 << 16, '1');
    std::size_t sent = 0;
    while (sent < (64U << 20) && probe.try_send(block, 500)) sent += block.size();
    ck_assert_msg(sent < (32U << 20), "the server read %zu bytes of one line", sent);
  }
}
END_TEST

START_TEST(who_sends_too_slowly_is_cut_off) {
  HttpServerFixture grid(
      {.first_request_ms = 300, .idle_ms = 300, .silence_ms = 300, .write_stall_ms = 300, .linger_ms = 100});
  Probe silent(grid.port);
  Probe half(grid.port);
  half.send("GET / HTTP/1.1\r\nHo");
  Probe idle(grid.port);
  idle.send("GET / HTTP/1.1\r\n\r\n");
  ck_assert_int_eq(idle.read_reply().status, 200);
  Probe body(grid.port);
  body.send("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc");
  ck_assert_text(silent.read_to_end(), "");
  ck_assert_text(half.read_to_end(), "");
  ck_assert_text(idle.read_to_end(), "");
  ck_assert_text(body.read_to_end(), "");
}
END_TEST

START_TEST(one_byte_now_and_then_is_too_slow) {
  HttpServerFixture grid({.first_request_ms = 300, .silence_ms = 300, .linger_ms = 100});
  Probe probe(grid.port);
  std::string const request = "GET / HTTP/1.1\r\nX-Slow: " + std::string(5000, 'a');
  std::size_t sent = 0;
  while (sent < request.size() && probe.try_send(request.substr(sent, 1), 50)) {
    ++sent;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ck_assert_uint_lt(sent, request.size());
}
END_TEST

START_TEST(who_does_not_take_the_reply_is_cut_off) {
  HttpServerFixture grid({.write_stall_ms = 300, .linger_ms = 100});
  auto const content = grid.make_file(64 << 20);
  Probe probe(grid.port);
  probe.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  ck_assert_uint_lt(probe.read_to_end().size(), content.size());
}
END_TEST

START_TEST(tls_is_spoken_and_half_a_handshake_ends) {
  auto const folder = std::filesystem::temp_directory_path() / ("distren-tls-" + random_secret());
  std::filesystem::create_directory(folder);
  ck_assert(make_self_signed(folder / "c.pem", folder / "k.pem", {"localhost", "127.0.0.1"}).has_value());
  auto const tls = server_tls(folder / "c.pem", folder / "k.pem");
  ck_assert(tls.has_value());
  {
    HttpServerFixture grid({.first_request_ms = 500, .linger_ms = 100}, 100, tls->get());
    auto stream = LineStream::connect({.host = "127.0.0.1", .port = grid.port, .ca_file = folder / "c.pem"},
                                      std::chrono::seconds(5));
    ck_assert_msg(stream.has_value(), "%s", stream ? "" : stream.error().message.c_str());
    ck_assert((*stream)->write_line("GET /tls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r").has_value());
    std::string all;
    for (;;) {
      auto line = (*stream)->read_line(std::chrono::seconds(5));
      if (!line || !*line) break;
      all += **line + "\n";
      if ((*line)->starts_with("Content-Length")) break;
    }
    ck_assert_says(all, "HTTP/1.1 200");
    ck_assert_says(all, "Strict-Transport-Security: max-age=");
    Probe half(grid.port);
    half.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
    ck_assert(!half.read_to_end().starts_with("HTTP"));
    Probe plain(grid.port);
    plain.send("GET / HTTP/1.1\r\n\r\n");
    ck_assert(!plain.read_to_end().starts_with("HTTP"));
  }
  std::filesystem::remove_all(folder);
}
END_TEST

TestGroup const speaks_tests{"speaks",
                             {a_request_is_answered_with_the_security_headers,
                              a_connection_carries_many_requests_and_pipelined_ones_keep_their_order,
                              head_has_the_length_and_no_body, a_reply_without_content_leaves_the_connection_usable,
                              bodies_may_be_chunked_or_wait_for_100_continue, tls_is_spoken_and_half_a_handshake_ends},
                             {.timeout_s = 60}};
TestGroup const refuses_tests{"refuses",
                              {garbage_is_refused_and_the_connection_closed, paths_are_decoded_once_and_may_not_climb,
                               a_length_given_in_two_ways_is_refused, huge_headers_and_huge_bodies_are_refused,
                               a_line_without_end_ends_with_the_connection, who_sends_too_slowly_is_cut_off,
                               one_byte_now_and_then_is_too_slow, who_does_not_take_the_reply_is_cut_off},
                              {.timeout_s = 60}};

}  // namespace

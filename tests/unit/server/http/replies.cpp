// The HTTP server on real sockets: replies at once, later, and those that stay open.
#include <poll.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/check_main.h"
#include "tests/support/http_probe.h"
#include "tests/support/http_server_fixture.h"

using namespace distren;

namespace {

START_TEST(a_handler_that_throws_answers_500) {
  HttpServerFixture grid;
  auto const reply = ask_once(grid.port, "GET /throw HTTP/1.1\r\nConnection: close\r\n\r\n");
  ck_assert_int_eq(reply.status, 500);
  ck_assert(reply.body.find("on purpose") == std::string::npos);
}
END_TEST

START_TEST(a_full_queue_answers_503_at_once) {
  HttpServerFixture grid({}, 1);
  grid.blocked = true;
  Probe first(grid.port);
  first.send("GET /1 HTTP/1.1\r\n\r\n");
  Probe second(grid.port);
  second.send("GET /2 HTTP/1.1\r\n\r\n");
  // One of the next ones at the latest finds the worker busy and the queue full; one of these two already, when both
  // came before the worker had taken any.
  int refused = 0;
  for (int i = 0; i < 3 && refused == 0; ++i) {
    Probe probe(grid.port);
    probe.send("GET /3 HTTP/1.1\r\n\r\n");
    if (!probe.readable(2000)) continue;
    auto const reply = probe.read_reply();
    ck_assert_int_eq(reply.status, 503);
    ck_assert_text(reply.header("retry-after"), "2");
    ++refused;
  }
  ck_assert_int_eq(refused, 1);
  grid.blocked = false;
  int const statuses[] = {first.read_reply().status, second.read_reply().status};
  for (int const status : statuses) ck_assert(status == 200 || status == 503);
  ck_assert(statuses[0] == 200 || statuses[1] == 200);
}
END_TEST

START_TEST(an_answer_may_come_later_and_a_dropped_one_is_503) {
  HttpServerFixture grid;
  Probe probe(grid.port);
  probe.send("GET /later HTTP/1.1\r\n\r\n");
  auto const answer = grid.take_kept();
  ck_assert(!probe.readable(200));
  answer->send(text_reply(200, "text/plain", "at last"));
  answer->send(text_reply(200, "text/plain", "twice"));
  ck_assert_text(probe.read_reply().body, "at last");
  probe.send("GET /dropped HTTP/1.1\r\n\r\n");
  ck_assert_int_eq(probe.read_reply().status, 503);
}
END_TEST

START_TEST(an_answer_for_a_client_that_left_harms_nobody) {
  HttpServerFixture grid;
  std::shared_ptr<Responder> answer;
  {
    Probe probe(grid.port);
    probe.send("GET /later HTTP/1.1\r\n\r\n");
    answer = grid.take_kept();
    ck_assert(!probe.readable(200));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  answer->send(text_reply(200, "text/plain", "nobody listens"));
  ck_assert_int_eq(ask_once(grid.port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n").status, 200);
}
END_TEST

START_TEST(stopping_answers_what_was_asked) {
  HttpServerFixture grid;
  Probe waiting(grid.port);
  waiting.send("GET /later HTTP/1.1\r\n\r\n");
  auto answer = grid.take_kept();
  ck_assert(!waiting.readable(200));
  std::thread stopper([&grid] { grid.stop(); });
  answer.reset();
  auto const reply = waiting.read_reply();
  stopper.join();
  ck_assert_int_eq(reply.status, 503);
}
END_TEST

START_TEST(a_reply_that_stays_open_is_written_piece_by_piece_and_ends_with_its_reader) {
  HttpServerFixture grid({.idle_ms = 300, .silence_ms = 300});
  {
    Probe probe(grid.port);
    probe.send("GET /stream HTTP/1.1\r\n\r\n");
    ck_assert_says(probe.read_until("begun\n"), "Transfer-Encoding: chunked");
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));  // silent, and not idle
    grid.open->send("more\n");
    ck_assert_says(probe.read_until("more\n"), "more");
    ck_assert_int_eq(grid.open->streams, 1);
  }
  for (int i = 0; i < 1000 && grid.open->streams > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ck_assert_int_eq(grid.open->streams, 0);
  grid.open->send("nobody listens\n");
  Probe head(grid.port);
  head.send("HEAD /stream HTTP/1.1\r\nConnection: close\r\n\r\n");
  auto const reply = head.read_to_end();
  ck_assert(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("\r\n\r\n"));
  ck_assert_int_eq(grid.open->streams, 0);
}
END_TEST

START_TEST(a_reply_that_stays_open_can_be_ended_and_the_connection_goes_on) {
  HttpServerFixture grid;
  Probe probe(grid.port);
  probe.send("GET /stream HTTP/1.1\r\n\r\n");
  probe.read_until("begun\n");
  grid.open->outlet->end();
  grid.open->outlet->end();
  grid.open->send("too late\n");
  probe.read_until("0\r\n\r\n");
  probe.send("GET /hello HTTP/1.1\r\n\r\n");
  ck_assert_text(probe.read_reply().body, "GET /hello 0");
}
END_TEST

START_TEST(who_does_not_read_a_reply_that_stays_open_is_cut_off_and_costs_little) {
  HttpServerFixture grid;
  Probe slow(grid.port);
  slow.send("GET /stream HTTP/1.1\r\n\r\n");
  slow.read_until("begun\n");
  std::string const piece(100'000, 'x');
  int sent = 0;
  for (; sent < 1000 && grid.open->streams > 0; ++sent) {
    grid.open->send(piece);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ck_assert_int_eq(grid.open->streams, 0);
  ck_assert_int_lt(sent, 1000);  // what the kernel takes, and a quarter of a mebibyte
}
END_TEST

TestGroup const answers_tests{
    "answers",
    {a_handler_that_throws_answers_500, a_full_queue_answers_503_at_once,
     an_answer_may_come_later_and_a_dropped_one_is_503, an_answer_for_a_client_that_left_harms_nobody,
     stopping_answers_what_was_asked, a_reply_that_stays_open_is_written_piece_by_piece_and_ends_with_its_reader,
     a_reply_that_stays_open_can_be_ended_and_the_connection_goes_on,
     who_does_not_read_a_reply_that_stays_open_is_cut_off_and_costs_little},
    {.timeout_s = 60}};

}  // namespace

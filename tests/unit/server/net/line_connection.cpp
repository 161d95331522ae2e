// Connections that carry lines: over a pair of sockets, plain and TLS, with a real loop.
#include <event2/event.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/tls.h"
#include "server/net/line_connection.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

constexpr std::size_t limit = 1000;

struct Owner : LineConnectionHandler {
  void on_open() override { opened = true; }
  void on_line(std::string_view line) override {
    lines.emplace_back(line);
    if (then) then();
  }
  void on_too_long() override { too_long = true; }
  void on_drained() override { drained = true; }
  void on_end(std::string_view why) override { ended = why; }

  std::vector<std::string> lines;
  std::function<void()> then;
  bool opened = false;
  bool too_long = false;
  bool drained = false;
  std::string ended;
};

// Two ends on one loop. There is nothing to wait for but each other: turn() until both are at rest.
struct Pair {
  Pair() : base(event_base_new()) {
    ::signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
  }
  ~Pair() {
    left.reset();
    right.reset();
    event_base_free(base);
  }
  void open(ssl_st* left_tls = nullptr, ssl_st* right_tls = nullptr) {
    left = std::make_unique<LineConnection>(base, FileDescriptor(sockets[0]), left_tls, limit, at_left);
    right = std::make_unique<LineConnection>(base, FileDescriptor(sockets[1]), right_tls, limit, at_right);
    ck_assert(left->open());
    ck_assert(right->open());
    turn();
  }
  void turn() {
    for (int quiet = 0; quiet < 3;) {
      auto const before = state();
      event_base_loop(base, EVLOOP_NONBLOCK);
      quiet = state() == before ? quiet + 1 : 0;
    }
  }
  [[nodiscard]] std::size_t state() const {
    return at_left.lines.size() + at_right.lines.size() + left->unsent() + right->unsent() +
           (at_left.opened ? 1U : 0U) + (at_right.opened ? 1U : 0U) + at_left.ended.size() + at_right.ended.size();
  }
  void raw(std::string const& bytes) {  // into the right end, past the left wire
    ck_assert_int_eq(::send(sockets[0], bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    turn();
  }

  event_base* base;
  int sockets[2]{};
  Owner at_left, at_right;
  std::unique_ptr<LineConnection> left, right;
};

std::string joined(std::vector<std::string> const& lines) {
  std::string text;
  for (auto const& line : lines) text += line + "|";
  return text;
}

}  // namespace

START_TEST(lines_arrive_whole_however_they_were_cut) {
  Pair pair;
  pair.open();
  ck_assert(pair.at_left.opened && pair.at_right.opened);
  pair.raw("one\ntw");
  ck_assert_text(joined(pair.at_right.lines), "one|");
  pair.raw("o");
  pair.raw("\r\nthree\n\nfo");
  pair.raw("ur\nfive\n");
  ck_assert_text(joined(pair.at_right.lines), "one|two|three||four|five|");
}
END_TEST

START_TEST(a_line_that_is_too_long_is_noticed_before_and_after_its_end) {
  for (std::string const& text : {std::string(limit + 1, 'x'), std::string(limit + 1, 'x') + "\n"}) {
    for (bool const in_pieces : {false, true}) {
      Pair pair;
      pair.open();
      pair.raw("before\n");
      if (in_pieces) pair.raw(text.substr(0, 10));
      pair.raw(in_pieces ? text.substr(10) : text);
      ck_assert_text(joined(pair.at_right.lines), "before|");
      ck_assert(pair.at_right.too_long);
    }
  }
  Pair pair;
  pair.open();
  pair.raw(std::string(limit, 'x') + "\n");
  ck_assert(!pair.at_right.too_long);
  ck_assert_uint_eq(pair.at_right.lines.at(0).size(), limit);
}
END_TEST

START_TEST(lines_wait_while_reading_is_paused) {
  Pair pair;
  pair.open();
  pair.at_right.then = [&] {
    if (pair.at_right.lines.size() == 1) pair.right->pause_reading();
  };
  pair.raw("one\ntwo\nthr");
  pair.raw("ee\n");
  ck_assert_text(joined(pair.at_right.lines), "one|");
  pair.right->resume_reading();
  ck_assert_text(joined(pair.at_right.lines), "one|two|three|");
  pair.raw("four\n");
  ck_assert_text(joined(pair.at_right.lines), "one|two|three|four|");
}
END_TEST

START_TEST(a_paused_connection_takes_only_so_much_and_loses_nothing) {
  Pair pair;
  pair.open();
  pair.right->pause_reading();
  std::string const line(99, 'x');
  int count = 0;
  for (; count < 5000; ++count) pair.left->write(line);
  pair.turn();
  ck_assert_uint_gt(pair.left->unsent(), 0);
  pair.right->resume_reading();
  pair.turn();
  ck_assert_uint_eq(pair.at_right.lines.size(), static_cast<std::size_t>(count));
  ck_assert(!pair.at_right.too_long);
}
END_TEST

START_TEST(what_the_socket_does_not_take_is_sent_later) {
  Pair pair;
  int const small = 4096;
  setsockopt(pair.sockets[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  pair.open();
  for (int i = 0; i < 3000; ++i) pair.left->add(std::to_string(i));
  pair.left->flush();
  ck_assert_uint_gt(pair.left->unsent(), 0);
  pair.turn();
  ck_assert_uint_eq(pair.left->unsent(), 0);
  ck_assert(pair.at_left.drained);
  ck_assert_uint_eq(pair.at_right.lines.size(), 3000);
  ck_assert_text(pair.at_right.lines.back(), "2999");
}
END_TEST

START_TEST(the_end_is_told_once_and_after_the_last_line) {
  Pair pair;
  pair.open();
  pair.left->write("last");
  pair.left->end();
  pair.turn();
  ck_assert_text(joined(pair.at_right.lines), "last|");
  ck_assert(!pair.at_right.ended.empty());
  ck_assert(pair.at_left.ended.empty());
  pair.right->write("to nobody");
  ck_assert(pair.right->ended());
}
END_TEST

START_TEST(the_owner_may_end_it_while_it_is_told_something) {
  Pair pair;
  pair.open();
  pair.at_right.then = [&] { pair.right->end(); };
  pair.raw("one\ntwo\n");
  ck_assert_text(joined(pair.at_right.lines), "one|");
  ck_assert(pair.at_right.ended.empty());
}
END_TEST

START_TEST(over_tls_it_is_the_same) {
  char name[] = "/tmp/distren-wire.XXXXXX";
  ck_assert_ptr_nonnull(mkdtemp(name));
  std::filesystem::path const folder = name;
  ck_assert(make_self_signed(folder / "c.pem", folder / "k.pem", {"localhost"}).has_value());
  auto const server = server_tls(folder / "c.pem", folder / "k.pem");
  ck_assert(server.has_value());
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> const client(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_mode(client.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL* const left = SSL_new(client.get());
  SSL_set_connect_state(left);
  SSL* const right = SSL_new(server->get());
  SSL_set_accept_state(right);

  Pair pair;
  pair.open(left, right);
  ck_assert(pair.at_left.opened && pair.at_right.opened);
  for (int i = 0; i < 20000; ++i) pair.left->write(std::to_string(i) + std::string(40, '.'));
  pair.right->write("and back");
  pair.turn();
  ck_assert_uint_eq(pair.at_right.lines.size(), 20000);
  ck_assert_text(pair.at_right.lines.back().substr(0, 6), "19999.");
  ck_assert_text(joined(pair.at_left.lines), "and back|");
  pair.left->end();
  pair.turn();
  ck_assert(!pair.at_right.ended.empty());
  std::filesystem::remove_all(folder);
}
END_TEST

START_TEST(a_plaintext_client_is_rejected) {
  char name[] = "/tmp/distren-wire.XXXXXX";
  ck_assert_ptr_nonnull(mkdtemp(name));
  std::filesystem::path const folder = name;
  ck_assert(make_self_signed(folder / "c.pem", folder / "k.pem", {"localhost"}).has_value());
  auto const server = server_tls(folder / "c.pem", folder / "k.pem");
  SSL* const right = SSL_new(server->get());
  SSL_set_accept_state(right);
  Pair pair;
  pair.open(nullptr, right);
  pair.raw("GET / HTTP/1.0\r\n\r\n");
  ck_assert(!pair.at_right.opened);
  ck_assert_says(pair.at_right.ended, "TLS");
  std::filesystem::remove_all(folder);
}
END_TEST

namespace {

TestGroup const wire_tests{
    "wire",
    {lines_arrive_whole_however_they_were_cut, a_line_that_is_too_long_is_noticed_before_and_after_its_end,
     lines_wait_while_reading_is_paused, a_paused_connection_takes_only_so_much_and_loses_nothing,
     what_the_socket_does_not_take_is_sent_later, the_end_is_told_once_and_after_the_last_line,
     the_owner_may_end_it_while_it_is_told_something, over_tls_it_is_the_same, a_plaintext_client_is_rejected}};

}  // namespace

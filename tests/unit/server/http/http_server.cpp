// The HTTP server on real sockets, with a handler of our own in place of the API: what clients do wrong, what they do
// slowly, and what they have a right to.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/base/digest.h"
#include "common/http/tls.h"
#include "server/http/file_reply.h"
#include "server/http/http_server.h"
#include "server/net/listen_address.h"
#include "tests/support/check_main.h"
#include "tests/support/http_probe.h"

#if defined(__SANITIZE_ADDRESS__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // of sanitizer/allocator_interface.h
#endif

using namespace distren;

namespace {

constexpr std::int64_t made_length = 1000000;

// Bytes made on their way, an odd number at a time; fails after `good` of them.
class Counting : public ByteSource {
public:
  explicit Counting(std::int64_t good) : good_(good) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    std::size_t const count = std::min<std::size_t>(size, 77777);
    for (std::size_t i = 0; i < count; ++i) into[i] = static_cast<char>(at_++ * 7);
    if (at_ > good_) return Error{Errc::unavailable, "the disk is gone"};
    return count;
  }

private:
  std::int64_t good_, at_ = 0;
};

// A server with one worker on a free port of loopback.
struct Grid {
  Loop first;
  Loop second;
  HttpCounters counters;
  WorkerPool workers;
  std::filesystem::path folder;
  std::mutex mutex;  // guards kept
  std::condition_variable arrived;
  std::shared_ptr<Responder> kept;  // of GET /later
  struct Open {                     // of GET /stream
    std::mutex mutex;
    std::shared_ptr<StreamWriter> outlet;
    std::atomic<int> streams{0};
    void send(std::string text) {
      std::lock_guard const lock(mutex);
      outlet->send(std::make_shared<std::string const>(std::move(text)));
    }
  };
  std::shared_ptr<Open> open = std::make_shared<Open>();
  std::atomic<bool> blocked{false};
  HttpServer server;
  int port = 0;
  bool running = true;

  static DatabaseAddress nowhere() {  // these handlers need no database
    DatabaseAddress address;
    address.socket = "/nonexistent";
    return address;
  }

  static HttpOptions options(ConnectionTimeouts times) {
    HttpOptions options;
    options.listener.body_limit = 1 << 20;
    options.listener.times = times;
    return options;
  }

  explicit Grid(ConnectionTimeouts times = {}, std::size_t queue = 100, ssl_ctx_st* tls = nullptr)
      : workers(nowhere(), 1, queue),
        folder(std::filesystem::temp_directory_path() / ("distren-http-" + random_secret())),
        server(
            {&first, &second}, workers, [this](Request const& request, Worker&) { return answer(request); },
            options(times), counters) {
    std::filesystem::create_directory(folder);
    auto const address = parse_listen_address("127.0.0.1:0");
    auto const socket = listen_on(*address);
    ck_assert(socket.has_value());
    port = bound_port(socket->get());
    ck_assert(server.listen(socket->get(), tls).has_value());
    first.start();
    second.start();
  }
  void stop() {
    if (!running) return;
    running = false;
    blocked = false;
    server.stop_accepting();
    workers.stop();
    server.stop();
    first.stop();
    second.stop();
  }
  ~Grid() {
    stop();
    std::filesystem::remove_all(folder);
  }

  Reply answer(Request const& request) {
    while (blocked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (request.path == "/throw") throw std::runtime_error("on purpose");
    if (request.path == "/later") {
      Reply reply;
      reply.body = DeferredReply{[this](std::shared_ptr<Responder> answer) {
        std::lock_guard const lock(mutex);
        kept = std::move(answer);
        arrived.notify_one();
      }};
      return reply;
    }
    if (request.path == "/stream") {
      Reply reply;
      reply.with("Content-Type", "text/event-stream");
      ++open->streams;
      auto const held = std::shared_ptr<Open>(open.get(), [each = open](Open*) { --each->streams; });
      reply.body = StreamingReply{[held](std::shared_ptr<StreamWriter> outlet) {
        std::lock_guard const lock(held->mutex);
        held->outlet = std::move(outlet);
        held->outlet->send(std::make_shared<std::string const>("begun\n"));
      }};
      return reply;
    }
    if (request.path == "/dropped") {
      Reply reply;
      reply.body = DeferredReply{[](std::shared_ptr<Responder>) {}};
      return reply;
    }
    if (request.path == "/file") {
      return file_reply(request, {.path = folder / "file",
                                  .content_type = "application/octet-stream",
                                  .tag = {},
                                  .download_name = {},
                                  .cache_control = "private"});
    }
    if (request.path == "/made" || request.path == "/broken") {
      Reply reply;
      reply.body =
          GeneratedBody{std::make_unique<Counting>(request.path == "/broken" ? 700000 : made_length), made_length};
      return reply;
    }
    if (request.path == "/empty") return empty_reply(204);
    return text_reply(200, "text/plain",
                      request.method + " " + request.path + " " + std::to_string(request.body.size()));
  }

  // The right to answer "/later", when the request has come so far.
  std::shared_ptr<Responder> take_kept() {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [this] { return kept != nullptr; });
    return std::move(kept);
  }

  // Bytes that differ from place to place, so that a wrong piece shows.
  std::string make_file(std::size_t size) const {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>((i * 2654435761U) >> 13);
    std::ofstream(folder / "file", std::ios::binary) << content;
    return content;
  }
};

}  // namespace

START_TEST(a_request_is_answered_with_the_security_headers) {
  Grid grid;
  auto const reply = ask_once(grid.port, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ck_assert_int_eq(reply.status, 200);
  ck_assert_text(reply.body, "GET /hello 0");
  ck_assert_text(reply.header("x-content-type-options"), "nosniff");
  ck_assert_text(reply.header("cache-control"), "no-store");
  ck_assert_says(reply.header("content-security-policy"), "default-src 'none'");
  ck_assert(reply.header("content-security-policy").find("unsafe") == std::string::npos);
  ck_assert_text(reply.header("strict-transport-security"), "");
}
END_TEST

START_TEST(a_connection_carries_many_requests_and_pipelined_ones_keep_their_order) {
  Grid grid;
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
  Grid grid;
  Probe probe(grid.port);
  probe.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  auto const head = probe.read_reply(true);
  ck_assert_int_eq(head.status, 200);
  ck_assert_text(head.header("content-length"), "13");
  ck_assert_text(probe.read_reply().body, "GET /next 0");
}
END_TEST

START_TEST(a_reply_without_content_leaves_the_connection_usable) {
  Grid grid;
  Probe probe(grid.port);
  probe.send("GET /empty HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  ck_assert_int_eq(probe.read_reply().status, 204);
  ck_assert_text(probe.read_reply().body, "GET /next 0");
}
END_TEST

START_TEST(bodies_may_be_chunked_or_wait_for_100_continue) {
  Grid grid;
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
  Grid grid;
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
  Grid grid;
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
  Grid grid;
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
  Grid grid;
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
  Grid grid;
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
  Grid grid({.first_request_ms = 300, .idle_ms = 300, .silence_ms = 300, .write_stall_ms = 300, .linger_ms = 100});
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
  Grid grid({.first_request_ms = 300, .silence_ms = 300, .linger_ms = 100});
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
  Grid grid({.write_stall_ms = 300, .linger_ms = 100});
  auto const content = grid.make_file(64 << 20);
  Probe probe(grid.port);
  probe.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  ck_assert_uint_lt(probe.read_to_end().size(), content.size());
}
END_TEST

START_TEST(a_handler_that_throws_answers_500) {
  Grid grid;
  auto const reply = ask_once(grid.port, "GET /throw HTTP/1.1\r\nConnection: close\r\n\r\n");
  ck_assert_int_eq(reply.status, 500);
  ck_assert(reply.body.find("on purpose") == std::string::npos);
}
END_TEST

START_TEST(a_full_queue_answers_503_at_once) {
  Grid grid({}, 1);
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
  Grid grid;
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
  Grid grid;
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
  Grid grid;
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
  Grid grid({.idle_ms = 300, .silence_ms = 300});
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
  Grid grid;
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
  Grid grid;
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

START_TEST(files_come_whole_in_ranges_and_not_again_when_unchanged) {
  Grid grid;
  auto const content = grid.make_file((3 << 20) + 17);
  auto get = [&grid](std::string const& headers) {
    return ask_once(grid.port, "GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n");
  };
  auto const whole = get("");
  ck_assert_int_eq(whole.status, 200);
  ck_assert(whole.body == content);
  ck_assert_text(whole.header("accept-ranges"), "bytes");
  auto const tag = whole.header("etag");
  ck_assert_int_eq(get("If-None-Match: " + tag + "\r\n").status, 304);
  auto const part = get("Range: bytes=1000000-2000000\r\n");
  ck_assert_int_eq(part.status, 206);
  ck_assert(part.body == content.substr(1000000, 1000001));
  ck_assert_text(part.header("content-range"), "bytes 1000000-2000000/3145745");
  ck_assert(get("Range: bytes=3145740-\r\n").body == content.substr(3145740));
  ck_assert(get("Range: bytes=-5\r\n").body == content.substr(content.size() - 5));
  auto const beyond = get("Range: bytes=3145745-\r\n");
  ck_assert_int_eq(beyond.status, 416);
  ck_assert_text(beyond.header("content-range"), "bytes */3145745");
  ck_assert_int_eq(get("Range: bytes=5-\r\nIf-Range: \"another\"\r\n").status, 200);
  ck_assert_int_eq(get("Range: bytes=5-\r\nIf-Range: " + tag + "\r\n").status, 206);
}
END_TEST

START_TEST(head_of_a_file_tells_its_length) {
  Grid grid;
  grid.make_file(5000000);
  Probe probe(grid.port);
  probe.send("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\n\r\n");
  auto const head = probe.read_reply(true);
  ck_assert_int_eq(head.status, 200);
  ck_assert_text(head.header("content-length"), "5000000");
  ck_assert_text(probe.read_reply().body, "GET /next 0");
}
END_TEST

START_TEST(bytes_made_on_their_way_come_whole_or_are_cut_short) {
  Grid grid;
  Probe probe(grid.port);
  probe.send("GET /made HTTP/1.1\r\nHost: x\r\n\r\nHEAD /made HTTP/1.1\r\nHost: x\r\n\r\n");
  auto const made = probe.read_reply();
  ck_assert_int_eq(made.status, 200);
  ck_assert_uint_eq(made.body.size(), made_length);
  for (std::size_t i = 0; i < made.body.size(); ++i) ck_assert(made.body[i] == static_cast<char>(i * 7));
  ck_assert_text(probe.read_reply(true).header("content-length"), "1000000");
  Probe unlucky(grid.port);
  unlucky.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n");
  auto const all = unlucky.read_to_end();
  ck_assert_says(all, "Content-Length: 1000000");
  ck_assert_uint_gt(all.size(), 0);
  ck_assert_uint_le(all.size(), 700000 + 4096);
}
END_TEST

START_TEST(a_download_that_is_broken_off_frees_its_file) {
  Grid grid;
  grid.make_file(32 << 20);
  auto open_files = [&grid] {
    int count = 0;
    for (auto const& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      if (std::filesystem::read_symlink(entry.path(), error) == grid.folder / "file") ++count;
    }
    return count;
  };
  {
    std::vector<std::unique_ptr<Probe>> probes;
    for (int i = 0; i < 5; ++i) {
      probes.push_back(std::make_unique<Probe>(grid.port));
      probes.back()->send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
      ck_assert(probes.back()->readable(5000));
    }
    ck_assert_int_eq(open_files(), 5);
  }
  for (int i = 0; i < 100 && open_files() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ck_assert_int_eq(open_files(), 0);
}
END_TEST

START_TEST(downloads_hold_a_piece_in_memory_not_the_file) {
  Grid grid;
  constexpr std::int64_t size = std::int64_t{256} << 20;
  int const file = ::open((grid.folder / "file").c_str(), O_CREAT | O_WRONLY, 0644);
  ck_assert_int_eq(::ftruncate(file, size), 0);
  ::close(file);
  auto held_kib = [] {
#if defined(__SANITIZE_ADDRESS__)  // keeps what was freed, to watch it: only what is not freed is held
    return static_cast<long>(__sanitizer_get_current_allocated_bytes() >> 10);
#else
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return 0L;
#endif
  };
  auto const before = held_kib();
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 10; ++i) {
    probes.push_back(std::make_unique<Probe>(grid.port));
    probes.back()->send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  long most = 0;
  std::vector<std::int64_t> got(probes.size());
  bool some = true;
  for (int round = 0; some && round < 200; ++round) {
    some = false;
    for (std::size_t i = 0; i < probes.size(); ++i) {
      got[i] += static_cast<std::int64_t>(probes[i]->read_some(1 << 20).size());
      some = some || got[i] < size;
    }
    most = std::max(most, held_kib());
  }
  ck_assert_msg(most - before < 60 * 1024, "ten downloads took %ld KiB", most - before);
}
END_TEST

START_TEST(tls_is_spoken_and_half_a_handshake_ends) {
  auto const folder = std::filesystem::temp_directory_path() / ("distren-tls-" + random_secret());
  std::filesystem::create_directory(folder);
  ck_assert(make_self_signed(folder / "c.pem", folder / "k.pem", {"localhost", "127.0.0.1"}).has_value());
  auto const tls = server_tls(folder / "c.pem", folder / "k.pem");
  ck_assert(tls.has_value());
  {
    Grid grid({.first_request_ms = 500, .linger_ms = 100}, 100, tls->get());
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

namespace {

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
TestGroup const answers_tests{
    "answers",
    {a_handler_that_throws_answers_500, a_full_queue_answers_503_at_once,
     an_answer_may_come_later_and_a_dropped_one_is_503, an_answer_for_a_client_that_left_harms_nobody,
     stopping_answers_what_was_asked, a_reply_that_stays_open_is_written_piece_by_piece_and_ends_with_its_reader,
     a_reply_that_stays_open_can_be_ended_and_the_connection_goes_on,
     who_does_not_read_a_reply_that_stays_open_is_cut_off_and_costs_little},
    {.timeout_s = 60}};
TestGroup const files_tests{
    "files",
    {files_come_whole_in_ranges_and_not_again_when_unchanged, head_of_a_file_tells_its_length,
     bytes_made_on_their_way_come_whole_or_are_cut_short, a_download_that_is_broken_off_frees_its_file,
     downloads_hold_a_piece_in_memory_not_the_file},
    {.timeout_s = 120}};

}  // namespace

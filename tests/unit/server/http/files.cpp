// The HTTP server on real sockets: files, whole and in ranges, and bytes made on their way.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/check_main.h"
#include "tests/support/http_probe.h"
#include "tests/support/http_server_fixture.h"

#if defined(__SANITIZE_ADDRESS__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // of sanitizer/allocator_interface.h
#endif

using namespace distren;

namespace {

START_TEST(files_come_whole_in_ranges_and_not_again_when_unchanged) {
  HttpServerFixture grid;
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
  HttpServerFixture grid;
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
  HttpServerFixture grid;
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
  HttpServerFixture grid;
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
  HttpServerFixture grid;
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

TestGroup const files_tests{
    "files",
    {files_come_whole_in_ranges_and_not_again_when_unchanged, head_of_a_file_tells_its_length,
     bytes_made_on_their_way_come_whole_or_are_cut_short, a_download_that_is_broken_off_frees_its_file,
     downloads_hold_a_piece_in_memory_not_the_file},
    {.timeout_s = 120}};

}  // namespace

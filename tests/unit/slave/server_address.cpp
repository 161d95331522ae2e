// Where the server is, and how long the slave waits before it asks again.
#include "slave/server_address.h"
#include "slave/backoff.h"
#include "slave/line.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
using namespace std::chrono_literals;

namespace {

// Empty: it is of another origin.
std::string resolve_url_of(FileOrigins const& origins, std::string const& reference) {
  auto const url = resolve(origins, reference);
  return url ? *url : std::string();
}

START_TEST(addresses_are_told_apart_by_how_far_they_are) {
  for (auto const* here : {"127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"})
    ck_assert_msg(reach_of_address(here) == Reach::this_machine, "%s", here);
  for (auto const* near : {"10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "fe80::1%eth0",
                           "fd00::1", "::ffff:192.168.1.1", "nonsense"})
    ck_assert_msg(reach_of_address(near) == Reach::private_network, "%s", near);
  for (auto const* far : {"93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"})
    ck_assert_msg(reach_of_address(far) == Reach::internet, "%s", far);
}
END_TEST

START_TEST(a_server_outside_cannot_send_its_slave_behind_the_firewall) {
  auto const resolve = [](std::string const& host) -> std::vector<std::string> {
    if (host == "grid.example.org" || host == "files.example.org") return {"93.184.216.34"};
    if (host == "both.example.org") return {"93.184.216.34", "127.0.0.1"};
    if (host == "lan.example.org") return {"192.168.1.5"};
    if (host == "localhost") return {"::1", "127.0.0.1"};
    if (host.find_first_not_of("0123456789.:abcdef") == std::string::npos) return {host};
    return {};
  };
  auto const allowed = [&](std::string const& url, std::string const& server) {
    return check_named_url(url, server, resolve).has_value();
  };
  for (auto const* server : {"grid.example.org", "93.184.216.34", "unknown.example.org", "lan.example.org"})
    for (auto const* here : {"https://localhost:8443", "http://127.0.0.1:631", "https://[::1]:8443", "http://0.0.0.0",
                             "https://both.example.org"})
      ck_assert_msg(!allowed(here, server), "%s of %s", here, server);
  for (auto const* near : {"https://192.168.1.1", "https://lan.example.org:8443", "https://169.254.169.254"}) {
    ck_assert_msg(!allowed(near, "grid.example.org"), "%s", near);
    ck_assert_msg(allowed(near, "192.168.1.7"), "%s", near);
    ck_assert_msg(allowed(near, "localhost"), "%s", near);
  }
  ck_assert(allowed("https://files.example.org", "grid.example.org"));
  ck_assert(allowed("https://grid.example.org:443", "lan.example.org"));
  ck_assert(allowed("https://behind-a-proxy.example.org", "grid.example.org"));
  ck_assert(allowed("https://GRID.example.org:8443", "Grid.Example.Org"));
  ck_assert(allowed("http://127.0.0.1:8443", "127.0.0.1"));
  ck_assert(allowed("https://localhost:8443", "127.0.0.1"));
  auto const refused = check_named_url("https://localhost:8443/?secret", "grid.example.org", resolve);
  ck_assert_says(refused.error().message, "the server grid.example.org says that its files are at localhost");
  ck_assert_says(refused.error().message, "this machine");
  ck_assert(!allowed("localhost", "grid.example.org"));

  // Then its own host is asked, at the port that it named.
  auto const files = [&](char const* configured, char const* named) {
    return files_url(configured, named, "grid.example.org", resolve);
  };
  ck_assert_text(files("", "https://localhost:9443"), "https://grid.example.org:9443");
  ck_assert_text(files("", "no address"), "https://grid.example.org:8443");
  ck_assert_text(files("", ""), "https://grid.example.org:8443");
  ck_assert_text(files("", "https://files.example.org"), "https://files.example.org");
  ck_assert_text(files("https://localhost:1", "https://files.example.org"), "https://localhost:1");
}
END_TEST

START_TEST(files_come_from_the_base_url_and_from_the_origins_that_are_as_far) {
  auto const resolve = [](std::string const& host) {
    return std::vector<std::string>{host == "inside.example.org" ? "10.0.0.1" : "93.184.216.34"};
  };
  auto const origins = [&](char const* configured) {
    return file_origins(
        configured, "https://grid.example.org:8443",
        {"https://GRID.example.org:8443/", "https://files.example.org", "https://inside.example.org", "no address"},
        "grid.example.org", resolve);
  };
  auto const from = origins("");
  ck_assert(from.others == std::vector<std::string>{"https://files.example.org:443"});
  ck_assert_text(resolve_url_of(from, "/a?b"), "https://grid.example.org:8443/a?b");
  ck_assert_text(resolve_url_of(from, "https://files.example.org/a"), "https://files.example.org/a");
  ck_assert_text(resolve_url_of(from, "https://files.example.org:444/a"), "");
  ck_assert_text(resolve_url_of(from, "https://inside.example.org/a"), "");
  ck_assert(origins("https://grid.example.org:8443").others.empty());  // the volunteer's own word holds
}
END_TEST

START_TEST(waits_double_up_to_the_longest) {
  Backoff backoff(500ms, 4000ms);
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 6; ++i) waits.push_back(backoff.wait(0.5).count());
  ck_assert((waits == std::vector<std::int64_t>{500, 1000, 2000, 4000, 4000, 4000}));
  backoff.reset();
  ck_assert_int_eq(backoff.wait(0.5).count(), 500);
}
END_TEST

START_TEST(waits_are_spread_and_never_above_the_longest) {
  Backoff low(1000ms, 5000ms);
  Backoff high(1000ms, 5000ms);
  for (int i = 0; i < 10; ++i) {
    auto const a = low.wait(0.0);
    auto const b = high.wait(0.999);
    ck_assert(a >= 500ms && a < b && b <= 5000ms);
  }
}
END_TEST

TestGroup const server_tests{
    "server",
    {addresses_are_told_apart_by_how_far_they_are, a_server_outside_cannot_send_its_slave_behind_the_firewall,
     files_come_from_the_base_url_and_from_the_origins_that_are_as_far, waits_double_up_to_the_longest,
     waits_are_spread_and_never_above_the_longest}};

}  // namespace

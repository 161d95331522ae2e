// Limits by address.
#include <string>

#include "server/net/rate_limit.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

START_TEST(buckets_refill_with_time) {
  TokenBuckets buckets(2, 3);
  for (int i = 0; i < 3; ++i) ck_assert_int_eq(buckets.take("a", 1000), 0);
  ck_assert_int_eq(buckets.take("a", 1000), 500);
  ck_assert_int_eq(buckets.take("b", 1000), 0);
  ck_assert_int_eq(buckets.take("a", 1500), 0);
  ck_assert_int_gt(buckets.take("a", 1500), 0);
  for (int i = 0; i < 3; ++i) ck_assert_int_eq(buckets.take("a", 100000), 0);
  ck_assert_int_gt(buckets.take("a", 100000), 0);
}
END_TEST

START_TEST(a_bucket_tells_what_is_left) {
  TokenBuckets buckets;
  Rate const rate{2, 4};
  auto const first = buckets.use("a", 1000, rate);
  ck_assert(first.wait_ms == 0 && first.remaining == 3 && first.full_in_ms == 500);
  for (int i = 0; i < 3; ++i) ck_assert_int_eq(buckets.use("a", 1000, rate).wait_ms, 0);
  auto const none = buckets.use("a", 1250, rate);
  ck_assert(none.wait_ms == 250 && none.remaining == 0 && none.full_in_ms == 1750);
  ck_assert(buckets.use("a", 100000, rate).remaining == 3);
}
END_TEST

START_TEST(another_rate_holds_at_once) {
  TokenBuckets buckets;
  ck_assert_int_eq(buckets.use("a", 1000, {1, 1}).wait_ms, 0);
  ck_assert_int_gt(buckets.use("a", 1000, {1, 1}).wait_ms, 0);
  ck_assert_int_eq(buckets.use("a", 1000, {1, 2}).remaining, 1);
}
END_TEST

START_TEST(a_network_of_ipv6_counts_as_one_address) {
  ck_assert_text(limit_key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  ck_assert_text(limit_key("2001:db8:1:2:ffff::1"), limit_key("2001:db8:1:2::"));
  ck_assert(limit_key("2001:db8:1:3::1") != limit_key("2001:db8:1:2::1"));
  ck_assert_text(limit_key("::ffff:192.0.2.7"), "192.0.2.7");
  ck_assert_text(limit_key("192.0.2.7"), "192.0.2.7");
  ck_assert_text(limit_key("17"), "17");
  TokenBuckets buckets(1, 1);
  ck_assert_int_eq(buckets.take("2001:db8::1", 1000), 0);
  ck_assert_int_gt(buckets.take("2001:db8::2", 1000), 0);
  ConnectionCounts counts(1);
  ck_assert(counts.add("2001:db8::1") && !counts.add("2001:db8::2"));
  counts.remove("2001:db8::1");
  ck_assert(counts.add("2001:db8::2"));
}
END_TEST

START_TEST(an_attack_from_everywhere_frees_nobody_who_is_held_back) {
  TokenBuckets buckets(0.001, 1);
  ck_assert_int_eq(buckets.take("first", 1000), 0);
  int held = 0;
  for (int i = 0; i < 20100; ++i) ck_assert_int_eq(buckets.take(std::to_string(i), 1000), 0);
  for (int i = 0; i < 20100; ++i) held += buckets.take(std::to_string(i), 1000) > 0 ? 1 : 0;
  ck_assert_int_gt(held, 10000);
}
END_TEST

START_TEST(connections_are_counted_by_address) {
  ConnectionCounts counts(2);
  ck_assert(counts.add("a"));
  ck_assert(counts.add("a"));
  ck_assert(!counts.add("a"));
  ck_assert(counts.add("b"));
  counts.remove("a");
  ck_assert(counts.add("a"));
}
END_TEST

TestGroup const limits_tests{
    "limits",
    {buckets_refill_with_time, a_bucket_tells_what_is_left, another_rate_holds_at_once,
     a_network_of_ipv6_counts_as_one_address, an_attack_from_everywhere_frees_nobody_who_is_held_back,
     connections_are_counted_by_address}};

}  // namespace

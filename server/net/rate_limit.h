// Limits by peer address: token buckets for requests, a count of open connections, and a growing delay after wrong
// passwords. All are safe from any thread, remember a bounded number of addresses, and take the time as a parameter
// (milliseconds on any clock that does not go back).
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace distren {

// Whom an address is counted as: an IPv6 address as its /64, of which every network has at least one, an IPv4 address
// that is written as IPv6 as itself. Anything else is its own key.
std::string limit_key(std::string_view address);

// per_second tokens flow in, up to burst.
struct Rate {
  double per_second = 0;
  double burst = 0;
  friend bool operator==(Rate const&, Rate const&) = default;
};

// A bucket after something was taken, or not.
struct RateState {
  std::int64_t wait_ms = 0;     // 0: go ahead; else until the next token
  std::int64_t remaining = 0;   // whole tokens
  std::int64_t full_in_ms = 0;  // until all are there again
};

// One bucket, full at first. No lock of its own.
class TokenBucket {
public:
  TokenBucket(double per_second, double burst) : TokenBucket(Rate{per_second, burst}) {}
  explicit TokenBucket(Rate rate) : rate_(rate), tokens_(rate.burst) {}
  // One that is there is enough for any count; what is taken beyond is owed.
  RateState use(std::int64_t now_ms, double count = 1);
  std::int64_t take(std::int64_t now_ms, double count = 1) { return use(now_ms, count).wait_ms; }
  [[nodiscard]] bool full(std::int64_t now_ms) const;
  [[nodiscard]] Rate rate() const { return rate_; }

private:
  void refill(std::int64_t now_ms);
  Rate rate_;
  double tokens_;
  std::int64_t at_ = INT64_MIN;  // when tokens_ was so; the least: never yet
};

// A bucket for each key.
class TokenBuckets {
public:
  TokenBuckets() = default;
  TokenBuckets(double per_second, double burst) : rate_{per_second, burst} {}
  // As that of the key's own bucket; one that had another rate begins anew.
  RateState use(std::string const& key, std::int64_t now_ms, Rate rate);
  RateState use(std::string const& key, std::int64_t now_ms) { return use(key, now_ms, rate_); }
  std::int64_t take(std::string const& key, std::int64_t now_ms) { return use(key, now_ms).wait_ms; }
  [[nodiscard]] Rate rate() const { return rate_; }

private:
  Rate const rate_{};
  std::mutex mutex_;  // guards buckets_
  std::unordered_map<std::string, TokenBucket> buckets_;
};

class ConnectionCounts {
public:
  explicit ConnectionCounts(int limit) : limit_(limit) {}
  bool add(std::string const& address);  // false: this address has as many as it may
  void remove(std::string const& address);

private:
  int limit_;
  std::mutex mutex_;  // guards open_
  std::unordered_map<std::string, int> open_;
};

// 0.25 s after the third failure in a row, doubled with each further one up to a minute; forgotten after ten minutes.
class FailureDelays {
public:
  std::int64_t wait_ms(std::string const& key, std::int64_t now_ms);  // 0: may try
  void failed(std::string const& key, std::int64_t now_ms);
  void succeeded(std::string const& key);

private:
  struct Failures {
    int count = 0;
    std::int64_t until = 0;
    std::int64_t last = 0;
  };
  std::mutex mutex_;  // guards keys_
  std::unordered_map<std::string, Failures> keys_;
};

}  // namespace distren

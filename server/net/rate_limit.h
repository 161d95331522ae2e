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

// One bucket, full at first. No lock of its own.
class TokenBucket {
public:
  // per_second tokens flow in, up to burst.
  TokenBucket(double per_second, double burst) : per_second_(per_second), burst_(burst), tokens_(burst) {}
  // 0: go ahead; else milliseconds until the next token. One that is there is enough for any count; what is taken
  // beyond is owed.
  std::int64_t take(std::int64_t now_ms, double count = 1);
  [[nodiscard]] bool full(std::int64_t now_ms) const;

private:
  void refill(std::int64_t now_ms);
  double per_second_;
  double burst_;
  double tokens_;
  std::int64_t at_ = INT64_MIN;  // when tokens_ was so; the least: never yet
};

class TokenBuckets {
public:
  TokenBuckets(double per_second, double burst) : new_(per_second, burst) {}
  std::int64_t take(std::string const& key, std::int64_t now_ms);  // as that of the key's own TokenBucket

private:
  TokenBucket const new_;
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

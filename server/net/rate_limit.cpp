#include "server/net/rate_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace distren {

namespace {

constexpr std::size_t max_keys = 20000;
constexpr std::int64_t forget_after_ms = 600000;

// Room for one more key: first what is no longer needed, then, under attack from everywhere, any.
template <typename Map, typename Stale>
void make_room(Map& map, Stale const& stale) {
  if (map.size() < max_keys) return;
  std::erase_if(map, [&stale](auto const& item) { return stale(item.second); });
  if (map.size() >= max_keys) map.erase(map.begin());
}

}  // namespace

std::string limit_key(std::string_view address) {
  in6_addr binary{};
  std::string const plain(address);
  if (plain.find(':') == std::string::npos || inet_pton(AF_INET6, plain.c_str(), &binary) != 1) return plain;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (IN6_IS_ADDR_V4MAPPED(&binary)) {
    inet_ntop(AF_INET, &binary.s6_addr[12], text.data(), text.size());
    return text.data();
  }
  std::fill(std::begin(binary.s6_addr) + 8, std::end(binary.s6_addr), std::uint8_t{0});
  inet_ntop(AF_INET6, &binary, text.data(), text.size());
  return std::string(text.data()) + "/64";
}

void TokenBucket::refill(std::int64_t now_ms) {
  if (at_ != INT64_MIN) {
    auto const passed = static_cast<double>(std::max<std::int64_t>(0, now_ms - at_)) / 1000;
    tokens_ = std::min(rate_.burst, tokens_ + passed * rate_.per_second);
  }
  at_ = now_ms;
}

RateState TokenBucket::use(std::int64_t now_ms, double count) {
  refill(now_ms);
  auto const until = [this](double tokens) { return std::llround((tokens - tokens_) / rate_.per_second * 1000); };
  RateState state;
  if (tokens_ < 1)
    state.wait_ms = std::max<std::int64_t>(1, until(1));
  else
    tokens_ -= count;
  state.remaining = std::max<std::int64_t>(0, static_cast<std::int64_t>(tokens_));
  state.full_in_ms = std::max<std::int64_t>(0, until(rate_.burst));
  return state;
}

bool TokenBucket::full(std::int64_t now_ms) const {
  TokenBucket then = *this;
  then.refill(now_ms);
  return then.tokens_ >= rate_.burst;
}

RateState TokenBuckets::use(std::string const& key, std::int64_t now_ms, Rate rate) {
  std::lock_guard const lock(mutex_);
  make_room(buckets_, [now_ms](TokenBucket const& bucket) { return bucket.full(now_ms); });
  auto& bucket = buckets_.try_emplace(limit_key(key), rate).first->second;
  if (bucket.rate() != rate) bucket = TokenBucket(rate);
  return bucket.use(now_ms);
}

bool ConnectionCounts::add(std::string const& address) {
  std::lock_guard const lock(mutex_);
  auto& count = open_[limit_key(address)];
  if (count >= limit_) return false;
  ++count;
  return true;
}

void ConnectionCounts::remove(std::string const& address) {
  std::lock_guard const lock(mutex_);
  auto const found = open_.find(limit_key(address));
  if (found != open_.end() && --found->second <= 0) open_.erase(found);
}

std::int64_t FailureDelays::wait_ms(std::string const& key, std::int64_t now_ms) {
  std::lock_guard const lock(mutex_);
  auto const found = keys_.find(key);
  return found == keys_.end() ? 0 : std::max<std::int64_t>(0, found->second.until - now_ms);
}

void FailureDelays::failed(std::string const& key, std::int64_t now_ms) {
  std::lock_guard const lock(mutex_);
  make_room(keys_, [now_ms](Failures const& entry) { return now_ms - entry.last > forget_after_ms; });
  auto& entry = keys_[key];
  if (now_ms - entry.last > forget_after_ms) entry.count = 0;
  entry.last = now_ms;
  ++entry.count;
  if (entry.count < 3) return;
  entry.until = now_ms + std::min<std::int64_t>(60000, std::int64_t{250} << std::min(entry.count - 3, 10));
}

void FailureDelays::succeeded(std::string const& key) {
  std::lock_guard const lock(mutex_);
  keys_.erase(key);
}

}  // namespace distren

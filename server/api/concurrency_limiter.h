// How many workers may do something slow at once, altogether and for one user: the others keep serving all users.
// One object for each kind of work; any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace distren {

class ConcurrencyLimiter {
public:
  class Permit {
  public:
    Permit(ConcurrencyLimiter* limiter, std::int64_t user) : limiter_(limiter), user_(user) {}
    Permit(Permit const&) = delete;
    Permit& operator=(Permit const&) = delete;
    ~Permit() {
      if (limiter_ != nullptr) limiter_->release(user_);
    }
    explicit operator bool() const { return limiter_ != nullptr; }  // false: too many are at it

  private:
    ConcurrencyLimiter* limiter_;
    std::int64_t user_;
  };

  [[nodiscard]] Permit try_acquire(std::int64_t user, int max_total, int max_per_user) {
    std::lock_guard const lock(mutex_);
    if (total_ >= max_total) return {nullptr, user};
    auto& user_count = by_user_[user];
    if (user_count >= max_per_user) return {nullptr, user};
    ++user_count;
    ++total_;
    return {this, user};
  }

private:
  void release(std::int64_t user) {
    std::lock_guard const lock(mutex_);
    --total_;
    if (--by_user_[user] == 0) by_user_.erase(user);
  }

  std::mutex mutex_;  // guards all below
  int total_ = 0;
  std::unordered_map<std::int64_t, int> by_user_;
};

}  // namespace distren

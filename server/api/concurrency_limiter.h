// How many workers may do something slow at once, altogether and for one person: the others go on answering everybody.
// One object for each kind of work; any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace distren {

class Turns {
public:
  class Turn {
  public:
    Turn(Turns* of, std::int64_t person) : of_(of), person_(person) {}
    Turn(Turn const&) = delete;
    Turn& operator=(Turn const&) = delete;
    ~Turn() {
      if (of_ != nullptr) of_->end(person_);
    }
    explicit operator bool() const { return of_ != nullptr; }  // false: too many are at it

  private:
    Turns* of_;
    std::int64_t person_;
  };

  [[nodiscard]] Turn take(std::int64_t person, int most, int most_of_one) {
    std::lock_guard const lock(mutex_);
    if (all_ >= most) return {nullptr, person};
    auto& his = each_[person];
    if (his >= most_of_one) return {nullptr, person};
    ++his;
    ++all_;
    return {this, person};
  }

private:
  void end(std::int64_t person) {
    std::lock_guard const lock(mutex_);
    --all_;
    if (--each_[person] == 0) each_.erase(person);
  }

  std::mutex mutex_;  // guards all below
  int all_ = 0;
  std::unordered_map<std::int64_t, int> each_;
};

}  // namespace distren

// The newest that was heard of each job's row, so that a stale reading cannot win whatever the order of arrival: a job
// that was cancelled is not added by whoever read it before. Jobs that are not in the queue (any more) are remembered
// for as long as a reading can be under way. Dispatcher's thread only; times in ms.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

#include "server/store/jobs.h"

namespace distren {

class JobRevisions {
public:
  static constexpr std::int64_t kept_ms = 600'000;

  // false: something newer, or the same, was heard before.
  bool learn(store::JobControl const& control);
  void replace(store::JobControl const& control);  // of the same revision: nothing is left of it in the queue
  [[nodiscard]] store::JobControl const* find(std::int64_t job) const;  // nullptr: nothing was heard
  // The rows were read at that revision; something heard since then says that nothing of them is to be rendered.
  [[nodiscard]] bool ended_since(std::int64_t job, std::int64_t revision) const;
  void queued(std::int64_t job);                        // it is in the queue: remembered until it leaves
  void left_queue(std::int64_t job, std::int64_t now);  // or never was in it
  void forget_old(std::int64_t now);

private:
  struct Known {
    store::JobControl control;
    std::int64_t left_ms = -1;  // -1: it is in the queue
  };
  std::unordered_map<std::int64_t, Known> known_;
  std::deque<std::pair<std::int64_t, std::int64_t>> left_;  // when, job
};

}  // namespace distren

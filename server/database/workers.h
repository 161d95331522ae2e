// The worker pool: threads with a database connection each, fed by a bounded queue. Handlers run here from start to
// end. The most recently idle thread is used first, so that light load keeps one connection and one decoder warm.
// submit(): any thread, never blocks; false means that the queue is full and the caller answers 503 with Retry-After.
// stop() finishes the queue.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "server/database/connection.h"

namespace distren {

struct Worker {
  Database& database;
};

class WorkerPool {
public:
  WorkerPool(DatabaseAddress address, int threads, std::size_t queue_limit);
  ~WorkerPool();
  WorkerPool(WorkerPool const&) = delete;
  WorkerPool& operator=(WorkerPool const&) = delete;

  [[nodiscard]] bool submit(std::function<void(Worker&)> work);
  void stop();
  [[nodiscard]] std::size_t waiting() const;  // requests in the queue; any thread

private:
  void run();
  std::function<void(Worker&)> next();

  DatabaseAddress address_;
  std::size_t queue_limit_;
  mutable std::mutex mutex_;                       // guards all below
  std::vector<std::condition_variable*> resting_;  // idle threads, the most recent last
  std::deque<std::function<void(Worker&)>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace distren

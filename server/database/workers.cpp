#include "server/database/workers.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/process/image_program.h"

namespace distren {

namespace {

constexpr auto idle_time = std::chrono::seconds(30);

}  // namespace

WorkerPool::WorkerPool(DatabaseAddress address, int threads, std::size_t queue_limit)
    : address_(std::move(address)), queue_limit_(queue_limit) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() {
  stop();
}

bool WorkerPool::submit(std::function<void(Worker&)> work) {
  std::lock_guard const lock(mutex_);
  if (stopping_ || queue_.size() >= queue_limit_) return false;
  queue_.push_back(std::move(work));
  if (!resting_.empty()) {
    resting_.back()->notify_one();
    resting_.pop_back();
  }
  return true;
}

std::size_t WorkerPool::waiting() const {
  std::lock_guard const lock(mutex_);
  return queue_.size();
}

void WorkerPool::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    for (auto* each : std::exchange(resting_, {})) each->notify_one();
  }
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
}

// Empty: stopping, and the queue is empty.
std::function<void(Worker&)> WorkerPool::next() {
  std::unique_lock lock(mutex_);
  while (queue_.empty() && !stopping_) {
    std::condition_variable woken;
    auto const called = [&] { return std::ranges::find(resting_, &woken) == resting_.end(); };
    resting_.push_back(&woken);
    if (!woken.wait_for(lock, idle_time, called)) {
      // Idle for a while: frees the memory of this thread's decoder.
      lock.unlock();
      close_image_program();
      lock.lock();
      woken.wait(lock, called);
    }
  }
  if (queue_.empty()) return {};
  auto work = std::move(queue_.front());
  queue_.pop_front();
  return work;
}

void WorkerPool::run() {
  DatabaseThread const thread;
  Database database(address_);
  Worker worker{database};
  while (auto const work = next()) {
    try {
      work(worker);
    } catch (std::exception const& error) {
      // A bug in one handler must not end the server.
      spdlog::critical("a worker's task ended by an exception: {}", error.what());
    }
  }
}

}  // namespace distren

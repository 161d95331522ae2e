#include "server/net/loop.h"

#include <event2/thread.h>

#include <cstdlib>
#include <utility>

namespace distren {

namespace {

void run_timer(evutil_socket_t, short, void* task) {
  (*static_cast<std::function<void()>*>(task))();
}

}  // namespace

Loop::Loop() {
  static int const threads = evthread_use_pthreads();  // once, before the first event_base
  base_.reset(event_base_new());
  if (threads != 0 || !base_) std::abort();
  wake_.reset(event_new(
      base_.get(), -1, EV_PERSIST, [](evutil_socket_t, short, void* self) { static_cast<Loop*>(self)->run_posted(); },
      this));
}

Loop::~Loop() {
  stop();
}

void Loop::start() {
  thread_ = std::thread([this] { event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY); });
}

void Loop::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    posted_.clear();
  }
  // Not loopbreak from here: a loop that has not begun yet would forget it.
  event_active(wake_.get(), EV_READ, 0);
  if (thread_.joinable()) thread_.join();
}

void Loop::post(std::function<void()> task) {
  bool first = false;
  {
    std::lock_guard const lock(mutex_);
    if (stopping_) return;
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) event_active(wake_.get(), EV_READ, 0);  // one wake-up for all that gathers until the loop gets there
}

void Loop::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard const lock(mutex_);
    tasks.swap(posted_);
    if (stopping_) event_base_loopbreak(base_.get());
  }
  for (auto const& task : tasks) task();
}

EventPtr Loop::every(int interval_ms, std::function<void()> task) {
  timers_.push_back(std::make_unique<std::function<void()>>(std::move(task)));
  EventPtr timer(event_new(base_.get(), -1, EV_PERSIST, run_timer, timers_.back().get()));
  timeval const interval{interval_ms / 1000, (interval_ms % 1000) * 1000};
  event_add(timer.get(), &interval);
  return timer;
}

}  // namespace distren

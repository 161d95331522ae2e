// A thread with a libevent loop. Loops own sockets; nothing that blocks (database, disk scans, scrypt) runs on one.
// post() may be called from any thread; the task runs on the loop's thread, in order. Everything else that touches
// base() belongs on the loop's thread. Stop with stop(); tasks posted after that are dropped unrun.
#pragma once

#include <event2/event.h>

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace distren {

struct EventFree {
  void operator()(event* e) const { event_free(e); }
};
using EventPtr = std::unique_ptr<event, EventFree>;

class Loop {
public:
  Loop();
  ~Loop();
  Loop(Loop const&) = delete;
  Loop& operator=(Loop const&) = delete;

  void start();
  void stop();  // returns when the thread has ended
  void post(std::function<void()> task);
  [[nodiscard]] event_base* base() const { return base_.get(); }
  [[nodiscard]] bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  // Calls task every interval_ms on this loop until the returned event is destroyed (on the loop's thread).
  EventPtr every(int interval_ms, std::function<void()> task);

private:
  void run_posted();
  struct BaseFree {
    void operator()(event_base* b) const { event_base_free(b); }
  };
  std::unique_ptr<event_base, BaseFree> base_;
  EventPtr wake_;
  std::mutex mutex_;  // guards posted_ and stopping_
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<std::function<void()>>> timers_;
  std::thread thread_;
};

}  // namespace distren

// Loops: tasks from many threads, timers and their end.
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "server/net/loop.h"
#include "tests/support/check_main.h"

using namespace distren;
using namespace std::chrono_literals;

namespace {

template <typename Task>
void from_threads(int count, Task task) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([task, i] { task(i); });
  for (auto& thread : threads) thread.join();
}

START_TEST(tasks_posted_from_many_threads_run_on_the_loop_in_order) {
  Loop loop;
  loop.start();
  std::vector<std::vector<int>> seen(4);  // written on the loop's thread alone
  std::atomic<int> elsewhere = 0;
  from_threads(4, [&](int thread) {
    for (int i = 0; i < 1000; ++i)
      loop.post([&, thread, i] {
        seen[static_cast<std::size_t>(thread)].push_back(i);
        if (!loop.on_this_thread()) ++elsewhere;
      });
  });
  std::promise<void> done;
  loop.post([&] { done.set_value(); });
  done.get_future().wait();
  loop.stop();
  ck_assert_int_eq(elsewhere, 0);
  for (auto const& numbers : seen) {
    ck_assert_uint_eq(numbers.size(), 1000);
    for (int i = 0; i < 1000; ++i) ck_assert_int_eq(numbers[static_cast<std::size_t>(i)], i);
  }
}
END_TEST

START_TEST(a_stopped_loop_drops_what_is_posted_and_stops_twice) {
  Loop loop;
  loop.start();
  loop.stop();
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.stop();
  ck_assert(!ran);
}
END_TEST

START_TEST(a_timer_comes_again_until_its_event_is_gone) {
  Loop loop;
  std::promise<void> third;
  int times = 0;
  EventPtr timer = loop.every(5, [&] {
    if (++times == 3) third.set_value();
  });
  loop.start();
  third.get_future().wait();
  std::promise<void> gone;
  loop.post([&] {
    timer.reset();
    gone.set_value();
  });
  gone.get_future().wait();
  loop.stop();
  ck_assert_int_ge(times, 3);
}
END_TEST

TestGroup const loops_tests{
    "loops",
    {tasks_posted_from_many_threads_run_on_the_loop_in_order, a_stopped_loop_drops_what_is_posted_and_stops_twice,
     a_timer_comes_again_until_its_event_is_gone}};

}  // namespace

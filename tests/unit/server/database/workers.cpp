// The pool of workers and its bounded queue; no database.
#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "server/database/workers.h"
#include "tests/support/check_main.h"

using namespace distren;
using namespace std::chrono_literals;

namespace {

DatabaseAddress nowhere() {
  DatabaseAddress address;
  address.socket = "/nonexistent/distren.sock";
  return address;
}

template <typename Task>
void from_threads(int count, Task task) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([task, i] { task(i); });
  for (auto& thread : threads) thread.join();
}

START_TEST(a_full_queue_says_so_at_once_and_stop_finishes_what_is_queued) {
  std::promise<void> release;
  std::shared_future<void> const released = release.get_future().share();
  std::promise<void> started;
  std::atomic<int> done = 0;
  WorkerPool pool(nowhere(), 1, 2);
  ck_assert(pool.submit([&](Worker&) {
    started.set_value();
    released.wait();
    ++done;
  }));
  started.get_future().wait();
  ck_assert(pool.submit([&](Worker&) { ++done; }));
  ck_assert(pool.submit([&](Worker&) { ++done; }));
  ck_assert(!pool.submit([&](Worker&) { ++done; }));
  release.set_value();
  pool.stop();
  ck_assert_int_eq(done, 3);
  ck_assert(!pool.submit([](Worker&) {}));
}
END_TEST

START_TEST(workers_share_the_queue_and_a_missing_database_is_an_error_value) {
  std::atomic<int> done = 0;
  std::atomic<int> away = 0;
  WorkerPool pool(nowhere(), 4, 10000);
  from_threads(4, [&](int) {
    for (int i = 0; i < 50; ++i) {
      (void)pool.submit([&](Worker& worker) {
        if (auto const answer = worker.database.ping(); !answer && answer.error().code == Errc::unavailable) ++away;
        ++done;
      });
    }
  });
  pool.stop();
  ck_assert_int_eq(done, 200);
  ck_assert_int_eq(away, 200);
}
END_TEST

TestGroup const workers_tests{"workers",
                              {a_full_queue_says_so_at_once_and_stop_finishes_what_is_queued,
                               workers_share_the_queue_and_a_missing_database_is_an_error_value}};

}  // namespace

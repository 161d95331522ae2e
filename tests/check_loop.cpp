// Threads: loops, workers, the dispatcher's mailbox. Runs under ThreadSanitizer too (./runtests threads); no database.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "server/database/workers.h"
#include "server/dispatch/core.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/fair_share/fair_share.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"
#include "server/net/loop.h"
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

struct QuietSlave : SlaveSink {
  std::atomic<int> lines = 0;
  void send(std::string) override { ++lines; }
  void close(std::string_view) override {}
};

Result<void> admit(Dispatcher& dispatcher, std::int64_t slave, std::shared_ptr<SlaveSink> const& sink) {
  return dispatcher.ask([&](DispatchCore& core, std::int64_t now) { return admit_slave(core, slave, "i", sink, now); });
}

OrderLinks no_links() {
  return {.blob = [](std::string_view) { return std::string(); },
          .file_list = [](std::int64_t) { return std::string(); },
          .upload = [](Lease const&, std::string_view) { return std::string(); }};
}

START_TEST(the_dispatcher_answers_many_threads_at_once) {
  Dispatcher dispatcher({.lease_key = "k", .times = {}}, no_links(), std::make_unique<FairShare>(), nowhere());
  dispatcher.start();
  std::atomic<int> wrong = 0;
  from_threads(4, [&](int thread) {
    for (int i = 0; i < 100; ++i) {
      std::int64_t const id = thread * 1000 + i;
      auto const sink = std::make_shared<QuietSlave>();
      if (!admit(dispatcher, id, sink)) ++wrong;
      SlaveCapabilities state;
      state.id = id;
      state.methods = {{"blender", "3.4.1"}};
      dispatcher.tell([state](DispatchCore& core, std::int64_t now) { slave_hello(core, state, now); });
      store::RunnableJob const job{.id = id,
                                   .user = 1,
                                   .method = "blender",
                                   .source = "s",
                                   .parameters = "{}",
                                   .output = "{}",
                                   .version = "2.80",
                                   .state = "active",
                                   .first_task = id * 10,
                                   .tasks = 1,
                                   .files = {}};
      dispatcher.tell([job, id](DispatchCore& core, std::int64_t now) {
        add_job(core, job, {{id * 10, id, 1, 0}}, {}, now);
      });
      if (!slave_status_of(dispatcher, id).online) ++wrong;
      if (job_status_of(dispatcher, id).waiting.empty()) ++wrong;  // without a database there are no attempt numbers
      dispatcher.tell([id, sink](DispatchCore& core, std::int64_t now) {
        remove_job(core, id, store::deleted_revision, "gone", now);
        slave_disconnected(core, id, sink.get());
      });
      if (slave_status_of(dispatcher, id).online) ++wrong;
    }
  });
  ck_assert_int_eq(wrong, 0);
  ck_assert_int_eq(grid_status(dispatcher).slaves_online, 0);
  dispatcher.stop();
  // Answered, though nobody is there any more.
  auto const late = admit(dispatcher, 1, std::make_shared<QuietSlave>());
  ck_assert(!late && late.error().code == Errc::unavailable);
  ck_assert(!slave_status_of(dispatcher, 1).online);
}
END_TEST

START_TEST(a_question_that_fails_gets_an_empty_value_and_the_dispatcher_goes_on) {
  Dispatcher dispatcher({.lease_key = "k", .times = {}}, no_links(), std::make_unique<FairShare>(), nowhere());
  dispatcher.start();
  auto const failed = dispatcher.ask([](DispatchCore&, std::int64_t) -> int { throw std::runtime_error("a fault"); });
  ck_assert_int_eq(failed, 0);
  ck_assert_int_eq(dispatcher.ask([](DispatchCore&, std::int64_t) { return 7; }), 7);
}
END_TEST

START_TEST(what_was_told_before_the_stop_is_carried_out) {
  std::atomic<int> carried_out = 0;
  Dispatcher dispatcher({.lease_key = "k", .times = {}}, no_links(), std::make_unique<FairShare>(), nowhere());
  dispatcher.start();
  for (int i = 0; i < 100; ++i) dispatcher.tell([&](DispatchCore&, std::int64_t) { ++carried_out; });
  dispatcher.stop();
  ck_assert_int_eq(carried_out, 100);
  dispatcher.tell([&](DispatchCore&, std::int64_t) { ++carried_out; });
  ck_assert_int_eq(carried_out, 100);
}
END_TEST

}  // namespace

int main() {
  TCase* loops = tcase_create("loops");
  tcase_add_test(loops, tasks_posted_from_many_threads_run_on_the_loop_in_order);
  tcase_add_test(loops, a_stopped_loop_drops_what_is_posted_and_stops_twice);
  tcase_add_test(loops, a_timer_comes_again_until_its_event_is_gone);
  TCase* workers = tcase_create("workers");
  tcase_add_test(workers, a_full_queue_says_so_at_once_and_stop_finishes_what_is_queued);
  tcase_add_test(workers, workers_share_the_queue_and_a_missing_database_is_an_error_value);
  TCase* dispatcher = tcase_create("dispatcher");
  tcase_set_timeout(dispatcher, 60);
  tcase_add_test(dispatcher, the_dispatcher_answers_many_threads_at_once);
  tcase_add_test(dispatcher, a_question_that_fails_gets_an_empty_value_and_the_dispatcher_goes_on);
  tcase_add_test(dispatcher, what_was_told_before_the_stop_is_carried_out);
  return run_suite("loop", {loops, workers, dispatcher});
}

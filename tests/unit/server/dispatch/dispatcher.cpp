// The dispatcher's mailbox, asked by many threads.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "server/dispatch/core.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/fair_share/fair_share.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"
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

struct QuietSlave : SlaveSink {
  std::atomic<int> lines = 0;
  void send(std::string) override { ++lines; }
  void close(protocol::Goodbye const&) override {}
};

Result<void> admit(Dispatcher& dispatcher, std::int64_t slave, std::shared_ptr<SlaveSink> const& sink) {
  return dispatcher.ask([&](DispatchCore& core, std::int64_t now) { return admit_slave(core, slave, "i", sink, now); });
}

OrderLinks no_links() {
  return {.blob = [](std::string_view) { return std::string(); },
          .inputs = [](std::int64_t) { return std::string(); },
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
      dispatcher.tell([state](DispatchCore& core, std::int64_t now) { slave_announced(core, state, now); });
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
                                   .renderer = {.version = "3.4.1"},
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

TestGroup const dispatcher_tests{
    "dispatcher",
    {the_dispatcher_answers_many_threads_at_once, a_question_that_fails_gets_an_empty_value_and_the_dispatcher_goes_on,
     what_was_told_before_the_stop_is_carried_out},
    {.timeout_s = 60}};

}  // namespace

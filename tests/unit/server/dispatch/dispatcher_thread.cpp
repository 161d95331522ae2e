// The dispatcher's mailbox, asked by many threads.
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "server/dispatch/dispatcher_thread.h"
#include "server/dispatch/fair_share.h"
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
  void close(std::string_view) override {}
};

START_TEST(the_dispatcher_answers_many_threads_at_once) {
  DispatcherThread dispatcher({.lease_key = "k", .times = {}},
                              {.blob = [](std::string_view) { return std::string(); },
                               .file_list = [](std::int64_t) { return std::string(); },
                               .upload = [](Lease const&, std::string_view) { return std::string(); }},
                              std::make_unique<FairShare>(), nowhere());
  dispatcher.start();
  std::atomic<int> wrong = 0;
  from_threads(4, [&](int thread) {
    for (int i = 0; i < 100; ++i) {
      std::int64_t const id = thread * 1000 + i;
      auto const sink = std::make_shared<QuietSlave>();
      if (!dispatcher.admit(id, "i", sink)) ++wrong;
      SlaveCapabilities state;
      state.id = id;
      state.methods = {{"blender", "3.4.1"}};
      dispatcher.hello(state);
      store::RunnableJob job{.id = id,
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
      dispatcher.add_job(job, {{id * 10, id, 1, 0}}, {});
      if (!slave_status_of(dispatcher, id).online) ++wrong;
      if (job_status_of(dispatcher, id).waiting.empty()) ++wrong;  // without a database there are no attempt numbers
      dispatcher.remove_job(id, store::deleted_revision, "gone");
      dispatcher.gone(id, sink);
      if (slave_status_of(dispatcher, id).online) ++wrong;
    }
  });
  ck_assert_int_eq(wrong, 0);
  ck_assert_int_eq(dispatcher.grid_live().slaves_online, 0);
  dispatcher.stop();
  ck_assert(!dispatcher.admit(1, "i", std::make_shared<QuietSlave>()));  // answered, though nobody is there any more
}
END_TEST

TestGroup const dispatcher_tests{"dispatcher", {the_dispatcher_answers_many_threads_at_once}, {.timeout_s = 60}};

}  // namespace

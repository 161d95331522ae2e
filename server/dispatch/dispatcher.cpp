#include "server/dispatch/dispatcher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "server/dispatch/core.h"
#include "server/dispatch/dispatch_journal.h"
#include "server/dispatch/load.h"
#include "server/dispatch/tick.h"

namespace distren {

namespace {

using std::chrono::steady_clock;

// UNIX time as it was at the start, plus what has passed since: a clock that is set does not end leases or pay for time
// that never was.
std::int64_t steady_unix_ms() {
  using namespace std::chrono;
  static auto const started = steady_clock::now();
  static auto const started_at = system_clock::now();
  return duration_cast<milliseconds>((started_at + (steady_clock::now() - started)).time_since_epoch()).count();
}

std::int64_t steady_ms(steady_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

struct Dispatcher::Parts {
  Parts(DispatchSettings settings, OrderLinks links, std::unique_ptr<Policy> its_policy, DatabaseAddress address,
        DispatchJournal::Tell tell)
      : policy(std::move(its_policy)),
        journal(std::move(address), std::move(tell)),
        core(std::move(settings), std::move(links), *policy, journal) {}

  std::unique_ptr<Policy> policy;
  DispatchJournal journal;
  DispatchCore core;  // on the dispatcher's thread alone, once it runs
  std::atomic<std::uint64_t> handled = 0;
  std::mutex mutex;  // guards mailbox and stopping
  std::condition_variable wake;
  std::vector<Message> mailbox;
  bool stopping = false;
  std::thread thread;
};

Dispatcher::Dispatcher(DispatchSettings settings, OrderLinks links, std::unique_ptr<Policy> policy,
                       DatabaseAddress address)
    : parts_(std::make_unique<Parts>(std::move(settings), std::move(links), std::move(policy), std::move(address),
                                     [this](Message message) { tell(std::move(message)); })) {}

Dispatcher::~Dispatcher() {
  stop();
}

Result<void> Dispatcher::load(Database& database) {
  return load_unfinished_work(parts_->core, database, steady_unix_ms());
}

void Dispatcher::publish_to(EventBroker& live) {
  parts_->journal.publish_to(live);
}

void Dispatcher::settle_images(std::function<void(std::int64_t attempt, bool accepted)> settle) {
  parts_->journal.settle_images(std::move(settle));
}

void Dispatcher::start() {
  parts_->journal.start();
  parts_->thread = std::thread([this] { run(); });
}

void Dispatcher::stop() {
  parts_->journal.stop();  // first, so that its last answers still find the mailbox
  {
    std::lock_guard const lock(parts_->mutex);
    parts_->stopping = true;
  }
  parts_->wake.notify_one();
  if (parts_->thread.joinable()) parts_->thread.join();
}

JournalStatus Dispatcher::journal_status() const {
  return parts_->journal.status();
}

std::uint64_t Dispatcher::handled() const {
  return parts_->handled;
}

Error Dispatcher::stopped() {
  return fail(Errc::unavailable, "the server is stopping");
}

void Dispatcher::tell(Message message) {
  bool first = false;
  {
    std::lock_guard const lock(parts_->mutex);
    if (parts_->stopping) return;
    first = parts_->mailbox.empty();
    parts_->mailbox.push_back(std::move(message));
  }
  if (first) parts_->wake.notify_one();
}

void Dispatcher::run_and_wait(Message message) {
  auto done = std::make_shared<std::promise<void>>();  // shared: a std::function must be copyable
  auto const future = done->get_future();
  // The promise goes with the message: one that is dropped, or fails, breaks it and blocks nobody.
  tell([message = std::move(message), done = std::move(done)](DispatchCore& core, std::int64_t now_ms) {
    message(core, now_ms);
    done->set_value();
  });
  future.wait();
}

void Dispatcher::run() {
  Parts& parts = *parts_;
  auto next_tick = steady_clock::now();
  auto next_sync = next_tick + std::chrono::minutes(1);
  std::vector<Message> messages;
  for (;;) {
    auto until = next_tick;
    if (auto const due = parts.journal.publish_due(); due)
      until = std::min(until, steady_clock::time_point(std::chrono::milliseconds(*due)));
    {
      std::unique_lock lock(parts.mutex);
      parts.wake.wait_until(lock, until, [&parts] { return parts.stopping || !parts.mailbox.empty(); });
      messages.swap(parts.mailbox);
      if (parts.stopping && messages.empty()) return;
    }
    for (Message& message : messages) {
      ++parts.handled;
      // What one message says may be a fault of ours that a stranger found: it must not end the grid of all others.
      try {
        message(parts.core, steady_unix_ms());
      } catch (std::exception const& error) {
        spdlog::critical("the dispatcher left a message half done: {}", error.what());
      }
      message = nullptr;  // who waits for it goes on now, not after the batch
    }
    messages.clear();
    auto const now = steady_clock::now();
    bool const ticked = now >= next_tick;
    if (ticked) {
      tick(parts.core, steady_unix_ms());
      next_tick = now + std::chrono::seconds(1);
      if (now >= next_sync) {
        next_sync = now + std::chrono::minutes(1);
        parts.journal.sync_points(parts.core);
      }
    }
    if (auto const due = parts.journal.publish_due(); ticked || (due && *due <= steady_ms(now)))
      parts.journal.publish(parts.core, steady_ms(now));
  }
}

}  // namespace distren

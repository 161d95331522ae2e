// The Dispatcher as a thread: a mailbox in front of DispatchCore, the journal behind it. load() may fail, then start().
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "server/dispatch/core.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/event_batcher.h"
#include "server/dispatch/journal_writer.h"

namespace distren {

class DispatcherThread : public Dispatcher, private DispatchEffects {
public:
  DispatcherThread(DispatchSettings settings, OrderLinks links, std::unique_ptr<Policy> policy,
                   DatabaseAddress address);
  ~DispatcherThread() override;

  // Reads unfinished work from the database; before start().
  Result<void> load(Database& database);
  void tell(EventBroker& hub) { news_.emplace(hub); }  // what becomes of frames and slaves; before start()
  // What becomes of a stored image, after the commit and before anybody hears of it; on the journal's thread. Before
  // start().
  void settle_images(std::function<void(std::int64_t attempt, bool accepted)> settle) {
    settle_image_ = std::move(settle);
  }
  void start();
  void stop();  // no more orders; the journal is written out

  void add_job(store::RunnableJob job, std::vector<store::RunnableTask> tasks,
               std::vector<store::FailedOn> failures) override;
  void change_job(store::JobControl control) override;
  void remove_job(std::int64_t job, std::int64_t revision, std::string reason) override;
  bool reopen(store::JobControl control, std::int64_t task) override;
  void change_blocks(std::int64_t slave, Blocks blocks) override;
  void tell_slave(std::int64_t slave, std::string line) override;
  void disable_slave(std::int64_t slave, std::string reason) override;

  std::vector<JobStatus> job_statuses(std::vector<std::int64_t> jobs) override;
  std::vector<SlaveStatus> slave_statuses(std::vector<std::int64_t> slaves) override;
  std::vector<std::pair<std::int64_t, TaskStatus>> tasks_live(std::int64_t job) override;
  GridStatus grid_live() override;
  std::vector<UserStatus> users_live() override;
  JournalStatus journal_live() override { return journal_.live(); }
  std::vector<std::int64_t> slaves_online() override;
  Explanation why_job(std::int64_t job) override;
  Explanation why_slave(std::int64_t slave) override;
  std::optional<Forecast> forecast(std::int64_t job, std::int64_t more_escrow) override;
  void want_log(std::int64_t task, LogAnswer answer) override;
  void told_log(std::int64_t slave, std::int64_t attempt, std::string text) override;
  void set_total(std::int64_t user, std::int64_t millipoints) override;
  void set_escrow(std::int64_t job, std::int64_t millipoints) override;

  Result<void> admit(std::int64_t slave, std::string instance, std::shared_ptr<SlaveSink> sink) override;
  void hello(SlaveCapabilities slave) override;
  void gone(std::int64_t slave, std::shared_ptr<SlaveSink> sink) override;
  void progress(std::int64_t slave, std::int64_t attempt, double fraction) override;
  void heard(std::int64_t slave) override;

  Result<std::vector<std::pair<std::int64_t, std::string>>> http_hello(SlaveCapabilities slave) override;
  std::optional<std::string> http_order(std::int64_t slave) override;
  std::optional<std::string> http_progress(std::int64_t slave, std::int64_t attempt, double fraction) override;
  std::optional<ExpectedResult> expected_result(std::int64_t attempt, std::int64_t task) override;
  CommitDecision begin_commit(AttemptReport report) override;
  void abort_commit(std::int64_t attempt) override;
  void report(AttemptReport report, std::function<void(std::string answer)> done) override;

private:
  void journal_lease(store::LeaseEntry const& lease) override;
  void journal_ending(store::OutcomeEntry ending, std::function<void(std::string answer)> answer) override;
  std::int64_t next_attempt() override;
  void settle_grants(std::vector<store::Settlement> grants) override;
  void record_power(std::int64_t slave, store::Method const& method, std::int64_t power) override;
  void frame_changed(FrameUpdate const& news) override;
  void slave_changed(std::int64_t slave, std::int64_t user) override;
  void set_escrows(std::vector<store::JobEscrow> const& escrows);
  void sync_points();  // each minute: corrected powers out, totals and boosts in

  using Message = std::function<void()>;  // runs on the dispatcher's thread, may touch core_
  void post(Message message);
  template <typename Ask>
  auto ask(Ask question) -> decltype(question());
  void run();
  static void carry_out(Message const& message);

  std::unique_ptr<Policy> policy_;
  DispatchCore core_;
  std::set<std::int64_t> boosted_;  // jobs with an escrow, as far as the policy was told
  std::optional<EventBatcher> news_;
  std::function<void(std::int64_t attempt, bool accepted)> settle_image_;
  JournalWriter journal_;
  std::mutex mutex_;  // guards mailbox_ and stopping_
  std::condition_variable wake_;
  std::vector<Message> mailbox_;
  std::chrono::steady_clock::time_point next_sync_ = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace distren

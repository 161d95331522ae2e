#include "server/dispatch/dispatcher_thread.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "common/base/log.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/explain.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/result_events.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"
#include "server/dispatch/tick.h"

namespace distren {

namespace {

// UNIX time as it was at the start, plus what has passed since: a clock that is set does not end leases or pay for time
// that never was.
std::int64_t unix_ms() {
  using namespace std::chrono;
  static auto const started = steady_clock::now();
  static auto const started_at = system_clock::now();
  return duration_cast<milliseconds>((started_at + (steady_clock::now() - started)).time_since_epoch()).count();
}

constexpr int held_hours = 24;
constexpr int settled_at_once = 10000;

}  // namespace

DispatcherThread::DispatcherThread(DispatchSettings settings, OrderLinks links, std::unique_ptr<Policy> policy,
                                   DatabaseAddress address)
    : policy_(std::move(policy)),
      core_(std::move(settings), std::move(links), *policy_, *this),
      journal_(std::move(address), [this](SettledBatch batch) {
        // Before anybody hears of it: what is accepted lies in its place then.
        for (auto const& one : batch.endings) {
          store::OutcomeEntry const& ending = one.ending.entry;
          if (settle_image_ && ending.may_win && !ending.output.empty())
            settle_image_(ending.attempt, one.verdict == store::JournalReply::Verdict::accepted);
        }
        auto shared = std::make_shared<SettledBatch>(std::move(batch));  // std::function must be copyable
        post([this, shared] {
          std::int64_t const now = unix_ms();
          for (auto const& paused : shared->paused) {
            spdlog::info("dispatcher: job={} paused: {}", paused.control.job, quote(paused.reason));
            distren::change_job(core_, paused.control, now);
          }
          for (auto const& one : shared->endings) {
            distren::settle(core_, one.ending.entry, one.verdict, one.points, one.ending.answer, now);
            if (news_ && one.points && *one.points > 0) news_->points(distren::owner_of(core_, one.ending.entry.slave));
          }
          for (auto const& job : shared->changed) {
            if (news_) news_->job(job);
          }
          for (auto const& done : shared->finished) distren::job_finished(core_, done.job, done.revision, now);
        });
      }) {}

DispatcherThread::~DispatcherThread() {
  stop();
}

Result<void> DispatcherThread::load(Database& database) {
  auto jobs = store::load_jobs(database);
  if (!jobs) return jobs.error();
  auto tasks = store::load_tasks(database);
  if (!tasks) return tasks.error();
  auto failures = store::load_failures(database);
  if (!failures) return failures.error();
  auto leases = store::load_leases(database);
  if (!leases) return leases.error();

  auto powers = store::list_powers(database, 0);
  if (!powers) return powers.error();
  auto claims = store::load_claims(database);
  if (!claims) return claims.error();
  auto held = store::load_held_grants(database);
  if (!held) return held.error();
  auto totals = store::load_total_points(database);
  if (!totals) return totals.error();
  auto escrows = store::load_escrows(database);
  if (!escrows) return escrows.error();
  auto blocks = store::load_blocks(database);
  if (!blocks) return blocks.error();

  std::unordered_map<std::int64_t, std::vector<store::RunnableTask>> tasks_of;
  std::unordered_map<std::int64_t, std::int64_t> job_of;
  for (auto const& task : *tasks) tasks_of[task.job].push_back(task);
  if (!failures->empty()) {
    for (auto const& task : *tasks) job_of[task.id] = task.job;
  }
  std::unordered_map<std::int64_t, std::vector<store::FailedOn>> failures_of;
  for (auto const& failure : *failures) failures_of[job_of[failure.task]].push_back(failure);

  std::int64_t const now = unix_ms();
  for (auto& [slave, of] : blocks_by_slave(*blocks)) distren::change_blocks(core_, slave, std::move(of), now);
  for (auto& job : *jobs) {
    std::int64_t const id = job.id;
    distren::add_job(core_, std::move(job), tasks_of[id], failures_of[id], now);
  }
  for (auto const& power : *powers) core_.benchmarks.load(power, now);
  for (auto const& claim : *claims) core_.grants.load_claim(claim.job, {claim.frame, claim.user, claim.claim});
  for (auto const& one : *held)
    core_.grants.load_held(
        one.job, {.attempt = one.attempt, .task = one.task, .frame = one.frame, .user = one.user, .claim = one.claim});
  for (auto const& total : *totals) policy_->set_user(total.user, total.total);
  set_escrows(*escrows);
  for (auto const& lease : *leases) distren::restore_lease(core_, lease, now);
  spdlog::info("dispatcher: jobs={} frames={} leases={} read", jobs->size(), tasks->size(), leases->size());
  return {};
}

void DispatcherThread::start() {
  journal_.start();
  thread_ = std::thread([this] { run(); });
}

void DispatcherThread::stop() {
  journal_.stop();  // first, so that its last answers still find the mailbox
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void DispatcherThread::post(Message message) {
  bool first = false;
  {
    std::lock_guard const lock(mutex_);
    if (stopping_) return;
    first = mailbox_.empty();
    mailbox_.push_back(std::move(message));
  }
  if (first) wake_.notify_one();
}

// After stop() nobody answers: the caller gets an empty value.
template <typename Ask>
auto DispatcherThread::ask(Ask question) -> decltype(question()) {
  using Value = decltype(question());
  auto promise = std::make_shared<std::promise<Value>>();
  auto future = promise->get_future();
  post([promise, question = std::move(question)] { promise->set_value(question()); });
  promise.reset();  // when the mailbox drops the message the future is broken, not blocked for ever
  try {
    return future.get();
  } catch (std::future_error const&) {
    if constexpr (std::is_constructible_v<Value, Error>)
      return fail(Errc::unavailable, "the server is stopping");
    else
      return Value{};
  }
}

// What one message says may be a fault of ours that a stranger found: it must not end the grid of all others.
void DispatcherThread::carry_out(Message const& message) {
  try {
    message();
  } catch (std::exception const& error) {
    spdlog::critical("the dispatcher left a message half done: {}", error.what());
  }
}

void DispatcherThread::run() {
  auto next_tick = std::chrono::steady_clock::now();
  std::vector<Message> messages;
  for (;;) {
    auto until = next_tick;
    if (auto const due = news_ ? news_->due() : std::nullopt; due)
      until = std::min(until, std::chrono::steady_clock::time_point(std::chrono::milliseconds(*due)));
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, until, [this] { return stopping_ || !mailbox_.empty(); });
      messages.swap(mailbox_);
      if (stopping_ && messages.empty()) return;
    }
    for (auto& message : messages) carry_out(message);
    messages.clear();
    auto const now = std::chrono::steady_clock::now();
    bool const ticked = now >= next_tick;
    if (ticked) {
      distren::tick(core_, unix_ms());
      next_tick = now + std::chrono::seconds(1);
      if (now >= next_sync_) sync_points();
    }
    if (!news_) continue;
    auto const now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    if (auto const due = news_->due(); ticked || (due && *due <= now_ms)) news_->publish(core_, now_ms);
  }
}

void DispatcherThread::add_job(store::RunnableJob job, std::vector<store::RunnableTask> tasks,
                               std::vector<store::FailedOn> failures) {
  post([this, job = std::move(job), tasks = std::move(tasks), failures = std::move(failures)] {
    distren::add_job(core_, job, tasks, failures, unix_ms());
  });
}

void DispatcherThread::want_log(std::int64_t task, LogAnswer answer) {
  post([this, task, answer = std::move(answer)] { distren::request_log(core_, task, answer, unix_ms()); });
}

void DispatcherThread::told_log(std::int64_t slave, std::int64_t attempt, std::string text) {
  post([this, slave, attempt, text = std::move(text)] { distren::receive_log(core_, slave, attempt, text); });
}

void DispatcherThread::change_job(store::JobControl control) {
  post([this, control] { distren::change_job(core_, control, unix_ms()); });
}

void DispatcherThread::remove_job(std::int64_t job, std::int64_t revision, std::string reason) {
  post([this, job, revision, reason = std::move(reason)] {
    distren::remove_job(core_, job, revision, reason, unix_ms());
  });
}

bool DispatcherThread::reopen(store::JobControl control, std::int64_t task) {
  return ask([this, control, task] { return distren::reopen_task(core_, control, task, unix_ms()); });
}

void DispatcherThread::change_blocks(std::int64_t slave, Blocks blocks) {
  post([this, slave, blocks = std::move(blocks)] { distren::change_blocks(core_, slave, blocks, unix_ms()); });
}

void DispatcherThread::tell_slave(std::int64_t slave, std::string line) {
  post([this, slave, line = std::move(line)] { distren::send_to_slave(core_, slave, line); });
}

void DispatcherThread::disable_slave(std::int64_t slave, std::string reason) {
  post([this, slave, reason = std::move(reason)] { distren::disable_slave(core_, slave, reason, unix_ms()); });
}

std::vector<JobStatus> DispatcherThread::job_statuses(std::vector<std::int64_t> jobs) {
  return ask([this, jobs = std::move(jobs)] { return distren::job_statuses(core_, jobs, unix_ms()); });
}

std::vector<SlaveStatus> DispatcherThread::slave_statuses(std::vector<std::int64_t> slaves) {
  return ask([this, slaves = std::move(slaves)] { return distren::slave_statuses(core_, slaves); });
}

std::vector<std::pair<std::int64_t, TaskStatus>> DispatcherThread::tasks_live(std::int64_t job) {
  return ask([this, job] { return distren::task_statuses(core_, job); });
}

GridStatus DispatcherThread::grid_live() {
  return ask([this] { return distren::grid_status(core_); });
}

std::vector<std::int64_t> DispatcherThread::slaves_online() {
  return ask([this] { return distren::slaves_online(core_); });
}

std::vector<UserStatus> DispatcherThread::users_live() {
  return ask([this] { return distren::user_statuses(core_); });
}

Explanation DispatcherThread::why_job(std::int64_t job) {
  return ask([this, job] { return distren::explain_job(core_, job); });
}

Explanation DispatcherThread::why_slave(std::int64_t slave) {
  return ask([this, slave] { return distren::explain_slave(core_, slave); });
}

std::optional<Forecast> DispatcherThread::forecast(std::int64_t job, std::int64_t more_escrow) {
  return ask([this, job, more_escrow] { return policy_->forecast(job, more_escrow, unix_ms()); });
}

void DispatcherThread::set_total(std::int64_t user, std::int64_t millipoints) {
  post([this, user, millipoints] { policy_->set_user(user, millipoints); });
}

void DispatcherThread::set_escrow(std::int64_t job, std::int64_t millipoints) {
  post([this, job, millipoints] {
    boosted_.insert(job);
    policy_->set_boost(job, millipoints);
  });
}

// All that there are: a job that is not among them any more has paid its boost out.
void DispatcherThread::set_escrows(std::vector<store::JobEscrow> const& escrows) {
  std::set<std::int64_t> paid_out = std::exchange(boosted_, {});
  for (auto const& escrow : escrows) {
    policy_->set_boost(escrow.job, escrow.points);
    if (escrow.points <= 0) continue;
    boosted_.insert(escrow.job);
    paid_out.erase(escrow.job);
  }
  for (std::int64_t const job : paid_out) policy_->set_boost(job, 0);
}

Result<void> DispatcherThread::admit(std::int64_t slave, std::string instance, std::shared_ptr<SlaveSink> sink) {
  return ask([this, slave, instance = std::move(instance), sink = std::move(sink)] {
    return distren::admit_slave(core_, slave, instance, sink, unix_ms());
  });
}

void DispatcherThread::hello(SlaveCapabilities slave) {
  post([this, slave = std::move(slave)] { distren::slave_hello(core_, slave, unix_ms()); });
}

void DispatcherThread::gone(std::int64_t slave, std::shared_ptr<SlaveSink> sink) {
  post([this, slave, sink = std::move(sink)] { distren::slave_disconnected(core_, slave, sink.get()); });
}

void DispatcherThread::progress(std::int64_t slave, std::int64_t attempt, double fraction) {
  post([this, slave, attempt, fraction] { distren::report_progress(core_, slave, attempt, fraction, unix_ms()); });
}

void DispatcherThread::heard(std::int64_t slave) {
  post([this, slave] { distren::slave_seen(core_, slave, unix_ms()); });
}

Result<std::vector<std::pair<std::int64_t, std::string>>> DispatcherThread::http_hello(SlaveCapabilities slave) {
  return ask([this, slave = std::move(slave)] { return distren::hello_over_https(core_, slave, unix_ms()); });
}

std::optional<std::string> DispatcherThread::http_order(std::int64_t slave) {
  return ask([this, slave] { return distren::fetch_order(core_, slave, unix_ms()); });
}

std::optional<std::string> DispatcherThread::http_progress(std::int64_t slave, std::int64_t attempt, double fraction) {
  return ask([this, slave, attempt, fraction] {
    return distren::report_progress(core_, slave, attempt, fraction, unix_ms());
  });
}

std::optional<ExpectedResult> DispatcherThread::expected_result(std::int64_t attempt, std::int64_t task) {
  return ask([this, attempt, task] { return distren::expected_result(core_, attempt, task); });
}

void DispatcherThread::abort_commit(std::int64_t attempt) {
  post([this, attempt] { distren::abort_commit(core_, attempt, unix_ms()); });
}

CommitDecision DispatcherThread::begin_commit(AttemptReport report) {
  return ask([this, report = std::move(report)] { return distren::begin_commit(core_, report, unix_ms()); });
}

void DispatcherThread::report(AttemptReport report, std::function<void(std::string answer)> done) {
  post([this, report = std::move(report), done = std::move(done)]() mutable {
    distren::report_result(core_, std::move(report), std::move(done), unix_ms());
  });
}

void DispatcherThread::journal_lease(store::LeaseEntry const& lease) {
  journal_.add(lease);
}

void DispatcherThread::journal_ending(store::OutcomeEntry ending, std::function<void(std::string answer)> answer) {
  journal_.add(JournalOutcome{std::move(ending), std::move(answer)});
}

std::int64_t DispatcherThread::next_attempt() {
  return journal_.next_attempt();
}

void DispatcherThread::settle_grants(std::vector<store::Settlement> grants) {
  journal_.add(grants);
}

void DispatcherThread::record_power(std::int64_t slave, store::Method const& method, std::int64_t power) {
  journal_.add([slave, method, power](Database& database) {
    return store::record_power(database, slave, method.name, method.version, static_cast<int>(power));
  });
}

void DispatcherThread::frame_changed(FrameUpdate const& news) {
  if (news_) news_->frame(news);
}

void DispatcherThread::slave_changed(std::int64_t slave, std::int64_t user) {
  if (news_) news_->slave(slave, user);
}

void DispatcherThread::sync_points() {
  next_sync_ = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  journal_.add([this, powers = core_.benchmarks.take_corrected()](Database& database) -> Result<void> {
    if (!powers.empty()) {
      if (auto done = store::correct_powers(database, powers); !done) return done;
    }
    if (auto const settled = store::settle_overdue_grants(database, held_hours, settled_at_once); !settled)
      return settled.error();
    auto totals = store::load_total_points(database);
    if (!totals) return totals.error();
    auto escrows = store::load_escrows(database);
    if (!escrows) return escrows.error();
    post([this, totals = std::move(*totals), escrows = std::move(*escrows)] {
      for (auto const& total : totals) policy_->set_user(total.user, total.total);
      set_escrows(escrows);
    });
    return {};
  });
}

}  // namespace distren

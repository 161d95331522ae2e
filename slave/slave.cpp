#include "slave/slave.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <ctime>
#include <thread>
#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "slave/server_address.h"

namespace distren {

namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds idle_renderer_limit{60};  // a program that waits so long gives its memory back
constexpr std::chrono::seconds goodbye_limit{10};
constexpr std::chrono::seconds announce_interval{1};  // while renderers are tried: servers slow down who says more
constexpr std::size_t finishing_limit = 4;            // images to check; a faster renderer waits
constexpr char const* stop_reason = "the volunteer stopped this slave";

}  // namespace

Slave::Slave(SlaveConfig const& config, TaskRunner& runner, bool once)
    : config_(config),
      runner_(runner),
      once_(once),
      blocks_(runner.state()),
      line_(line_options(config, once), *this),
      refresher_([this](std::string const& message) { return line_.send(message); }),
      uploader_(
          runner.outbox(), runner.http_options(), refresher_,
          [this](protocol::ResultReport const& result) { return line_.send(protocol::write_line(result)); },
          [this](protocol::Verdict const& verdict) { settled(verdict); }) {
  configured_limits_.threads = runner.threads();
  configured_limits_.memory_mib = runner.memory_mib();
  configured_limits_.max_frame_ms = std::int64_t{60'000} * config.minutes_per_frame;
  configured_limits_.schedule = config.availability.schedule;
  limits_ = configured_limits_;
  runner.refresh_with(&refresher_);
  if (!config.remote_settings) return;
  // As at the last end, until the server sends others.
  auto const kept = read_file(runner.state() / "settings.json", max_remote_settings_bytes);
  if (kept) set_remote_settings(read_kept_settings(*kept), false);
}

bool Slave::stopping() {
  std::lock_guard const lock(mutex_);
  return stopping_;
}

void Slave::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  // Before anything is given back: a server that believes in a free slot would answer with the same frame at once.
  line_.send(protocol::write_line(announcement()));
  std::lock_guard const lock(mutex_);
  runner_.cancel();
  changed_.notify_all();
}

Result<void> Slave::run() {
  Result<void> line_ended;
  std::thread line([this, &line_ended] {
    line_ended = line_.run();
    std::lock_guard const lock(mutex_);
    stopping_ = true;  // only `once` ends by itself
    changed_.notify_all();
  });
  std::thread render([this] { render_orders(); });
  std::thread fetch([this] { fetch_ahead(); });
  std::thread finish([this] { complete_rendered(); });
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || (over_ && attempts_.empty() && waiting_.empty() && !working_); });
    stopping_ = true;
    runner_.cancel();
    changed_.notify_all();
  }
  runner_.allow_prefetch(false);
  render.join();
  fetch.join();
  finish.join();
  if (!uploader_.wait_until_empty(line_ended ? goodbye_limit : std::chrono::seconds(0)))
    spdlog::info("not all results are uploaded; they stay in the outbox for the next start");
  line_.stop();
  line.join();
  return line_ended;
}

protocol::Announce Slave::announcement() {
  std::lock_guard const lock(mutex_);
  bool const wants = !stopping_ && !over_ && !backing_off_until_ && allowed_;
  auto announce = runner_.announcement(wants ? 1 : 0);
  announce.max_orders = once_ ? 1 : config_.max_orders;
  if (limits_.max_frame_ms > 0) announce.max_frame_ms = limits_.max_frame_ms;
  if (config_.remote_settings) announce.effective_settings = effective_settings(limits_, remote_settings_);
  announce.blocks = blocks_.message();
  // First what is in hand, then results: an announce that is too long loses its end.
  std::map<std::int64_t, std::string> results;
  for (auto const& entry : runner_.outbox().entries()) results[entry.attempt] = entry.lease;
  for (auto const& [attempt, attempt_state] : attempts_)
    if (!results.contains(attempt)) announce.holding.push_back({attempt, attempt_state.lease});
  for (auto const& [attempt, lease] : results) announce.holding.push_back({attempt, lease});
  return announce;
}

protocol::Announce Slave::signed_on(protocol::Reading<protocol::Welcome> const& reading) {
  protocol::Welcome const& welcome = reading.message;
  std::string const base = files_url(config_.files_url, welcome.base_url, config_.server);
  auto origins = file_origins(config_.files_url, base, welcome.file_origins, config_.server);
  refresher_.set_server_time(welcome.now_ms);
  spdlog::info("signed on as={} server={} url={}", quote(welcome.slave.name),
               quote(welcome.server.name + " " + welcome.server.version), quote(base));
  telemetry_interval_.reset();
  if (welcome.telemetry_ms > 0) {
    telemetry_interval_ = milliseconds(welcome.telemetry_ms);
    telemetry_due_ = Clock::now();
  }
  {
    std::lock_guard const lock(mutex_);
    file_origins_ = std::move(origins);
    signed_on_ = true;
  }
  if (config_.remote_settings && welcome.settings) set_remote_settings({*welcome.settings, reading.problems}, true);
  return announcement();
}

void Slave::ready() {
  FileOrigins origins;
  {
    std::lock_guard const lock(mutex_);
    origins = file_origins_;
  }
  uploader_.connected(std::move(origins));
}

void Slave::lost(std::string const& reason) {
  uploader_.lost();
  {
    std::lock_guard const lock(mutex_);
    signed_on_ = false;
  }
  if (!stopping()) spdlog::warn("connection lost reason={}", quote(reason));
}

// With mutex_ held.
protocol::AttemptProgress Slave::progress_of(std::int64_t attempt, ActiveAttempt const& attempt_state) const {
  using enum protocol::Phase;
  protocol::AttemptProgress item{.attempt = attempt, .fraction = attempt_state.fraction};
  bool const waits = std::ranges::any_of(waiting_, [attempt](auto const& order) { return order.attempt == attempt; });
  if (waits)
    item.phase = queued;
  else if (working_ == attempt)
    item.phase = runner_.rendering() ? rendering : fetching;
  else
    item.phase = uploading;
  if (attempt_state.remaining) item.remaining_ms = attempt_state.remaining->count();
  return item;
}

void Slave::progressed(std::int64_t attempt, RenderProgress const& progress) {
  protocol::Progress message;
  {
    std::lock_guard const lock(mutex_);
    auto const found = attempts_.find(attempt);
    if (found == attempts_.end()) return;
    ActiveAttempt& attempt_state = found->second;
    if (progress.fraction) attempt_state.fraction = *progress.fraction;
    attempt_state.remaining = progress.remaining;
    attempt_state.news = true;
    if (Clock::now() - attempt_state.sent_at < progress_interval) return;
    attempt_state.sent_at = Clock::now();
    attempt_state.news = false;
    message.items.push_back(progress_of(attempt, attempt_state));
  }
  line_.send(message);
}

void Slave::send_telemetry() {
  if (!telemetry_interval_ || Clock::now() < telemetry_due_) return;
  telemetry_due_ = Clock::now() + *telemetry_interval_;
  auto message = monitor_.telemetry(std::time(nullptr), config_.state);
  {
    std::lock_guard const lock(mutex_);
    message.state = activity();
  }
  line_.send(message);
}

void Slave::tick() {
  send_telemetry();
  protocol::Progress message;
  bool rested = false;
  {
    std::lock_guard const lock(mutex_);
    auto const now = Clock::now();
    for (auto& [attempt, attempt_state] : attempts_) {
      auto const apart =
          attempt_state.news ? progress_interval : std::min(attempt_state.lease_life / 4, milliseconds(60000));
      if (now - attempt_state.sent_at < apart) continue;
      attempt_state.sent_at = now;
      attempt_state.news = false;
      message.items.push_back(progress_of(attempt, attempt_state));
    }
    rested = backing_off_until_ && now >= *backing_off_until_;
    if (rested) backing_off_until_.reset();
  }
  for (std::size_t from = 0; from < message.items.size(); from += protocol::limits::max_progress) {
    auto const count = std::min(protocol::limits::max_progress, message.items.size() - from);
    line_.send(protocol::Progress{{&message.items[from], &message.items[from] + count}});
  }
  if (rested) line_.send(protocol::write_line(announcement()));
}

void Slave::finish() {
  {
    std::lock_guard const lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  line_.send(protocol::write_line(announcement()));
}

void Slave::allow(bool may_work) {
  std::deque<protocol::FrameOrder> left;
  {
    std::lock_guard const lock(mutex_);
    allowed_ = may_work;
    runner_.suspend(!may_work);
    if (!may_work) left = std::exchange(waiting_, {});  // orders that have not started are returned
    changed_.notify_all();
  }
  line_.send(protocol::write_line(announcement()));
  for (auto const& order : left)
    return_attempt(order.attempt, order.lease, protocol::Outcome::returned, protocol::ResultCode::interrupted,
                   "this machine is needed now");
}

// A slave that cannot work (disk full, network failing) must not return frame after frame of a job.
void Slave::back_off(bool local_error) {
  {
    std::lock_guard const lock(mutex_);
    if (!local_error) {
      rest_.reset();
      return;
    }
    auto const time = rest_.wait(0.5);
    spdlog::warn("backing off ms={}", time.count());
    backing_off_until_ = Clock::now() + time;
  }
  line_.send(protocol::write_line(announcement()));
}

void Slave::render(protocol::FrameOrder const& order) {
  FileOrigins origins;
  {
    std::lock_guard const lock(mutex_);
    origins = file_origins_;
  }
  if (rendered_at_)
    spdlog::debug("rendering attempt={} gap_us={}", order.attempt,
                  std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - *rendered_at_).count());
  Finishing done{order, {}, {}, false};
  done.frame =
      runner_.render(order, origins, [&](RenderProgress const& progress) { progressed(order.attempt, progress); });
  rendered_at_ = Clock::now();
  std::unique_lock lock(mutex_);
  working_.reset();
  done.return_reason = std::exchange(return_reason_, {});
  done.too_long = std::exchange(too_long_, false) && !stopping_;
  if (stopping_)
    done.return_reason = stop_reason;
  else
    runner_.allow();
  finishing_.push_back(std::move(done));
  changed_.notify_all();
  changed_.wait(lock, [this] { return finishing_.size() <= finishing_limit; });
}

void Slave::complete_rendered() {
  std::unique_lock lock(mutex_);
  while (true) {
    auto const due = [this] { return !finishing_.empty() || !renders_; };
    if (!changed_.wait_for(lock, idle_renderer_limit, due)) {
      lock.unlock();
      runner_.close_decoder();
      lock.lock();
      changed_.wait(lock, due);
    }
    if (finishing_.empty()) return;
    Finishing& first = finishing_.front();  // others only add behind it
    lock.unlock();
    auto const outcome = runner_.complete(first.order, std::move(first.frame));
    settle_rendered(first.order, outcome, first.return_reason, first.too_long);
    lock.lock();
    finishing_.pop_front();
    changed_.notify_all();
  }
}

void Slave::settle_rendered(protocol::FrameOrder const& order, TaskRunner::TaskResult const& outcome,
                            std::string const& return_reason, bool too_long) {
  spdlog::info("frame attempt={} state={} {}", order.attempt,
               outcome.entry ? protocol::choice_name(protocol::outcomes, *outcome.entry->result.outcome) : "cancelled",
               quote(outcome.text));
  bool wanted = false;
  {
    std::lock_guard const lock(mutex_);
    if (!outcome.entry && return_reason.empty()) attempts_.erase(order.attempt);
    if (auto const found = attempts_.find(order.attempt); found != attempts_.end()) {
      wanted = true;
      found->second.fraction = 1;
      found->second.remaining.reset();
    }
    changed_.notify_all();
  }
  back_off(outcome.local_error);  // reported before the frame is returned, or it would be dispatched here again
  if (outcome.entry && !wanted)
    runner_.outbox().remove(order.attempt);  // cancelled during the image check
  else if (outcome.entry)
    uploader_.enqueue(order.attempt);
  else if (!return_reason.empty())
    return_attempt(order.attempt, order.lease, protocol::Outcome::returned,
                   too_long ? protocol::ResultCode::too_long : protocol::ResultCode::volunteer_stopped, return_reason);
}

// Only while another frame is rendered: else the render thread fetches as fast.
void Slave::fetch_ahead() {
  std::unique_lock lock(mutex_);
  auto const due = [this] { return working_ && !waiting_.empty() && waiting_.front().attempt != fetched_ahead_; };
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || due(); });
    if (stopping_) return;
    protocol::FrameOrder const order = waiting_.front();
    auto const origins = file_origins_;
    fetched_ahead_ = order.attempt;
    runner_.allow_prefetch(true);
    lock.unlock();
    runner_.prefetch(order, origins);
    lock.lock();
  }
}

void Slave::render_orders() {
  auto announce_due = Clock::now();
  bool trial_next = true;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto const has_work = [this] { return allowed_ && (!waiting_.empty() || runner_.has_untried(true)); };
    if (!has_work()) {
      if (!changed_.wait_for(lock, idle_renderer_limit, [&] { return stopping_ || has_work(); })) {
        lock.unlock();
        runner_.close_renderer();
        lock.lock();
      }
      continue;
    }
    // Frames and probes by turns, so that neither waits for all of the others.
    bool const idle = waiting_.empty();
    if (runner_.has_untried(idle) && (idle || std::exchange(trial_next, false))) {
      lock.unlock();
      runner_.try_next_renderer(idle);
      bool const last = !runner_.has_untried(idle);
      if (last || Clock::now() >= announce_due) {
        line_.send(protocol::write_line(announcement()));
        announce_due = Clock::now() + announce_interval;
      }
      lock.lock();
      continue;
    }
    trial_next = true;
    protocol::FrameOrder const order = std::move(waiting_.front());
    waiting_.pop_front();
    working_ = order.attempt;
    working_cancelled_ = false;
    working_job_ = order.job;
    working_owner_ = order.owner.name;
    working_frame_ = order.frame;
    changed_.notify_all();
    lock.unlock();
    render(order);
    lock.lock();
  }
  renders_ = false;
  changed_.notify_all();
  auto const left = std::exchange(waiting_, {});
  lock.unlock();
  for (auto const& order : left)
    return_attempt(order.attempt, order.lease, protocol::Outcome::returned, protocol::ResultCode::volunteer_stopped,
                   stop_reason);
  runner_.close_renderer();
}

}  // namespace distren

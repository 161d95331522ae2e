#include "slave/result_uploader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "common/base/log.h"
#include "common/http/http_error.h"
#include "common/http/tus_client.h"

namespace distren {

namespace {

using std::chrono::milliseconds;

// A server that does not answer a result may never have received it.
constexpr milliseconds say_again_after{60000};
constexpr milliseconds retry_at_least{100};

HttpClient::Options with_switch(HttpClient::Options options, std::atomic<bool> const& stopping) {
  options.cancelled = &stopping;
  return options;
}

}  // namespace

ResultUploader::ResultUploader(Outbox& outbox, HttpClient::Options http, OrderRefresher& refresher, Send send,
                               Settled settled)
    : outbox_(outbox),
      refresher_(refresher),
      send_(std::move(send)),
      settled_(std::move(settled)),
      client_(with_switch(std::move(http), stopping_)) {
  for (auto const& entry : outbox_.entries()) states_[entry.attempt] = {};
  thread_ = std::thread([this] { run(); });
}

ResultUploader::~ResultUploader() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void ResultUploader::connected(FileOrigins origins) {
  std::lock_guard const lock(mutex_);
  connected_ = true;
  origins_ = std::move(origins);
  for (auto& [attempt, state] : states_) state.due = {};
  changed_.notify_all();
}

void ResultUploader::lost() {
  std::lock_guard const lock(mutex_);
  connected_ = false;
  changed_.notify_all();
}

void ResultUploader::enqueue(std::int64_t attempt) {
  std::lock_guard const lock(mutex_);
  states_[attempt] = {};
  changed_.notify_all();
}

bool ResultUploader::empty() {
  std::lock_guard const lock(mutex_);
  return states_.empty();
}

bool ResultUploader::is_connected() {
  std::lock_guard const lock(mutex_);
  return connected_;
}

bool ResultUploader::wait_until_empty(milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return states_.empty() || !connected_; });
  return states_.empty();
}

void ResultUploader::settle(std::int64_t attempt) {
  outbox_.remove(attempt);
  std::lock_guard const lock(mutex_);
  states_.erase(attempt);
  changed_.notify_all();
}

void ResultUploader::postpone(std::int64_t attempt, milliseconds time) {
  std::lock_guard const lock(mutex_);
  if (auto const found = states_.find(attempt); found != states_.end()) found->second.due = Clock::now() + time;
  changed_.notify_all();
}

void ResultUploader::answered(protocol::Verdict const& verdict) {
  std::int64_t const attempt = verdict.attempt;
  {
    std::lock_guard const lock(mutex_);
    if (!states_.contains(attempt)) return;
  }
  if (verdict.verdict != protocol::VerdictKind::retry) {
    settle(attempt);
    settled_(verdict);
    return;
  }
  if (verdict.upload_again)
    for (auto entry : outbox_.entries())
      if (entry.attempt == attempt) {
        entry.upload_id.clear();
        for (auto& file : entry.more) file.upload_id.clear();
        if (auto const kept = outbox_.change(entry); !kept)
          spdlog::error("cannot keep a result attempt={} reason={}", attempt, quote(kept.error().message));
      }
  postpone(attempt, std::max(retry_at_least, milliseconds(verdict.retry_ms)));
}

void ResultUploader::cancelled(std::int64_t attempt) {
  {
    std::lock_guard const lock(mutex_);
    if (!states_.contains(attempt)) return;
  }
  settle(attempt);
}

// The attempt to work on, 0 when stopping.
std::int64_t ResultUploader::next_due(std::unique_lock<std::mutex>& lock) {
  while (!stopping_) {
    auto const now = Clock::now();
    auto soonest = now + std::chrono::hours(1);
    if (connected_)
      for (auto const& [attempt, state] : states_) {
        if (state.due <= now) return attempt;
        soonest = std::min(soonest, state.due);
      }
    changed_.wait_until(lock, soonest);
  }
  return 0;
}

void ResultUploader::run() {
  while (true) {
    std::unique_lock lock(mutex_);
    auto const attempt = next_due(lock);
    if (attempt == 0) return;
    // Set before sending: the answer may arrive before send_ returns.
    states_[attempt].due = Clock::now() + say_again_after;
    lock.unlock();
    deliver(attempt);
  }
}

Result<std::string> ResultUploader::send(OutboxEntry const& entry, File const& file, FileOrigins const& origins) {
  auto const url = resolve(origins, entry.upload);
  if (!url) return url.error();
  TusUpload what;
  what.creation_url = *url;
  what.path = file.path;
  what.size = file.size;
  what.sha256 = file.sha256;
  what.filename = file.name;
  what.tries = 4;
  return upload_by_tus(client_, what);
}

// True: all files are uploaded, or there is none, or the frame is given back instead.
bool ResultUploader::upload(OutboxEntry& entry, FileOrigins const& origins) {
  if (entry.name.empty()) return true;
  if (!send_again(entry, {outbox_.image_path(entry), entry.name, entry.size, entry.sha256}, entry.upload_id, origins))
    return entry.name.empty();
  for (std::size_t i = 0; i < entry.more.size(); ++i) {
    auto& file = entry.more[i];
    if (!send_again(entry, {outbox_.further_path(entry, i), file.name, file.size, file.sha256}, file.upload_id,
                    origins))
      return entry.name.empty();
  }
  return true;
}

// Sends a file that has no upload yet, and keeps its id.
bool ResultUploader::send_again(OutboxEntry& entry, File const& file, std::string& upload_id,
                                FileOrigins const& origins) {
  if (!upload_id.empty()) return true;
  auto id = send(entry, file, origins);
  if (!id && id.error().problem == link_expired && !stopping_) {
    auto const order = refresher_.ask(entry.attempt, entry.lease, client_);
    if (order) entry.upload = order->upload_url;
    id = order ? send(entry, file, origins) : Result<std::string>(order.error());
  }
  if (stopping_) return false;
  if (!id) return failed_to_send(entry, id.error());
  upload_id = *id;
  if (auto const kept = outbox_.change(entry); !kept && kept.error().code != Errc::not_found)
    spdlog::error("cannot keep an upload's id attempt={} reason={}", entry.attempt, quote(kept.error().message));
  return true;
}

// Later, or never: then the entry is one without files. Always false.
bool ResultUploader::failed_to_send(OutboxEntry& entry, Error const& error) {
  spdlog::warn("upload failed attempt={} reason={}", entry.attempt, quote(error.message));
  if (error.code == Errc::unavailable) {
    std::unique_lock lock(mutex_);
    auto const found = states_.find(entry.attempt);
    if (found == states_.end()) return false;
    auto const wait = milliseconds(1000) * (1 << std::min(found->second.troubles++, 8));
    found->second.due = Clock::now() + wait;
    return false;
  }
  {
    std::lock_guard const lock(mutex_);
    if (!states_.contains(entry.attempt)) return false;  // cancelled meanwhile
  }
  // Refused for good (the signature aged, the attempt is over): the frame is given back without classify.
  auto given_back = entry_without_image(entry.attempt, entry.lease, protocol::Outcome::returned,
                                        protocol::ResultCode::other, "the server rejected the image: " + error.message);
  if (auto const kept = outbox_.commit(given_back); !kept)
    spdlog::error("cannot keep a result attempt={} reason={}", entry.attempt, quote(kept.error().message));
  entry = std::move(given_back);
  return false;
}

void ResultUploader::deliver(std::int64_t attempt) {
  FileOrigins origins;
  {
    std::lock_guard const lock(mutex_);
    origins = origins_;
  }
  for (auto& entry : outbox_.entries()) {
    if (entry.attempt != attempt) continue;
    if (!upload(entry, origins)) return;
    {
      std::lock_guard const lock(mutex_);
      auto const found = states_.find(attempt);
      if (found == states_.end()) return;  // cancelled meanwhile
      found->second.troubles = 0;
      found->second.due = Clock::now() + say_again_after;
    }
    send_(result_message(entry));  // after a broken connection connected() reports it again
    return;
  }
  settle(attempt);  // it is not in the outbox any more
}

}  // namespace distren

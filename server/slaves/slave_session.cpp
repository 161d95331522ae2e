#include "server/slaves/slave_session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>

#include "common/base/log.h"
#include "common/protocol/order.h"
#include "common/protocol/telemetry.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/log_requests.h"
#include "server/dispatch/refresh.h"
#include "server/dispatch/slave_events.h"
#include "server/storage/job_folder.h"

namespace distren {

namespace {

using protocol::ErrorCode;

constexpr int errors_allowed = 10;
constexpr std::int64_t retry_soon_ms = 1000;
constexpr std::int64_t after_errors_ms = 60'000;

std::int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void SlaveSession::send(std::string text, std::string const& id) {
  if (auto const sink = sink_.lock()) sink->send(protocol::with_reply_to(std::move(text), id));
}

// What is of a later version is harmless; what is wrong is not for ever.
void SlaveSession::send_error(ErrorCode code, std::string message, std::string const& id) {
  send(protocol::write(protocol::ErrorMessage{code, std::move(message)}), id);
  if (code == ErrorCode::unsupported_type || code == ErrorCode::slow_down) return;
  {
    std::lock_guard const lock(mutex_);
    if (++errors_ != errors_allowed) return;
  }
  if (auto const sink = sink_.lock())
    sink->close({.code = "too_many_errors",
                 .message = fmt::format("{} messages could not be used", errors_allowed),
                 .retry_ms = after_errors_ms});
}

void SlaveSession::end(std::string_view why) {
  spdlog::info("slave={} address={} left: {}", slave_.id, address_, why);
  if (auto const sink = sink_.lock())
    services_.dispatcher.tell(
        [id = slave_.id, sink](DispatchCore& core, std::int64_t) { slave_disconnected(core, id, sink.get()); });
}

std::int64_t SlaveSession::take_turn(std::size_t messages) {
  std::int64_t wait = 0;
  {
    std::lock_guard const lock(mutex_);
    wait = turns_.take(steady_ms(), static_cast<double>(messages));
    if (wait == 0 || std::exchange(slowed_, true)) return wait;
  }
  send_error(ErrorCode::slow_down,
             fmt::format("more messages than {} a second; they are read as slowly", slave_rates.messages_per_second),
             "");
  return wait;
}

void SlaveSession::receive(protocol::Incoming const& incoming) {
  std::string const& type = incoming.type;
  std::string const& id = incoming.id;
  nlohmann::json const& message = incoming.message;
  auto const parsed = [&](auto const& read) {
    if (!read) send_error(ErrorCode::invalid_message, read.error().message, id);
    return read.has_value();
  };
  if (type.empty()) {
    send_error(
        ErrorCode::invalid_message,
        fmt::format("a message is one JSON object with a \"type\", of at most {} bytes", protocol::max_line_bytes), id);
  } else if (type == protocol::Progress::type) {
    if (auto const read = protocol::parse<protocol::Progress>(message); parsed(read)) progress(*read);
  } else if (type == protocol::ResultReport::type) {
    if (auto read = protocol::parse<protocol::ResultReport>(message); parsed(read)) result(std::move(*read), id);
  } else if (type == protocol::Refresh::type) {
    if (auto read = protocol::parse<protocol::Refresh>(message); parsed(read)) refresh(std::move(*read), id);
  } else if (type == protocol::LogText::type) {
    if (auto const log = protocol::parse<protocol::LogText>(message); parsed(log))
      services_.dispatcher.tell([slave = slave_.id, attempt = log->attempt, text = cleaned_log(log->text)](
                                    DispatchCore& core, std::int64_t) { receive_log(core, slave, attempt, text); });
  } else if (type == protocol::Ping::type) {
    send(protocol::write(protocol::Pong{}), id);
  } else if (type == protocol::Pong::type) {
    services_.dispatcher.tell(
        [slave = slave_.id](DispatchCore& core, std::int64_t now) { slave_seen(core, slave, now); });
  } else if (type == protocol::Telemetry::type) {
    services_.telemetry.take(slave_.id, protocol::read<protocol::Telemetry>(message).message, services_.now_ms());
  } else if (type == protocol::Announce::type) {
    announce(protocol::read<protocol::Announce>(message).message, id);
  } else if (type == protocol::ErrorMessage::type) {
    spdlog::warn("slave={} could not use a message: {}", slave_.id,
                 quote(protocol::read<protocol::ErrorMessage>(message).message.message));
  } else {
    send_error(ErrorCode::unsupported_type, fmt::format("there is no message type {}", quote(type)), id);
  }
}

void SlaveSession::progress(protocol::Progress const& message) {
  services_.dispatcher.tell([slave = slave_.id, items = message.items](DispatchCore& core, std::int64_t now) {
    for (auto const& item : items) report_progress(core, slave, item, now);
  });
}

void SlaveSession::refresh(protocol::Refresh message, std::string const& id) {
  services_.dispatcher.tell(
      [self = shared_from_this(), message = std::move(message), id](DispatchCore& core, std::int64_t now) {
        self->send(refreshed_order(core, self->slave_.id, message, now), id);
      });
}

void SlaveSession::result(protocol::ResultReport message, std::string const& id) {
  std::int64_t const attempt = message.attempt;
  bool too_many = false;
  {
    std::lock_guard const lock(mutex_);
    too_many = unanswered_ >= slave_rates.unanswered_results;
    if (!too_many) ++unanswered_;
  }
  if (too_many)
    return send(protocol::write(protocol::Verdict{.attempt = attempt,
                                                  .code = protocol::VerdictCode::busy,
                                                  .message = "too many results of this slave are unanswered",
                                                  .retry_ms = retry_soon_ms}),
                id);
  auto const answer = [weak = weak_from_this(), id](std::string text) {
    auto const session = weak.lock();
    if (!session) return;
    {
      std::lock_guard const lock(session->mutex_);
      --session->unanswered_;
    }
    session->send(std::move(text), id);
  };
  auto const taken = services_.results.receive(slave_.id, std::move(message), services_.workers, answer);
  // Settled as far as the slave is concerned: this result will never be wanted.
  if (!taken)
    answer(protocol::write(protocol::rejected(attempt, protocol::VerdictCode::lease_invalid, taken.error().message)));
}

void SlaveSession::announce(protocol::Announce const& message, std::string const& id) {
  if (services_.announces.take(std::to_string(slave_.id), steady_ms()) > 0)
    return send_error(ErrorCode::slow_down, "more announces than one a second; say what changes, once", id);
  auto capabilities = capabilities_of(slave_, message);
  capabilities.software_name = software_.name;
  capabilities.software_version = software_.version;
  services_.dispatcher.tell(
      [capabilities = std::move(capabilities), sender = sink_.lock()](DispatchCore& core, std::int64_t now) {
        if (is_connected(core, capabilities.id, sender.get())) slave_announced(core, capabilities, now);
      });
  {
    std::lock_guard const lock(mutex_);
    unrecorded_ = recorded_announce(message, address_);
    if (recording_) return;
    recording_ = true;
  }
  record_announce();
}

// For the pages only; while the database is unavailable, the next announce writes it.
void SlaveSession::record_announce() {
  auto const work = [self = shared_from_this()](Worker& worker) {
    while (true) {
      std::optional<store::SlaveHello> row;
      {
        std::lock_guard const lock(self->mutex_);
        row = std::exchange(self->unrecorded_, {});
        if (!row) {
          self->recording_ = false;
          return;
        }
      }
      if (auto done = store::record_hello(worker.database, self->slave_.id, *row); !done)
        spdlog::warn("slave={} its announce is not recorded: {}", self->slave_.id, done.error().message);
    }
  };
  if (services_.workers.submit(work)) return;
  spdlog::warn("slave={} its announce is not recorded: the server is busy", slave_.id);
  std::lock_guard const lock(mutex_);
  recording_ = false;
}

}  // namespace distren
